"""The issuer's answer: every decline has a cause."""

from __future__ import annotations

from dataclasses import dataclass
from math import fsum

import numpy as np
from numpy.typing import NDArray

from payloom.codes import COUNTRY, RESPONSE_CODE
from payloom.plan.intensity import days_since_payday
from payloom.plan.periods import DAY_US, day_date
from payloom.streams.hashing import U32, U64, derive, high, low, threshold32, unit
from payloom.streams.tables import F64, CategoricalTable
from payloom.world.cards import REISSUE_OVERLAP_DAYS
from payloom.world.model import Model

I64 = NDArray[np.int64]
Code = NDArray[np.int8]

APPROVED, EXPIRED = (np.int8(RESPONSE_CODE.index(code)) for code in ("00", "54"))
NO_SUCH_CARD, RESTRICTED = (np.int8(RESPONSE_CODE.index(code)) for code in ("14", "62"))
FUNDS, OVER_LIMIT = (RESPONSE_CODE.index(code) for code in ("51", "61"))

PRESENT, WITH_PIN, REMOTE, REMOTE_SCA, STORED = (np.int8(context) for context in range(5))
"""Contexts: card present without and with a PIN; card data entered remotely, elsewhere and where strong customer
authentication is the law; credential kept by the merchant."""

SCA_COUNTRIES = frozenset(("GB", "DE", "FR", "ES", "IT", "NL", "SE", "PL", "PT", "GR", "AT", "CH", "IN"))
"""Issuers' countries in which strong customer authentication is the rule (PSD2, UK, RBI)."""

STALE_CREDENTIAL_SHARE = 0.22
"""Stored credentials still at the old expiry in the month after a reissue (estimate; account updaters miss some)."""

AFTER_BLOCK = {"05": 0.42, "41": 0.10, "43": 0.08, "62": 0.14, "14": 0.18, "57": 0.08}
"""Answers to attempts with a blocked card, a thief's or those of a merchant who keeps its number (estimate)."""

SOFT_DECLINE_SHARE = 0.006
"""Remote payments sent back for strong authentication where the law asks for it (estimate)."""

_FUNDS_BY_PAYDAY = (0.45, 0.55, 0.65, 0.72, 0.78, 0.84, 0.9, 0.95, 1.0, 1.02, 1.05, 1.08, 1.1, 1.12, 1.15, 1.2)
"""Want of funds by days since payday (estimate); scaled to a mean of 1 over the month."""


@dataclass(frozen=True)
class Authorisation:
    """Tables of answers.

    Attributes
    ----------
    answers
        Draws an answer by context.
    after_block
        Draws an answer to an attempt with a blocked card.
    funds_by_day
        Array (days, countries): want of funds against its mean.
    """

    model: Model
    answers: CategoricalTable
    after_block: CategoricalTable
    funds_by_day: F64

    @classmethod
    def of(cls, model: Model) -> Authorisation:
        """Prepare the tables."""
        blocked = CategoricalTable([AFTER_BLOCK.get(code, 0.0) for code in RESPONSE_CODE])
        return cls(model, CategoricalTable(_answer_weights(model)), blocked, _funds_by_day(model))

    def respond(
        self,
        time_us: I64,
        country: I64,
        affluence_bits: U32,
        context: NDArray[np.integer],
        card_days_old: I64,
        amount_minor: I64,
        bits: U64,
    ) -> Code:
        """Answer authorisation requests of honest customers.

        Parameters
        ----------
        time_us, country, affluence_bits
            When, where the customer lives, and the bits that set their spending power.
        context
            `PRESENT`, `WITH_PIN`, `REMOTE`, `REMOTE_SCA` or `STORED`.
        card_days_old
            Days since the card was issued.
        amount_minor
            Amounts; who asks for nothing lacks no funds.
        bits
            Random bits of the rows.
        """
        draws = derive(bits, self.model.plan.keys["response"])
        answer = self.answers(high(draws), context).astype(np.int8)
        short = np.flatnonzero(answer == FUNDS)
        if short.size:
            self._forgive(answer, short, time_us, country, affluence_bits, low(draws))
            asks_nothing = (amount_minor == 0) & ((answer == FUNDS) | (answer == OVER_LIMIT))
            np.copyto(answer, APPROVED, where=asks_nothing)
        stale = np.flatnonzero((card_days_old < REISSUE_OVERLAP_DAYS) & (context == STORED))
        if stale.size:
            expired = low(draws[stale]) < threshold32(STALE_CREDENTIAL_SHARE)
            answer[stale[expired]] = EXPIRED
        return answer

    def _forgive(
        self, answer: Code, short: NDArray[np.intp], time_us: I64, country: I64, affluence_bits: U32, draws: U32
    ) -> None:
        """Keep want of funds where it is likely: before payday and with the poor.

        The table draws it twice as often as configured at the peak; what is kept has the configured mean.
        """
        day = time_us[short] // DAY_US - self.model.plan.period.first_day
        risk = self.funds_by_day[day, country[short]]
        risk *= 1.0 - unit(affluence_bits[short])
        forgiven = unit(draws[short]) * 1.3 > risk
        answer[short[forgiven]] = APPROVED


def _answer_weights(model: Model) -> F64:
    """Shares of answers by context; the rest is approved."""
    config = model.config.authorisation
    funds, mistyped = config.insufficient_funds_share, config.mistyped_share
    common = {"59": config.suspected_share * 0.6, "62": config.suspected_share * 0.4}
    common |= {"91": config.network_share * 0.7, "96": config.network_share * 0.3}
    # 1.3 * 2: `_forgive` keeps risk / 1.3 of them, and risk has mean 1/2.
    common |= {"51": funds * 2.6 * 0.93, "61": funds * 0.07, "57": 0.0006, "41": 0.0002, "43": 0.0001}
    present = common | {"05": config.do_not_honour_share}
    with_pin = present | {"75": config.pin_error_share * 0.6, "65": config.pin_error_share * 0.4}
    remote = common | {"05": config.remote_do_not_honour_share}
    remote |= {"14": mistyped * 0.25, "54": mistyped * 0.25, "N7": mistyped * 0.5}
    remote_sca = remote | {"1A": SOFT_DECLINE_SHARE}
    stored = common | {"05": config.remote_do_not_honour_share, "14": 0.0008}
    weights = np.zeros((5, len(RESPONSE_CODE)))
    for context, shares in enumerate((present, with_pin, remote, remote_sca, stored)):
        declined = 0.0
        for code, share in shares.items():
            weights[context, RESPONSE_CODE.index(code)] = share
            declined += share
        weights[context, APPROVED] = max(1.0 - declined, 0.0)
    return weights


def _funds_by_day(model: Model) -> F64:
    period = model.plan.period
    factor = np.ones((period.days, len(COUNTRY)))
    last = len(_FUNDS_BY_PAYDAY) - 1
    for country in sorted({group.country for group in model.plan.groups}):
        values = [
            _FUNDS_BY_PAYDAY[min(days_since_payday(day_date(day), country), last)]
            for day in range(period.first_day, period.end_day)
        ]
        mean = fsum(values) / len(values)
        factor[:, COUNTRY.index(country)] = [value / mean for value in values]
    return factor
