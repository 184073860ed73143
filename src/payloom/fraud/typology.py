"""The contract of a typology: one class in one file, found by its entry point."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from payloom.behaviour.choice import Choice
from payloom.behaviour.rows import Rows
from payloom.codes import ROLE
from payloom.fraud.events import Events
from payloom.fraud.kit import Kit
from payloom.fraud.victims import Band
from payloom.streams.hashing import U64
from payloom.streams.tables import F64

I64 = NDArray[np.int64]

PURCHASE_ROLE = np.int8(ROLE.index("purchase"))


class Typology(ABC):
    """A kind of fraud.

    A campaign of the typology starts on a day, lasts up to `max_days`, and has its share of each day's exact number of
    events. The base class plans, counts and labels; a subclass says who is hit, when, and what the fraudster changes.

    Attributes
    ----------
    name
        Name in `fraud.mix` and `fraud_labels`.
    mean_size
        Mean number of events of a campaign.
    size_sigma
        Standard deviation of ln(weight) between campaigns.
    max_days
        Longest duration, days.
    report_delay_median_days, report_delay_sigma
        Time until the issuer hears of an event: median, and standard deviation of its logarithm.
    unreported_share
        Share of approved events that nobody ever reports.
    chargeback_share
        Share of reported, approved events that are charged back.
    """

    name: ClassVar[str]
    mean_size: ClassVar[float]
    size_sigma: ClassVar[float] = 0.8
    max_days: ClassVar[int]
    report_delay_median_days: ClassVar[float] = 7.0
    report_delay_sigma: ClassVar[float] = 1.26
    unreported_share: ClassVar[float] = 0.08
    chargeback_share: ClassVar[float] = 0.8

    def __init__(self, kit: Kit) -> None:
        self.kit = kit

    def band(self, campaign_bits: U64) -> I64:
        """Which customers each campaign hits, as `Band` numbers."""
        return np.full(len(campaign_bits), int(Band.ANYBODY))

    @abstractmethod
    def activity(self, campaign_bits: U64, age: I64) -> F64:
        """Relative number of events of campaigns at an age in days, 0 when they are over; positive at age 0."""

    @abstractmethod
    def times(self, events: Events, offset_us: I64) -> I64:
        """Microsecond of each event, within its UTC day; `offset_us` is the victims' local time minus UTC."""

    @abstractmethod
    def victim(self, events: Events) -> I64:
        """Number of the victim within the campaign, 0 or more."""

    def choose(self, choice: Choice, events: Events) -> None:
        """Change, in place, what the victim would have bought."""
        del choice, events

    def finish(self, rows: Rows, events: Events) -> None:
        """Change, in place, how it was paid and answered."""
        del rows, events

    def roles(self, events: Events) -> NDArray[np.int8]:
        """Role of each event, a code of `payloom.codes.ROLE`."""
        return np.full(len(events), PURCHASE_ROLE)
