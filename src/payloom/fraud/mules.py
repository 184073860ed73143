"""Money mules: whose accounts a campaign pays through, in what order, and how much of the money flows on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from payloom.behaviour.rows import Rows
from payloom.behaviour.shapes import Legs, Shape
from payloom.behaviour.transfers import Orders, online_business
from payloom.codes import ROLE
from payloom.config.typologies import TypologySettings
from payloom.fraud.campaigns import events_between
from payloom.fraud.events import Events
from payloom.fraud.kit import Kit
from payloom.fraud.typology import TransferTypology
from payloom.plan.periods import DAY_US
from payloom.streams.hashing import U64, high, low, threshold32, unit
from payloom.streams.tables import F64, CategoricalTable
from payloom.world.devices import PHONE

I64 = NDArray[np.int64]

COLLECT, FORWARD, DISPERSE, CASH_OUT = (
    np.int8(ROLE.index(role)) for role in ("collect", "forward", "disperse", "cash_out")
)

CUT_MIN, CUT_MAX = 0.03, 0.10
"""What a mule keeps of the money that passes through (estimate)."""

UNEVENNESS = 0.7
"""Parts of a sum are between 1 - this and 1 + this times the mean part (estimate)."""

STEPS, STEP_SHARES = np.array([0.0, 1.0, 5.0, 10.0, 50.0]), (0.40, 0.20, 0.15, 0.15, 0.10)
"""Amounts are whole multiples of so many dollars, in such shares (estimate): people type in round amounts."""

FINEST_PART = 10.0
"""An amount is rounded to a tenth of itself at most, so that what flows in flows out."""

SPAN_SIGMA, SPAN_MAX_HOURS = 0.7, 16.0
"""Spread of the time from a day's first leg of a campaign to its last, and the longest (estimates)."""

GANG_CAMPAIGN_SHARE, GANG_MULE_SHARE = 0.45, 0.6
"""Campaigns whose organiser pays from mules' accounts himself, and the mules there of whom that is true (estimate)."""

GANG = 1000
"""Number of the organiser among a campaign's people; mules have smaller ones."""

WHOLE_EVENTS = 200_000
"""A typology with at most so many events has them put in order once, with more around those that are asked for."""

SHORTEST_SPAN_US = 4_000_000_000


def mules(kit: Kit, events: Events, group: I64, number: I64 | int) -> I64:
    """Mules of campaigns by their numbers: ordinary customers of a group; different numbers are different people."""
    slot = (high(kit.draws(events.campaign_bits, "mules.slots")).astype(np.int64) << 10) + number
    return kit.victims.in_group(events.start_day, group, slot)


def pay(kit: Kit, orders: Orders, payee: I64, dollars: F64) -> None:
    """Send amounts to the current accounts of customers; who would pay themselves pay a shop."""
    orders.payee[:] = kit.model.accounts.current(payee)
    orders.dollars[:] = dollars
    alone = np.flatnonzero(orders.account == orders.payee)
    trade = np.zeros(len(alone), dtype=np.int64)
    orders.payee[alone] = online_business(kit.model, orders.group[alone], trade, low(orders.bits[alone]))


def round_amounts(kit: Kit, orders: Orders, events: Events) -> None:
    """Choose to what amounts are rounded."""
    steps = STEPS[CategoricalTable(STEP_SHARES)(high(kit.draws(events.bits, "mules.step")))]
    orders.step_dollars[:] = np.where(steps * FINEST_PART <= orders.dollars, steps, 0.0)


def ordered_times(kit: Kit, events: Events, start_us: I64, span_us: I64, bits: U64) -> I64:
    """Times in the order of the events' numbers, from a start on, within a span and within the day."""
    last = events.midnight_us + DAY_US - 1
    # What begins late in the UTC day is over sooner.
    span_us = np.minimum(span_us, np.maximum(last - start_us, SHORTEST_SPAN_US))
    start_us = np.minimum(start_us, last - span_us)
    share = (events.number + unit(high(kit.draws(bits, "mules.moment")))) / events.total
    return start_us + (share * span_us).astype(np.int64)


@dataclass(frozen=True)
class Sequence:
    """The events of a typology's campaigns in order of time, over all their days.

    Attributes
    ----------
    first_day, end_day
        Whose events these are.
    index
        Positions of all events on these days, sorted.
    place, length
        Place of each in its campaign from 0 on, and how many events the campaign has; of campaigns that have days
        before or after these, those here.
    """

    first_day: int
    end_day: int
    index: I64
    place: I64
    length: I64

    @classmethod
    def of(cls, kit: Kit, name: str, first_day: int, end_day: int) -> Sequence:
        """Count through the campaigns of a typology on the days [first_day, end_day) of the period."""
        events = events_between(kit.model.plan, kit.plans[name], first_day, end_day)
        order = np.lexsort((events.index, events.campaign))
        _, begin, size = np.unique(events.campaign[order], return_index=True, return_counts=True)
        place, length = np.empty(len(events), dtype=np.int64), np.empty(len(events), dtype=np.int64)
        place[order] = np.arange(len(events)) - np.repeat(begin, size)
        length[order] = np.repeat(size, size)
        by_index = np.argsort(events.index)
        return cls(first_day, end_day, events.index[by_index], place[by_index], length[by_index])

    def find(self, events: Events) -> tuple[I64, I64]:
        """Place of each event in its campaign, and the campaign's number of events."""
        where = np.searchsorted(self.index, events.index)
        return self.place[where], self.length[where]


class MuleShape(TransferTypology):
    """Transfers among a campaign's mules: ordinary customers of one country, found by their number.

    A subclass names the shape of its transfers and the roles of its stages; the rest is the same for all.

    Attributes
    ----------
    shape
        Which mule pays which at each place of the campaign's sequence.
    stage_roles
        Role of the legs of each stage; later stages have the last one.
    pot_ln_median, pot_sigma
        ln of the median pot in dollars, and its standard deviation between campaigns (estimates).
    first_hour, hours
        Local hour from which on a day's first leg falls, and for how many hours (estimates).
    span_median_hours
        Median time from a day's first leg to its last (estimate).
    """

    max_days = 4
    shape: ClassVar[Shape]
    stage_roles: ClassVar[tuple[np.int8, ...]]
    pot_ln_median: ClassVar[float] = 8.3
    pot_sigma: ClassVar[float] = 0.8
    first_hour: ClassVar[float] = 7.0
    hours: ClassVar[float] = 9.0
    span_median_hours: ClassVar[float] = 5.0

    def __init__(self, kit: Kit, settings: TypologySettings) -> None:
        super().__init__(kit, settings)
        self._networks = kit.networks(
            self.name, self.drift, {"mobile": 0.46, "home": 0.42, "vpn": 0.09, "hosting": 0.03}
        )
        self._sequence: Sequence | None = None

    def places(self, events: Events) -> tuple[I64, I64]:
        """Place of each event in its campaign from 0 on, and how many events the campaign has over all its days."""
        period = self.kit.model.plan.period
        first_day, end_day = period.first_day, period.end_day
        if len(events) and int(self.kit.plans[self.name].quota.sum()) > WHOLE_EVENTS:
            # All days of all campaigns that have an event here.
            first_day = max(first_day, int(events.day.min()) - self.max_days + 1)
            end_day = min(end_day, int(events.day.max()) + self.max_days)
        known = self._sequence
        if known is None or first_day < known.first_day or end_day > known.end_day:
            known = self._sequence = Sequence.of(self.kit, self.name, first_day, end_day)
        return known.find(events)

    def legs(self, events: Events) -> Legs:
        """Which mule pays which."""
        place, length = self.places(events)
        variant = high(self.kit.draws(events.campaign_bits, f"{self.name}.variant")).astype(np.int64)
        return type(self).shape(place, length, variant)

    def share(self, events: Events, legs: Legs) -> F64:
        """Share of the campaign's pot that each leg moves: the parts of a stage sum to what is left at that stage."""
        bits = self.kit.draws(events.campaign_bits, f"{self.name}.cut")
        lost = (CUT_MIN + (CUT_MAX - CUT_MIN) * unit(high(bits))) * legs.stage
        return (self._cut(events, legs, legs.part + 1) - self._cut(events, legs, legs.part)) * (1.0 - lost)

    def _cut(self, events: Events, legs: Legs, number: I64) -> F64:
        """Where a stage's sum is cut after a number of parts."""
        bits = self.kit.pair_draws(events.campaign_bits, number + (legs.stage << 32), f"{self.name}.part")
        inner = (number > 0) & (number < legs.parts)
        return (number + np.where(inner, UNEVENNESS * (unit(high(bits)) - 0.5), 0.0)) / legs.parts

    def pot(self, events: Events) -> F64:
        """Dollars that a campaign moves."""
        functions = self.kit.model.plan.functions
        normal = functions.normal(high(self.kit.draws(events.campaign_bits, f"{self.name}.pot")))
        return functions.exp(normal * self.pot_sigma + self.pot_ln_median) * self.amount_factor(events)

    def activity(self, campaign_bits: U64, age: I64) -> F64:
        """One to `max_days` days, evenly."""
        days = 1 + (campaign_bits >> np.uint64(8)).astype(np.int64) % self.max_days
        return np.where(age < days, 1.0 / days, 0.0)

    def times(self, events: Events, offset_us: I64) -> I64:
        """One sitting a day, in the order of the legs."""
        kit, functions = self.kit, self.kit.model.plan.functions
        sitting = kit.pair_draws(events.campaign_bits, events.age, f"{self.name}.sitting")
        start = kit.local_times(events, self.first_hour + self.hours * unit(high(sitting)), offset_us)
        hours = functions.exp(functions.normal(low(sitting)) * SPAN_SIGMA) * self.span_median_hours
        span = (np.minimum(hours, SPAN_MAX_HOURS) * 3.6e9).astype(np.int64)
        return ordered_times(kit, events, start, span, kit.draws(events.bits, f"{self.name}.time"))

    def victim(self, events: Events) -> I64:
        """Number of the mule that pays."""
        return self.legs(events).payer

    def customer(self, events: Events, victim: I64) -> I64:
        """People of the campaign, by their numbers."""
        return self.person(events, victim)

    def group(self, events: Events) -> I64:
        """Group of customers in which a campaign's mules live."""
        return self.kit.groups(self.kit.country_bits(events))

    def person(self, events: Events, number: I64) -> I64:
        """Who has a number in a campaign."""
        return mules(self.kit, events, self.group(events), number)

    def order(self, orders: Orders, events: Events) -> None:
        """Pay the next mule."""
        legs = self.legs(events)
        pay(self.kit, orders, self.person(events, legs.payee), self.share(events, legs) * self.pot(events))
        round_amounts(self.kit, orders, events)

    def finish(self, rows: Rows, events: Events) -> None:
        """Pay from mules' own devices, or, for some, from the organiser's."""
        kit = self.kit
        mule = self.legs(events).payer
        campaign = kit.draws(events.campaign_bits, f"{self.name}.gang")
        bits = kit.pair_draws(events.campaign_bits, mule, f"{self.name}.own_device")
        run = unit(high(campaign)) < GANG_CAMPAIGN_SHARE
        self.use_gang(rows, events, np.flatnonzero(run & (high(bits) < threshold32(GANG_MULE_SHARE))))

    def use_gang(self, rows: Rows, events: Events, places: NDArray[np.intp]) -> None:
        """Pay from the organiser's device and line at some rows."""
        kit = self.kit
        holder = mules(kit, events, self.group(events), GANG)[places]
        kit.use_device(rows, places, holder, PHONE)
        campaign = kit.draws(events.campaign_bits, f"{self.name}.network")
        network = self._networks(low(campaign), events.start_day).astype(np.int8)[places]
        kit.use_network(rows, places, holder, network, kit.draws(events.bits, f"{self.name}.line")[places])

    def roles(self, events: Events) -> NDArray[np.int8]:
        """Role of each leg."""
        return np.array(self.stage_roles)[np.minimum(self.legs(events).stage, len(self.stage_roles) - 1)]
