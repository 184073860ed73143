"""Counterfeit cards: data copied at one breached terminal, used weeks later in other cities."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from payloom.behaviour.choice import Choice
from payloom.behaviour.present import FALLBACK, MAGSTRIPE
from payloom.behaviour.rows import Rows
from payloom.codes import CHARGEBACK_REASON, CVV_RESULT, ENTRY_MODE, RESPONSE_CODE, ROLE, THREE_DS
from payloom.config.typologies import TypologySettings
from payloom.fraud.events import Events
from payloom.fraud.in_person import asks_pin, in_person, show_card, spare_pin
from payloom.fraud.kit import Kit
from payloom.fraud.runs import run_times, shopping_hour
from payloom.fraud.shares import code_table
from payloom.fraud.typology import PRESENT_WEEK, Typology
from payloom.streams.hashing import U64, high, low, threshold32, unit
from payloom.streams.tables import F64
from payloom.world.devices import PHONE
from payloom.world.merchants import CASH_TRADE

I64 = NDArray[np.int64]

SOURCE = "breached_terminal"
"""The planted payments in which the cards were copied."""

SOONEST_DAYS, LATEST_DAYS = 30, 100
"""From the first visit to the first use: the data are collected, sold and written to cards (estimate)."""

RUN = 2
"""Uses of a card one after the other (estimate)."""

CARD_DAYS = 2
"""Days that a card is used before the next ones (estimate)."""

GAP_MEAN_MINUTES = 16.0
"""Mean gap within a run (IEEE: 23 % of gaps within 10 minutes)."""

HOME_COUNTRY_SHARE = 0.5
"""Campaigns that use the cards in the country where they were copied, in any of its cities (estimate)."""

RUNNERS = 2
"""People who use the cards of a campaign, each in a city of their own (estimate)."""

ONLINE_SHARE = 0.12
"""Uses of the copied number online, where no security code is asked for: a stripe does not hold it (estimate)."""

PIN_KNOWN_SHARE = 0.45
"""Campaigns that filmed the PIN as well (estimate); others leave cash machines alone, mostly."""

CARDS_AT_ONCE = 3
"""Cards that are used in the same days (estimate)."""

NEXT_CARD = 31
"""Visits between one that does not fit and the next that is looked at."""
_LOOKED_AT = 8

WANTED = {
    "electronics": 0.16, "grocery": 0.17, "fuel": 0.10, "fuel_pump": 0.10, "cash_machine": 0.24,
    "department_store": 0.07, "discount_store": 0.08, "convenience": 0.07, "liquor": 0.03, "fashion": 0.04,
    "home_improvement": 0.04,
}  # fmt: skip
"""What is bought with copied cards: what sells, what works without staff, what tests a card (estimate)."""

WANTED_ONLINE = {"marketplace": 0.40, "electronics": 0.25, "fashion": 0.20, "digital_media": 0.15}
"""The same for what is bought with the number alone (estimate)."""

_LIABILITY = np.int8(CHARGEBACK_REASON.index("counterfeit_liability"))


class Counterfeit(Typology):
    """A gang buys what a skimmer collected and sends two runners with clones to cities far from the shop."""

    name = "counterfeit"
    max_days = 8
    week = PRESENT_WEEK

    def __init__(self, kit: Kit, settings: TypologySettings) -> None:
        super().__init__(kit, settings)
        self._trades = kit.trades(self.name, self.drift, WANTED, in_person=True)
        self._online_trades = kit.trades(f"{self.name}.online", self.drift, WANTED_ONLINE)
        self._networks = kit.networks(self.name, self.drift, {"home": 0.45, "mobile": 0.42, "vpn": 0.13})
        self._entry = code_table(ENTRY_MODE, {"magstripe": 0.25, "fallback": 0.14, "contactless": 0.28, "chip": 0.33})
        self._answers = code_table(
            RESPONSE_CODE,
            {"00": 0.68, "05": 0.15, "51": 0.05, "61": 0.03, "62": 0.03, "59": 0.03, "57": 0.02, "14": 0.01},
        )
        self._wrong_pin = code_table(RESPONSE_CODE, {"75": 0.55, "05": 0.25, "65": 0.10, "62": 0.10})
        self._cvv = code_table(CVV_RESULT, {"P": 0.55, "N": 0.25, "U": 0.10, "M": 0.10})
        self._three_ds = code_table(THREE_DS, {"none": 0.80, "attempted": 0.06, "frictionless": 0.08, "failed": 0.06})
        self._visits: dict[int, I64] = {}

    def activity(self, campaign_bits: U64, age: I64) -> F64:
        """Four to eight days."""
        days = 4 + (campaign_bits >> np.uint64(8)).astype(np.int64) % (self.max_days - 3)
        return np.where(age < days, 1.0, 0.0)

    def times(self, events: Events, offset_us: I64) -> I64:
        """A card is used a few times within the hour, while shops are open where the runner is."""
        del offset_us
        kit = self.kit
        run = kit.pair_draws(events.campaign_bits, events.age * 4096 + events.number // RUN, "counterfeit.run")
        start = kit.local_times(events, shopping_hour(high(run)), kit.noon_offset_us(events.day, self._runner(events)))
        gap_us = (2.0 + kit.waits(kit.draws(run, "counterfeit.gap"), GAP_MEAN_MINUTES)) * 60e6
        bits = high(kit.draws(events.bits, "counterfeit.step"))
        return run_times(events, start, gap_us, events.number % RUN, RUN, bits)

    def victim(self, events: Events) -> I64:
        """Card after card of the batch."""
        return events.age // CARD_DAYS * 512 + events.number // RUN

    def customer(self, events: Events, victim: I64) -> I64:
        """People who paid at the breached terminal weeks before; with no such terminal in the world, anybody."""
        kit = self.kit
        if SOURCE not in kit.plans:
            return super().customer(events, victim)
        source = kit.plans[SOURCE].typology
        first = self._breach(events)
        counts = self._counts(first)
        # What was copied first is sold first; cards of a batch follow each other in the order of the visits.
        waited = np.clip(events.start_day - first.start_day - SOONEST_DAYS, 0, LATEST_DAYS - SOONEST_DAYS)
        begin = waited * np.maximum(counts.sum(axis=1), LATEST_DAYS) // (LATEST_DAYS - SOONEST_DAYS + 1)
        place = begin + events.age // CARD_DAYS * CARDS_AT_ONCE + events.number // RUN
        card = kit.pair_draws(events.campaign_bits, victim, "card")
        customer = np.zeros(len(events), dtype=np.int64)
        open_ = np.arange(len(events))
        for attempt in range(_LOOKED_AT):
            if not open_.size:
                break
            visit = _visit(first.take(open_), counts[open_], place[open_] + attempt * NEXT_CARD)
            number = source.victim(visit)
            customer[open_] = source.customer(visit, number)
            shown = kit.pair_draws(visit.campaign_bits, number, "card")
            slot, stolen = (kit.model.cards.choose_slot(customer[open_], high(bits)) for bits in (shown, card[open_]))
            open_ = open_[(slot != stolen) | self._left(customer[open_], events.start_day[open_])]
        # Before the first breach of a world there is none to follow, and its visitors may not be customers yet.
        follows = (first.start_day < events.start_day) & ~self._left(customer, events.start_day)
        others = np.flatnonzero(~follows)
        customer[others] = super().customer(events.take(others), victim[others])
        return customer

    def choose(self, choice: Choice, events: Events) -> None:
        """Buy in the runner's city what sells; a card's first use is often small."""
        kit, everywhere = self.kit, np.arange(len(events))
        place = kit.home_place(self._runner(events))
        tests = (events.number % RUN == 0) & (events.age % CARD_DAYS == 0)
        factor = np.where(tests, 0.8, 1.5) * self.amount_factor(events)
        trade, shop = self._trade(events), kit.draws(events.bits, "counterfeit.shop")
        kit.buy_in_person(choice, everywhere, place, trade, shop, factor)
        online = np.flatnonzero(self._online(events) & (trade != CASH_TRADE))
        goods = self._online_trades(low(shop[online]), events.start_day[online])
        kit.shop_online(choice, online, goods, shop[online], factor[online])

    def finish(self, rows: Rows, events: Events) -> None:
        """Swipe, or make the terminal fall back to the stripe, or use what looks like a chip."""
        kit = self.kit
        bits, answers = kit.draws(events.bits, "counterfeit.how"), kit.draws(events.bits, "counterfeit.answer")
        present = in_person(rows)
        places, remote = np.flatnonzero(present), np.flatnonzero(~present)
        entry = self._entry(high(kit.draws(events.bits, "counterfeit.entry"))[places]).astype(np.int8)
        knows = self._knows_pin(events)
        show_card(rows, places, spare_pin(rows, places, entry, knows[places]))
        runner = self._runner(events)[remote]
        kit.use_device(rows, remote, runner, PHONE)
        network = self._networks(low(bits), events.start_day).astype(np.int8)
        kit.use_network(rows, remote, runner, network[remote], bits[remote])
        kit.redraw(rows.cvv, remote, self._cvv, high(answers)[remote])
        kit.redraw(rows.three_ds, remote, self._three_ds, low(kit.draws(answers, "counterfeit.checks"))[remote])
        guesses = asks_pin(rows) & ~knows
        rows.response[:] = np.where(guesses, self._wrong_pin(low(answers)), self._answers(low(answers)))

    def roles(self, events: Events) -> NDArray[np.int8]:
        """Purchases and cash."""
        roles = super().roles(events)
        roles[self._trade(events) == CASH_TRADE] = ROLE.index("cash_out")
        return roles

    def chargeback_reasons(self, rows: Rows, events: Events) -> NDArray[np.int8]:
        """Who accepts a stripe instead of a chip is liable."""
        reasons = super().chargeback_reasons(rows, events)
        reasons[(rows.entry_mode == MAGSTRIPE) | (rows.entry_mode == FALLBACK)] = _LIABILITY
        return reasons

    def _trade(self, events: Events) -> I64:
        return self._trades(high(self.kit.draws(events.bits, "counterfeit.goods")), events.start_day)

    def _online(self, events: Events) -> NDArray[np.bool_]:
        return low(self.kit.draws(events.bits, "counterfeit.goods")) < threshold32(ONLINE_SHARE)

    def _knows_pin(self, events: Events) -> NDArray[np.bool_]:
        return low(self.kit.draws(events.campaign_bits, "counterfeit.pin")) < threshold32(PIN_KNOWN_SHARE)

    def _breach(self, events: Events) -> Events:
        """First event of the breach that each campaign's cards come from."""
        return self.kit.earlier(SOURCE, events, SOONEST_DAYS, LATEST_DAYS)[1]

    def _runner(self, events: Events) -> I64:
        """Who uses the card: an ordinary customer in the country of the breach, or in any."""
        kit = self.kit
        region = kit.country_bits(events)
        if SOURCE in kit.plans:
            stays = unit(high(kit.draws(events.campaign_bits, "counterfeit.stays"))) < HOME_COUNTRY_SHARE
            region = np.where(stays, kit.country_bits(self._breach(events)), region)
        number = self.victim(events) % RUNNERS
        return kit.someone(events, region, kit.pair_draws(events.campaign_bits, number, "counterfeit.runner"))

    def _left(self, customer: I64, start_day: I64) -> NDArray[np.bool_]:
        """Whether customers are no longer there when a campaign begins: their cards are closed."""
        plan = self.kit.model.plan
        firsts = [month.first_day for month in plan.period.months]
        month = np.maximum(np.searchsorted(firsts, start_day, side="right") - 1, 0)
        epoch = np.minimum(month // plan.period.months_per_epoch, plan.period.epochs - 1)
        return plan.cohorts.leave_epoch[plan.cohorts.of_customer(customer)] <= epoch

    def _counts(self, first: Events) -> I64:
        """Visits of each event's breach by its age in days, array (events, days)."""
        campaign, where, back = np.unique(first.campaign, return_index=True, return_inverse=True)
        new = np.array([c not in self._visits for c in campaign.tolist()], dtype=np.bool_)
        start, length = first.start_day[where[new]], self.kit.plans[SOURCE].typology.max_days
        by_age = [self.kit.counts_on(SOURCE, campaign[new], start + age) for age in range(length)]
        for number, counts in zip(campaign[new].tolist(), np.stack(by_age, axis=1), strict=True):
            self._visits[number] = counts
        known = [self._visits[c] for c in campaign.tolist()]
        return np.stack(known)[back] if known else np.zeros((0, length), dtype=np.int64)


def _visit(first: Events, counts: I64, place: I64) -> Events:
    """Visits by their place among all of a breach, counted round and round.

    A breach all of whose visits lie before the period had some nevertheless: on its first day.
    """
    ends = np.cumsum(counts, axis=1)
    total = ends[:, -1]
    rank = np.where(total > 0, place % np.maximum(total, 1), place % 4096)
    age = np.where(total > 0, np.count_nonzero(ends <= rank[:, None], axis=1), 0)
    before = np.where(age > 0, ends[np.arange(len(rank)), np.maximum(age - 1, 0)], 0)
    return Events(
        campaign=first.campaign,
        campaign_bits=first.campaign_bits,
        age=age,
        day=first.start_day + age,
        number=rank - before,
        total=counts[np.arange(len(rank)), np.minimum(age, counts.shape[1] - 1)],
        index=first.index,
        bits=first.bits,
    )
