"""The contract of a typology: one class in one file, found by its module or by its entry point."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from payloom.behaviour.choice import Choice
from payloom.behaviour.rows import Rows
from payloom.behaviour.transfers import Orders
from payloom.codes import CHARGEBACK_REASON, ROLE
from payloom.config.typologies import TypologySettings
from payloom.fraud.drift import AMOUNTS_SCALE, Drift, MonthlyTable
from payloom.fraud.events import Events
from payloom.fraud.kit import Kit
from payloom.fraud.victims import Band
from payloom.streams.hashing import U32, U64, high, low, threshold32, unit
from payloom.streams.tables import F64

I64 = NDArray[np.int64]

REMOTE_WEEK = (1.38, 1.12, 1.04, 1.00, 0.96, 0.82, 0.68)
"""Remote fraud from Monday to Sunday against all payments (Feedzai 2013: Monday 92 % above Sunday)."""

PRESENT_WEEK = (1.02, 1.02, 1.02, 1.02, 0.98, 0.98, 0.96)
"""Fraud in person from Monday to Sunday against all payments, of which Saturday has most anyway (Feedzai 2013: Saturday
42 % up)."""

LEVEL_WEEK = (1.0,) * 7
"""As many as all payments, every day."""

PURCHASE_ROLE = np.int8(ROLE.index("purchase"))
_FRAUD_CNP, _FRAUD_CP = (np.int8(CHARGEBACK_REASON.index(reason)) for reason in ("fraud_cnp", "fraud_cp"))


class Typology(ABC):
    """A kind of campaign.

    A campaign of the typology starts on a day, lasts up to `max_days`, and has its share of each day's exact number of
    events. The base class plans, counts and labels; a subclass says who is hit, when, and what is changed.

    An event is first made as the victim's own payment at that time. `choose` changes what is bought, `finish` how it is
    paid and answered.

    Parameters
    ----------
    kit
        Tools, and what typologies share.
    settings
        The world's settings for it.

    Attributes
    ----------
    name
        Name in the config and in `fraud_labels`.
    max_days
        Longest duration, days.
    genuine
        Whether its payments are genuine: they count among the planted ones, and only disputes are labelled.
    disputed
        Whether genuine payments are disputed later.
    defaults
        Settings of a typology that the config does not know, because another package brings it.
    focus_share
        Campaigns whose victims all live in one region: stolen data is sold by country.
    week
        Relative number of events from Monday to Sunday, against all payments.
    blocks_cards
        Whether a report has the victim's card blocked and replaced.
    stops
        Whether what comes after a report is declined.
    """

    name: ClassVar[str]
    max_days: ClassVar[int]
    genuine: ClassVar[bool] = False
    disputed: ClassVar[bool] = False
    focus_share: ClassVar[float] = 0.0
    week: ClassVar[tuple[float, ...]] = REMOTE_WEEK
    defaults: ClassVar[TypologySettings] = TypologySettings()
    blocks_cards: ClassVar[bool] = True
    stops: ClassVar[bool] = True

    def __init__(self, kit: Kit, settings: TypologySettings) -> None:
        self.kit, self.settings = kit, settings
        sigma = 0.0 if self.genuine else kit.model.config.fraud.drift_sigma * settings.drift
        self.drift = Drift(kit.model.plan, sigma)
        # The mean of a lognormal factor is exp(sigma**2 / 2).
        excess = kit.model.plan.functions.exp(np.array([0.5 * (sigma * AMOUNTS_SCALE) ** 2]))[0]
        shares = np.array([group.share for group in kit.model.plan.groups])
        self._regions = MonthlyTable.of(self.drift, f"{self.name}.regions", shares)
        self._amount_drift = self.drift.factors(f"{self.name}.amount", 1, AMOUNTS_SCALE)[:, 0] / excess

    def amount_factor(self, events: Events) -> F64:
        """Factor of each event's amounts: the setting, and how it drifts with the months."""
        return self._amount_drift[self.drift.month(events.start_day)] * self.settings.amount_factor

    def tactic(self, events: Events, name: str, share: float) -> F64:
        """How often each event's campaign follows a tactic: it begins near the given share, and drifts."""
        return self.drift.share(f"{self.name}.{name}", share)[self.drift.month(events.start_day)]

    def happens(self, draws: U32, events: Events, name: str, share: float) -> NDArray[np.bool_]:
        """Whether each event follows a tactic."""
        return unit(draws) < self.tactic(events, name, share)

    def band(self, campaign_bits: U64) -> I64:
        """Which customers each campaign hits, as `Band` numbers."""
        draws = low(self.kit.draws(campaign_bits, f"{self.name}.band"))
        dormant = draws < threshold32(self.settings.dormant_share)
        newest = draws >= threshold32(1.0 - self.settings.newest_share)
        newest &= self.settings.newest_share > 0
        band = np.full(len(campaign_bits), int(Band.ANYBODY))
        band[newest] = int(Band.NEWEST)
        band[dormant] = int(Band.DORMANT)
        return band

    @abstractmethod
    def activity(self, campaign_bits: U64, age: I64) -> F64:
        """Relative number of events of campaigns at an age in days, 0 when they are over; positive at age 0."""

    @abstractmethod
    def times(self, events: Events, offset_us: I64) -> I64:
        """Microsecond of each event, within its UTC day; `offset_us` is the victims' local time minus UTC."""

    @abstractmethod
    def victim(self, events: Events) -> I64:
        """Number of the victim within the campaign, 0 or more."""

    def customer(self, events: Events, victim: I64) -> I64:
        """Who the victims are: in a part of the campaigns all are of one region, which comes into fashion and goes."""
        kit = self.kit
        band = self.band(events.campaign_bits)
        customer = kit.customers(events, band, victim)
        if not self.focus_share:
            return customer
        draws = kit.draws(events.campaign_bits, f"{self.name}.focus")
        focused = np.flatnonzero((unit(high(draws)) < self.focus_share) & (band == int(Band.ANYBODY)))
        bits, start_day = events.campaign_bits[focused], events.start_day[focused]
        slot = (high(kit.draws(bits, "focus.slots")).astype(np.int64) << 8) + victim[focused]
        customer[focused] = kit.victims.in_group(start_day, self._regions(low(draws[focused]), start_day), slot)
        return customer

    def silent_days(self, events: Events) -> I64:
        """Days from a case's first event in which nobody can have noticed, by campaign."""
        return np.zeros(len(events), dtype=np.int64)

    def choose(self, choice: Choice, events: Events) -> None:
        """Change, in place, what the victim would have bought."""
        del choice, events

    def finish(self, rows: Rows, events: Events) -> None:
        """Change, in place, how it was paid and answered."""
        del rows, events

    def roles(self, events: Events) -> NDArray[np.int8]:
        """Role of each event, a code of `payloom.codes.ROLE`."""
        return np.full(len(events), PURCHASE_ROLE)

    def chargeback_reasons(self, rows: Rows, events: Events) -> NDArray[np.int8]:
        """Reason that a chargeback of each event would have, a code of `payloom.codes.CHARGEBACK_REASON`."""
        del events
        return np.where(rows.entry_mode <= 3, _FRAUD_CP, _FRAUD_CNP)


class TransferTypology(Typology):
    """A kind of campaign whose events are transfers between accounts instead of card payments."""

    blocks_cards = False
    week = LEVEL_WEEK

    @abstractmethod
    def order(self, orders: Orders, events: Events) -> None:
        """Say, in place, which account pays which, and how much.

        `orders` come with the victim as customer, whose current account pays; payee and dollars are to be filled in,
        and where somebody else's account pays, `customer`, `group` and `account` too.
        """
