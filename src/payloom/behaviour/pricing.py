"""What things cost: ticket sizes by trade, merchant and customer, then the pricing habits of the trade."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Context, Decimal

import numpy as np
from numpy.typing import NDArray

from payloom.codes import COUNTRY, CURRENCY
from payloom.reference import load_countries, load_currencies
from payloom.streams.hashing import U64, high, low
from payloom.streams.tables import F64, CategoricalTable
from payloom.world.merchants import CASH_TRADE, TRADES, price_level_bits
from payloom.world.model import Model

I64 = NDArray[np.int64]

SHARED_TASTE = 0.6
"""How much of a customer's spending power shows in one ticket."""

HABITS = 6
"""Free cents, whole units, .99, .95, .50, whole tens of units."""

ENDINGS_MINOR = (0, 0, 99, 95, 50, 0)
"""Last two digits by habit, where prices have two decimals."""
ENDINGS_YEN = (0, 0, 80, 98, 50, 0)
"""Last two digits of prices in yen: 1,980 and 298 are what .99 is elsewhere."""

TENS_SHARE = 0.45
"""Round prices that are whole tens (ULB, IEEE-CIS, purchasing cards: 6 to 14 % of amounts are)."""

CASH_STEP_MINOR: dict[str, int] = {"USD": 2000, "GBP": 1000, "EUR": 1000, "JPY": 10_000}
"""What cash machines dispense multiples of: 20 dollars (Atlanta Fed 2019), 10 pounds, 10 euro, 10,000 yen."""
DEFAULT_CASH_STEP_UNITS = 20
MAX_CASH_STEPS = 40

COUNTRY_CURRENCY = np.array([CURRENCY.index(load_countries()[code].currency) for code in COUNTRY], dtype=np.int8)
"""Currency code of each country code."""

MINOR_PER_USD = np.array([load_currencies()[code].minor_per_usd for code in CURRENCY])
"""Minor units for one US dollar, by currency code."""

USD_PER_MINOR = 1.0 / MINOR_PER_USD


@dataclass(frozen=True)
class Pricing:
    """Tables of amounts.

    Attributes
    ----------
    ln_median, ln_sigma, price_sigma
        By trade: ln of the median in US dollars, spread within a merchant, spread between merchants.
    habits
        Draws the ending of a price by trade.
    unit, inverse_unit, ending
        By (currency, habit): prices are whole `unit` plus `ending`, minor units.
    """

    model: Model
    ln_median: F64
    ln_sigma: F64
    price_sigma: F64
    habits: CategoricalTable
    unit: F64
    inverse_unit: F64
    ending: F64
    cash_step: F64

    @classmethod
    def of(cls, model: Model) -> Pricing:
        """Prepare the tables."""
        weights = [
            (
                max(0.0, 1 - t.end00_share - t.end99_share - t.end95_share - t.end_half_share),
                t.end00_share * (1 - TENS_SHARE),
                t.end99_share,
                t.end95_share,
                t.end_half_share,
                t.end00_share * TENS_SHARE,
            )
            for t in TRADES
        ]
        unit, ending = np.ones((len(CURRENCY), HABITS)), np.zeros((len(CURRENCY), HABITS))
        for row, code in enumerate(CURRENCY):
            unit[row, 1:] = 100.0
            unit[row, -1] = 1000.0
            ending[row] = ENDINGS_MINOR if load_currencies()[code].exponent else ENDINGS_YEN
        steps = [
            CASH_STEP_MINOR.get(code, DEFAULT_CASH_STEP_UNITS * 10 ** load_currencies()[code].exponent)
            for code in CURRENCY
        ]
        return cls(
            model=model,
            ln_median=_natural_logs([t.median_usd for t in TRADES]),
            ln_sigma=np.array([t.ln_sigma for t in TRADES]),
            price_sigma=np.array([t.price_sigma for t in TRADES]),
            habits=CategoricalTable(weights),
            unit=unit,
            inverse_unit=1.0 / unit,
            ending=ending,
            cash_step=np.array(steps, dtype=np.float64),
        )

    def amount_minor(
        self, trade: I64, merchant_bits: U64, affluence: F64, currency: NDArray[np.int8], bits: U64
    ) -> I64:
        """Amounts of purchases and withdrawals in minor units, at least 1.

        Parameters
        ----------
        trade, merchant_bits
            What is sold, and the merchant's random bits (they set its price level).
        affluence
            ln of the customers' spending power.
        currency
            Code of the acceptor's currency.
        bits
            Random bits of the ticket: its size and its ending.
        """
        functions = self.model.plan.functions
        exponent = functions.normal(high(bits))
        exponent *= self.ln_sigma.take(trade)
        level = functions.normal.step(price_level_bits(merchant_bits))
        level *= self.price_sigma.take(trade)
        exponent += level
        exponent += self.ln_median.take(trade)
        exponent += affluence * SHARED_TASTE
        amount = functions.exp(exponent)
        amount *= MINOR_PER_USD.take(currency)
        return self.with_ending(amount, trade, currency, bits)

    def with_ending(self, amount: F64, trade: I64, currency: NDArray[np.int8], bits: U64) -> I64:
        """Give raw amounts the ending that their trade likes; cash comes in notes."""
        habit = self.habits(low(bits), trade).astype(np.int64)
        habit += currency.astype(np.int64) * HABITS
        priced = amount * self.inverse_unit.reshape(-1).take(habit)
        np.floor(priced, out=priced)
        priced *= self.unit.reshape(-1).take(habit)
        priced += self.ending.reshape(-1).take(habit)
        # What is too little for whole tens has whole units, what is too little for those a free price.
        little = np.flatnonzero(priced < 1.0)
        if little.size:
            raw = amount.take(little)
            priced[little] = np.where(raw >= 100.0, np.floor(raw / 100.0) * 100.0, np.maximum(np.floor(raw), 1.0))
        cash = np.flatnonzero(trade == CASH_TRADE)
        if cash.size:
            step = self.cash_step.take(currency.take(cash))
            notes = np.floor(amount.take(cash) / step + 0.5)
            priced[cash] = np.clip(notes, 1.0, MAX_CASH_STEPS) * step
        return priced.astype(np.int64)


def amount_usd(amount_minor: I64, currency: NDArray[np.int8]) -> F64:
    """Convert at one fixed rate per currency, to cents."""
    value = amount_minor * USD_PER_MINOR.take(currency)
    value *= 100.0
    value += 0.5
    np.floor(value, out=value)
    # A quotient is the nearest number to the cents; a product with 0.01 is not.
    value /= 100.0
    return value


def _natural_logs(values: list[float]) -> F64:
    """Natural logarithms, correctly rounded by `decimal`."""
    context = Context(prec=30)
    return np.array([float(context.ln(Decimal(repr(value)))) for value in values])
