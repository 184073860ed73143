"""Lost or stolen card: bursts of small purchases near the owner's home, within hours, until the block."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from payloom.behaviour.choice import Choice
from payloom.behaviour.present import CHIP, CONTACTLESS
from payloom.behaviour.rows import Rows
from payloom.codes import RESPONSE_CODE, ROLE
from payloom.config.typologies import TypologySettings
from payloom.fraud.events import Events
from payloom.fraud.in_person import asks_pin, show_card
from payloom.fraud.kit import Kit
from payloom.fraud.runs import run_times
from payloom.fraud.shares import code_table
from payloom.fraud.typology import PRESENT_WEEK, Typology
from payloom.streams.hashing import U64, high, low, threshold32, unit
from payloom.streams.tables import F64
from payloom.world.merchants import CASH_TRADE

I64 = NDArray[np.int64]

SHORTEST_GAP_MINUTES, MEAN_MORE_MINUTES = 3.0, 12.0
"""Gap between the purchases of a burst: at least, and what is added in the mean (estimate)."""

SECOND_DAY_SHARE, THIRD_DAY_SHARE = 0.35, 0.10
"""Cards that are tried again on the next days (estimate; most are blocked by then)."""

TAPS_SHARE = 0.85
"""Small purchases that are made without contact: nobody asks for a PIN (estimate)."""

PIN_KNOWN_SHARE = 0.18
"""Thieves who saw the PIN, or found it with the card (estimate)."""

CASH_SHARE = 0.3
"""Events of those who know the PIN that are withdrawals (estimate)."""

SMALL, GROWTH, LARGEST = 0.6, 0.3, 2.6
"""Factor on the first amount of a burst, what each further purchase adds, and where that ends (estimate)."""

WANTED = {
    "convenience": 0.22, "grocery": 0.19, "fast_food": 0.10, "liquor": 0.08, "pharmacy": 0.06, "fuel": 0.06,
    "fuel_pump": 0.05, "discount_store": 0.05, "transit": 0.03, "electronics": 0.03, "specialty_retail": 0.02,
    "bar": 0.03, "cash_machine": 0.18,
}  # fmt: skip
"""What can be had within walking distance (estimate)."""


class LostStolen(Typology):
    """A thief taps a found or stolen card in the neighbourhood, dearer each time, and tries a cash machine."""

    name = "lost_stolen"
    max_days = 3
    focus_share = 0.7
    week = PRESENT_WEEK

    def __init__(self, kit: Kit, settings: TypologySettings) -> None:
        super().__init__(kit, settings)
        self._trades = kit.trades(self.name, self.drift, WANTED, in_person=True)
        self._answers = code_table(
            RESPONSE_CODE, {"00": 0.84, "05": 0.06, "51": 0.05, "65": 0.03, "61": 0.01, "59": 0.01}
        )
        self._wrong_pin = code_table(RESPONSE_CODE, {"75": 0.62, "05": 0.16, "65": 0.14, "57": 0.03, "62": 0.05})

    def activity(self, campaign_bits: U64, age: I64) -> F64:
        """A burst on the day of the loss; some try again on the next two."""
        again = unit(high(self.kit.draws(campaign_bits, "lost_stolen.again")))
        return np.where(
            age == 0,
            1.0,
            np.where(age == 1, 0.4 * (again < SECOND_DAY_SHARE), 0.3 * (again < THIRD_DAY_SHARE)),
        )

    def times(self, events: Events, offset_us: I64) -> I64:
        """Start at a usual hour and go from shop to shop."""
        burst = self.kit.pair_draws(events.campaign_bits, events.age, "lost_stolen.burst")
        start = self.kit.usual_times(events, high(burst), offset_us)
        more = self.kit.waits(self.kit.draws(burst, "lost_stolen.gap"), MEAN_MORE_MINUTES)
        bits = high(self.kit.draws(events.bits, "lost_stolen.step"))
        gap_us = (SHORTEST_GAP_MINUTES + more) * 60e6
        return run_times(events, start, gap_us, events.number, events.total, bits)

    def victim(self, events: Events) -> I64:
        """One card."""
        return np.zeros(len(events), dtype=np.int64)

    def choose(self, choice: Choice, events: Events) -> None:
        """Buy small things where the owner is, dearer as it goes well."""
        kit = self.kit
        place = kit.place_now(choice.customer, choice.time_us)
        step = np.minimum(SMALL + GROWTH * events.number, LARGEST)
        kit.buy_in_person(
            choice,
            np.arange(len(events)),
            place,
            self._trade(events),
            kit.draws(events.bits, "lost_stolen.shop"),
            step * self.amount_factor(events),
        )

    def finish(self, rows: Rows, events: Events) -> None:
        """Tap while that needs no PIN; else sign where cards sign, or guess."""
        kit = self.kit
        bits = kit.draws(events.bits, "lost_stolen.how")
        taps = np.where(high(bits) < threshold32(TAPS_SHARE), CONTACTLESS, CHIP)
        show_card(rows, np.arange(len(rows)), taps)
        guesses = asks_pin(rows) & ~self._knows_pin(events)
        rows.response[:] = np.where(guesses, self._wrong_pin(low(bits)), self._answers(low(bits)))

    def roles(self, events: Events) -> NDArray[np.int8]:
        """Purchases and cash."""
        roles = super().roles(events)
        roles[self._trade(events) == CASH_TRADE] = ROLE.index("cash_out")
        return roles

    def _trade(self, events: Events) -> I64:
        bits = self.kit.draws(events.bits, "lost_stolen.goods")
        trade = self._trades(high(bits), events.start_day)
        draws_cash = self._knows_pin(events) & (low(bits) < threshold32(CASH_SHARE))
        return np.where(draws_cash, CASH_TRADE, trade)

    def _knows_pin(self, events: Events) -> NDArray[np.bool_]:
        return low(self.kit.draws(events.campaign_bits, "lost_stolen.pin")) < threshold32(PIN_KNOWN_SHARE)
