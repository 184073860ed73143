"""What look-alikes of fraud share: people who fit, prices that are higher, issuers that have doubts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from payloom.behaviour.authorisation import APPROVED
from payloom.behaviour.choice import Choice
from payloom.behaviour.pricing import COUNTRY_CURRENCY
from payloom.behaviour.rows import Rows
from payloom.codes import RESPONSE_CODE
from payloom.fraud.shares import code_table
from payloom.fraud.typology import Typology
from payloom.streams.hashing import U32, U64, high, low, threshold32
from payloom.streams.tables import F64

I64 = NDArray[np.int64]

DOUBTS = code_table(RESPONSE_CODE, {"05": 0.60, "59": 0.18, "61": 0.12, "62": 0.10})
"""Answers to honest payments that look odd to the issuer (estimate)."""


class LookAlike(Typology):
    """A kind of genuine payments that looks like fraud.

    An event is the customer's own payment, with the card that they have at that time; a card that was blocked after a
    fraud has been replaced.
    """

    genuine = True

    def neighbour(self, customer: I64, bits: U32) -> I64:
        """Somebody else of the same country and time zone who joined in the same months, where there is one."""
        cohorts = self.kit.model.plan.cohorts
        cohort = cohorts.of_customer(customer)
        base: I64 = cohorts.base[cohort]
        size: I64 = cohorts.size[cohort]
        step: I64 = 1 + (bits.astype(np.int64) * np.maximum(size - 1, 1) >> 32)
        found: I64 = base + (customer - base + step) % size
        return found

    def dearer(self, choice: Choice, places: NDArray[np.intp], factor: F64) -> None:
        """Multiply what purchases cost; what asks for nothing still does."""
        kit = self.kit
        costs = choice.amount_minor[places] > 0
        places, factor = places[costs], factor[costs]
        currency = COUNTRY_CURRENCY[kit.model.merchants.site_country[choice.site[places]]]
        ticket = kit.draws(choice.bits[places], "dearer")
        raw = choice.amount_minor[places] * factor
        kit.set_amount(choice, places, kit.spending.pricing.with_ending(raw, choice.trade[places], currency, ticket))

    @staticmethod
    def doubt(rows: Rows, share: float, bits: U64) -> None:
        """Let issuers refuse a share of approved payments that look odd to them."""
        refused = np.flatnonzero((low(bits) < threshold32(share)) & (rows.response == APPROVED))
        rows.response[refused] = DOUBTS(high(bits[refused])).astype(np.int8)
