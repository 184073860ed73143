"""Cards: which a customer holds, who issued them, and when they are replaced."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from payloom.codes import CARD_BRAND, CARD_TYPE, COUNTRY
from payloom.plan.periods import DAY_US
from payloom.plan.world_plan import Plan
from payloom.streams.bijection import IdScrambler, Permutation
from payloom.streams.hashing import U32, draw, draw_int, high, low, threshold32
from payloom.streams.tables import CategoricalTable
from payloom.world.reissues import Reissues

I64 = NDArray[np.int64]
I32 = NDArray[np.int32]

SLOTS = 2
"""Cards that a customer may hold: a first one, and for some a second."""

SECOND_CARD_SHARE = 0.38
"""Customers with a second card, on an account of its own (estimate)."""
SECOND_CARD_USE = 0.35
"""Share of their payments made with it (estimate)."""

VALID_DAYS = 1461
"""A card is valid for four years and replaced `REISSUE_OVERLAP_DAYS` before it expires."""
REISSUE_OVERLAP_DAYS = 30
_ORIGIN_DAY = 10_957 - 2 * VALID_DAYS
"""Cards are numbered from 8 years before 2000-01-01."""
GENERATIONS = 64
"""A slot has fewer cards than this, those after a block included."""

ISSUERS_PER_COUNTRY = 12

BRAND_TYPE_SHARES: dict[str, dict[tuple[str, str], float]] = {
    "US": {
        ("visa", "debit"): 0.36, ("mastercard", "debit"): 0.15, ("visa", "credit"): 0.21,
        ("mastercard", "credit"): 0.14, ("amex", "credit"): 0.08, ("discover", "credit"): 0.03,
        ("visa", "prepaid"): 0.02, ("mastercard", "prepaid"): 0.01,
    },
    "JP": {
        ("visa", "credit"): 0.46, ("jcb", "credit"): 0.26, ("mastercard", "credit"): 0.13,
        ("amex", "credit"): 0.03, ("visa", "debit"): 0.09, ("visa", "prepaid"): 0.03,
    },
    "GB": {
        ("visa", "debit"): 0.53, ("mastercard", "debit"): 0.20, ("mastercard", "credit"): 0.13,
        ("visa", "credit"): 0.10, ("amex", "credit"): 0.03, ("mastercard", "prepaid"): 0.01,
    },
}  # fmt: skip
"""Scheme and funding by country (estimates); elsewhere `DEFAULT_BRAND_TYPE_SHARES`."""

DEFAULT_BRAND_TYPE_SHARES: dict[tuple[str, str], float] = {
    ("visa", "debit"): 0.34, ("mastercard", "debit"): 0.34, ("mastercard", "credit"): 0.13,
    ("visa", "credit"): 0.13, ("amex", "credit"): 0.03, ("visa", "prepaid"): 0.03,
}  # fmt: skip

_PRODUCTS = len(CARD_BRAND) * len(CARD_TYPE)


@dataclass(frozen=True)
class CardRows:
    """The card of each row.

    Attributes
    ----------
    slot, generation
        Which of the customer's cards, and how many times it was replaced: on schedule, or after a block.
    days_old
        Days since it was issued.
    card_index
        Argument of the id bijection.
    bin_id, issuer_id
        Tokens.
    brand, kind
        Codes of `CARD_BRAND` and `CARD_TYPE`.
    """

    slot: I64
    generation: I64
    days_old: I64
    card_index: I64
    bin_id: I32
    issuer_id: I32
    brand: NDArray[np.int8]
    kind: NDArray[np.int8]


@dataclass(frozen=True)
class Cards:
    """Functions of cards.

    Attributes
    ----------
    ids
        Opaque card ids.
    """

    ids: IdScrambler
    second_key: np.uint64
    product_key: np.uint64
    phase_key: np.uint64
    products: CategoricalTable
    issuers: CategoricalTable
    bin_tokens: I32

    def choose_slot(self, customer: I64, bits: U32) -> I64:
        """Choose first or second card for each row."""
        second = bits < threshold32(SECOND_CARD_USE)
        second &= self.has_second(customer)
        return second.astype(np.int64)

    def has_second(self, customer: I64) -> NDArray[np.bool_]:
        """Whether customers hold a second card."""
        return low(draw(self.second_key, customer)) < threshold32(SECOND_CARD_SHARE)

    def at(self, customer: I64, country: NDArray[np.integer], slot: I64, time_us: I64, reissues: Reissues) -> CardRows:
        """Give the card that a slot holds at a time."""
        holder = customer * SLOTS
        holder += slot
        generation, days_old = self.generation(holder, time_us // DAY_US)
        rows = reissues.candidates(holder)
        blocks, latest_us = reissues.before(holder.take(rows), time_us.take(rows))
        generation[rows] += blocks
        since = (time_us.take(rows) - latest_us) // DAY_US
        days_old[rows] = np.where(blocks > 0, np.minimum(days_old.take(rows), since), days_old.take(rows))
        bin_id, issuer_id, brand, kind = self.product(holder, country)
        card = holder * GENERATIONS + generation
        return CardRows(slot, generation, days_old, card, bin_id, issuer_id, brand, kind)

    def generation(self, holder: I64, day: I64) -> tuple[I64, I64]:
        """Count how many cards a slot had on schedule, and the days since the present one was issued."""
        age = low(draw(self.phase_key, holder)).astype(np.int64)
        age *= VALID_DAYS
        age >>= 32
        age += day - _ORIGIN_DAY
        generation = age // VALID_DAYS
        age -= generation * VALID_DAYS
        return generation, age

    def issued_day(self, holder: I64, generation: I64) -> I64:
        """First day of a generation."""
        phase = low(draw(self.phase_key, holder)).astype(np.int64) * VALID_DAYS >> 32
        return generation * VALID_DAYS - phase + _ORIGIN_DAY

    def product(self, holder: I64, country: NDArray[np.integer]) -> tuple[I32, I32, NDArray[np.int8], NDArray[np.int8]]:
        """Give bin, issuer, brand and funding of slots, by the holder's country."""
        bits = draw(self.product_key, holder)
        product = self.products(high(bits), country).astype(np.int32)
        issuer = self.issuers(low(bits)).astype(np.int32)
        issuer += country.astype(np.int32) * ISSUERS_PER_COUNTRY
        bin_index = issuer * _PRODUCTS
        bin_index += product
        bin_id = self.bin_tokens.take(bin_index)
        issuer += 1
        return bin_id, issuer, _BRAND_OF.take(product), _KIND_OF.take(product)


_BRAND_OF = np.repeat(np.arange(len(CARD_BRAND), dtype=np.int8), len(CARD_TYPE))
_KIND_OF = np.tile(np.arange(len(CARD_TYPE), dtype=np.int8), len(CARD_BRAND))


def build_cards(plan: Plan) -> Cards:
    """Prepare the functions of cards."""
    weights = np.zeros((len(COUNTRY), _PRODUCTS))
    for row, country in enumerate(COUNTRY):
        for (brand, kind), share in BRAND_TYPE_SHARES.get(country, DEFAULT_BRAND_TYPE_SHARES).items():
            weights[row, CARD_BRAND.index(brand) * len(CARD_TYPE) + CARD_TYPE.index(kind)] = share
    bins = len(COUNTRY) * ISSUERS_PER_COUNTRY * _PRODUCTS
    # Six-digit tokens; a permutation keeps them distinct and meaningless.
    tokens = Permutation(draw_int(plan.keys["bin.token"]), 900_000)(np.arange(bins)) + 100_000
    return Cards(
        ids=IdScrambler(plan.keys["card.id"]),
        second_key=plan.keys["card.second"],
        product_key=plan.keys["card.product"],
        phase_key=plan.keys["card.phase"],
        products=CategoricalTable(weights),
        issuers=CategoricalTable([1.0 / (rank + 1.5) for rank in range(ISSUERS_PER_COUNTRY)]),
        bin_tokens=tokens.astype(np.int32),
    )
