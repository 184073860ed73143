"""What typologies share: honest behaviour to depart from, and the fraudster's own devices, addresses and shops."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from payloom.behaviour.rows import NULL, Rows
from payloom.behaviour.settlement import APP, ONLINE, WEB
from payloom.fraud.campaigns import TypologyPlan, campaigns_of, events_between
from payloom.fraud.events import Events, alike
from payloom.fraud.shops import Shops
from payloom.fraud.victims import Victims
from payloom.plan.groups import noon_offset_minutes
from payloom.plan.periods import DAY_US
from payloom.plan.profiles import HOUR_SHARE_PERCENT
from payloom.streams.hashing import U32, U64, draw, high, low, threshold32
from payloom.streams.tables import F64, INTERVALS, CategoricalTable, UniformTable
from payloom.world.addresses import HOSTING
from payloom.world.cards import SLOTS as CARD_SLOTS
from payloom.world.devices import COMPUTER, PHONE, TABLET

I64 = NDArray[np.int64]
Code = NDArray[np.int8]

_UPPER_HALF = np.uint64(0xFFFF_FFFF << 32)
_LAST_QUARTER = np.uint64(3 << 62)


LOCAL_LINE_SHARE = 0.92
"""Fraudsters from abroad who come through a line in the victim's country, such as a rented or infected home router
(estimate): an address from the wrong country is what everybody looks at first."""

REMEMBERED_AT_ONCE = 8
"""Days whose campaigns are found together."""

LINES_BITS = 2
"""A fraudster has up to four such lines in a country."""


@dataclass(frozen=True)
class Kit(Shops):
    """Tools for typologies.

    Attributes
    ----------
    victims
        Customers by slot.
    plans
        Counts of every typology and planted kind by name, once they are planned: campaigns may follow up on others'.
    """

    victims: Victims
    plans: dict[str, TypologyPlan] = field(default_factory=dict)

    def waits(self, bits: U64, mean: float) -> F64:
        """Exponential waiting times with a mean: half the sum of two squared normal numbers."""
        first, second = self.model.plan.functions.normal(high(bits)), self.model.plan.functions.normal(low(bits))
        return (first * first + second * second) * (mean / 2.0)

    def usual_times(self, events: Events, bits: U32, offset_us: I64) -> I64:
        """Times of the victims' local day at which people pay."""
        return self.local_times(events, self._hours(bits), offset_us)

    @cached_property
    def _hours(self) -> UniformTable:
        """Local hour, with fraction, from a uniform draw."""
        share = np.array(HOUR_SHARE_PERCENT)
        before = np.concatenate([[0.0], np.cumsum(share)])
        target = np.arange(INTERVALS + 1) / INTERVALS * before[-1]
        hour = np.minimum(np.searchsorted(before, target, side="right") - 1, len(share) - 1)
        # Not np.interp: a compiler may fuse its multiplication and addition, which rounds differently.
        return UniformTable(hour + (target - before[hour]) / share[hour])

    @staticmethod
    def local_times(events: Events, hour: F64, offset_us: I64) -> I64:
        """Times at a local hour of the day (with fraction) in each event's UTC day."""
        return events.midnight_us + ((hour * 3.6e9).astype(np.int64) - offset_us) % DAY_US

    @staticmethod
    def within_day(events: Events, time_us: I64) -> I64:
        """Reflect times that run over midnight back into their day."""
        last = events.midnight_us + DAY_US - 1
        over = np.maximum(time_us - last, 0)
        return np.clip(time_us - 2 * over, events.midnight_us, last)

    def customers(self, events: Events, band: I64, victim: I64) -> I64:
        """Customers that campaigns hit: each owns a run of slots in its start month's order."""
        slot = (high(self.draws(events.campaign_bits, "slots")).astype(np.int64) << 8) + victim
        return self.victims.of_campaigns(events, band, slot)

    def accomplice(self, events: Events, number: I64 | int = 0) -> I64:
        """Customer whose devices, lines and accounts a campaign uses: an ordinary person, with an ordinary past.

        All of a campaign live in one country.
        """
        numbers = np.broadcast_to(np.asarray(number, dtype=np.int64), events.index.shape)
        return self.someone(events, self.country_bits(events), self.pair_draws(events.campaign_bits, numbers, "gang"))

    def noon_offset_us(self, day: I64, customer: I64) -> I64:
        """Local time at the home of customers minus UTC, at noon UTC of days of the period."""
        minutes = self._noon_offsets[day - self.model.plan.period.first_day, self.group_of(customer)]
        return minutes.astype(np.int64) * 60_000_000

    @cached_property
    def _noon_offsets(self) -> NDArray[np.int16]:
        """Offsets by day of the period and group."""
        period = self.model.plan.period
        zones = tuple(group.timezone for group in self.model.plan.groups)
        return noon_offset_minutes(zones, np.arange(period.first_day, period.end_day))

    def country_bits(self, events: Events) -> U32:
        """Bits that choose the region in which a campaign's people live."""
        return high(self.draws(events.campaign_bits, "gang.region"))

    def groups(self, bits: U32) -> I64:
        """Groups of customers, each in proportion to its size."""
        return self._group_shares(bits).astype(np.int64)

    @cached_property
    def _group_shares(self) -> CategoricalTable:
        return CategoricalTable([group.share for group in self.model.plan.groups])

    def someone(self, events: Events, group_bits: U32, bits: U64) -> I64:
        """A customer of a random group who is there when the campaign begins, each as likely as the other."""
        return self.someone_in(events, self.groups(group_bits), bits)

    def someone_in(self, events: Events, group: I64, bits: U64) -> I64:
        """A customer of a given group who is there when the campaign begins, each as likely as the other."""
        plan = self.model.plan
        start = np.clip(events.start_day, plan.period.first_day, plan.period.end_day - 1)
        month = np.searchsorted([m.first_day for m in plan.period.months], start, side="right") - 1
        cohort = np.empty(len(events), dtype=np.int64)
        for number, here in alike(month):
            cohort[here] = plan.cohorts.draw(plan.period.epoch_of_month(number), group[here], high(bits[here]))
        rank = (low(bits).astype(np.int64) * plan.cohorts.size[cohort]) >> 32
        return plan.cohorts.base[cohort] + rank

    def counts_on(self, name: str, campaign: I64, day: I64) -> I64:
        """How many events campaigns of a typology have on days of the period."""
        return self.events_on(name, campaign, day)[1]

    def events_on(self, name: str, campaign: I64, day: I64) -> tuple[I64, I64]:
        """Position of the first of the events that campaigns have on days of the period, and their number.

        The others of the same campaign and day follow one by one. Outside the period there are none.
        """
        first, count = np.zeros(len(campaign), dtype=np.int64), np.zeros(len(campaign), dtype=np.int64)
        by_day = list(alike(day))
        self._remember(name, [number for number, _ in by_day])
        for number, here in by_day:
            known, start, size = self._remembered[name, number]
            if len(known):
                place = np.minimum(np.searchsorted(known, campaign[here]), len(known) - 1)
                count[here] = np.where(known[place] == campaign[here], size[place], 0)
                first[here] = start[place]
        return first, count

    def _remember(self, name: str, days: list[int]) -> None:
        """Keep which campaigns have events on days, with the position of the first and the number."""
        period, none = self.model.plan.period, np.zeros(0, dtype=np.int64)
        new = [day for day in days if (name, day) not in self._remembered]
        self._remembered.update(((name, day), (none, none, none)) for day in new)
        new = [day for day in new if period.first_day <= day < period.end_day]
        while new:
            # Some days at once, of which those between are asked for soon.
            first_day, end_day = new[0], min(new[0] + REMEMBERED_AT_ONCE, new[-1] + 1)
            events = events_between(self.model.plan, self.plans[name], first_day, end_day)
            for day, here in alike(events.day):
                known, start, size = np.unique(events.campaign[here], return_index=True, return_counts=True)
                self._remembered[name, day] = (known, events.index[here[start]], size)
            new = [day for day in new if day >= end_day]

    @cached_property
    def _remembered(self) -> dict[tuple[str, int], tuple[I64, I64, I64]]:
        return {}

    def earlier(self, name: str, events: Events, min_days: int, max_days: int) -> tuple[NDArray[np.bool_], Events]:
        """First events of a campaign of another typology that began some days before each event's own campaign.

        Returns
        -------
        found, first
            Whether there is one, and an event at its beginning (of whatever campaign, where there is none). All events
            of a campaign are given the same one.
        """
        plan, one = self.model.plan, self.plans[name]
        origin = plan.period.first_day - one.typology.max_days
        busy = origin + np.flatnonzero(one.starts > 0)
        lowest = np.searchsorted(busy, events.start_day - max_days)
        number = np.searchsorted(busy, events.start_day - min_days, side="right") - lowest
        found = number > 0
        pick = low(self.draws(events.campaign_bits, f"{name}.earlier")).astype(np.int64) * number >> 32
        place = np.minimum(lowest + pick, len(busy) - 1)
        day = busy[place] if len(busy) else np.full(len(events), origin)
        starts = np.maximum(one.starts[day - origin], 1)
        ordinal = high(self.draws(events.campaign_bits, f"{name}.earlier")).astype(np.int64) * starts >> 32
        campaign, bits, _ = campaigns_of(plan, one.typology, one.number, one.stream, day, ordinal)
        zero = np.zeros(len(events), dtype=np.int64)
        return found, Events(campaign, bits, zero, day, zero, zero, events.index, events.bits)

    def group_of(self, customer: I64) -> I64:
        """Group of customers."""
        cohorts = self.model.plan.cohorts
        return cohorts.group[cohorts.of_customer(customer)]

    def use_device(self, rows: Rows, places: NDArray[np.intp], holder: I64, slot: int) -> None:
        """Pay from a device of `holder`; rows that show no device still show none."""
        seen = rows.device[places] != NULL
        places, holder = places[seen], holder[seen]
        devices = self.model.devices
        country = self.model.geography.home_country[self.group_of(holder)]
        slots = np.full(len(places), slot)
        rows.device[places] = devices.index(holder, slots, rows.time_us[places])
        kind = devices.kind(devices.bits(holder), country, slots)
        rows.device_type[places] = kind
        # Apps run on phones and tablets.
        on_web = places[(kind == WEB) & (rows.channel[places] == APP)]
        rows.channel[on_web] = ONLINE

    def use_any_device(self, rows: Rows, places: NDArray[np.intp], holder: I64, bits: U64) -> None:
        """Pay from one of the devices of `holder`, each as likely as when they pay themselves."""
        slot = self.model.devices.choose_slot(self.model.devices.bits(holder), low(self.draws(bits, "device.slot")))
        for number in (PHONE, COMPUTER, TABLET):
            here = np.flatnonzero(slot == number)
            self.use_device(rows, places[here], holder[here], number)

    def use_network(self, rows: Rows, places: NDArray[np.intp], holder: I64, network: Code, bits: U64) -> None:
        """Come from a network of `holder`, or through a line near the victim; rows without an address stay without."""
        seen = rows.network[places] != NULL
        places, holder, network, bits = places[seen], holder[seen], network[seen], bits[seen]
        holder = self._line(holder, rows.customer[places], bits)
        group = self.group_of(holder)
        rows.network[places] = network
        address = self.model.addresses.bits(holder, network, group, rows.time_us[places], low(bits))
        rows.address_bits[places] = address
        country = self.model.geography.home_country[group].astype(np.int8)
        exits = self.model.addresses.exit_country(address)
        rows.ip_country[places] = np.where(network >= HOSTING, exits, country)

    def _line(self, holder: I64, victim: I64, bits: U64) -> I64:
        """Whose line it is: the holder's own, or that of somebody in the victim's country who knows nothing of it."""
        cohorts, country = self.model.plan.cohorts, self.model.geography.home_country
        cohort = cohorts.of_customer(victim)
        draws = self.draws(bits, "line")
        abroad = country[cohorts.group[cohort]] != country[self.group_of(holder)]
        rented = np.flatnonzero(abroad & (high(draws) < threshold32(LOCAL_LINE_SHARE)))
        number = (low(draws[rented]) >> np.uint32(32 - LINES_BITS)).astype(np.int64)
        # Somebody who is a customer as long as the victim is; the same few for all victims of a kind.
        base, size = cohorts.base[cohort[rented]], cohorts.size[cohort[rented]]
        whose = self.pair_draws(draw(self.model.plan.keys["fraud.rented"], holder[rented]), number, "line.whose")
        line = holder.copy()
        line[rented] = base + (high(whose).astype(np.int64) * size >> 32)
        return line

    def product_of(self, customer: I64, slot: I64) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """BIN and issuer of the cards in slots of customers."""
        cards = self.model.cards
        country = self.model.geography.home_country[self.group_of(customer)]
        bin_id, issuer, _, _ = cards.product(customer * CARD_SLOTS + slot, country)
        return bin_id, issuer

    def home_place(self, customer: I64) -> I64:
        """City where customers live."""
        people = self.model.people
        return people.home_place(people.bits(customer), self.group_of(customer))

    def place_now(self, customer: I64, time_us: I64) -> I64:
        """City where customers are: at home, or on a trip."""
        place = self.home_place(customer)
        country = self.model.geography.home_country[self.group_of(customer)]
        away, there, _ = self.spending.trips.whereabouts(customer, country, time_us)
        place[away] = there
        return place
