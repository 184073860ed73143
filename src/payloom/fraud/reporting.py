"""What a defender learns, and when: reports and chargebacks come days to months after the fraud."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from payloom.behaviour.authorisation import APPROVED
from payloom.behaviour.refunds import REFUND
from payloom.behaviour.rows import NULL, Rows
from payloom.codes import REPORT_CHANNEL
from payloom.fraud.cases import MAX_DELAY_DAYS, NEVER_US, SOONEST_US, Cases, Timed
from payloom.fraud.kit import Kit
from payloom.fraud.shares import code_table
from payloom.plan.periods import DAY_US
from payloom.streams.hashing import U64, high, low, unit

I64 = NDArray[np.int64]
Code = NDArray[np.int8]

CHARGEBACK_MEDIAN_DAYS, CHARGEBACK_SIGMA = 21.0, 0.75
"""From report to chargeback: from event to chargeback the median is about 28 and the 90th percentile 75 days."""

CHANNEL_SHARES = {
    "cardholder_app": 0.36, "cardholder_call": 0.26, "issuer_alert": 0.26, "merchant": 0.05,
    "scheme_notice": 0.05, "police": 0.02,
}  # fmt: skip
"""Who tells the issuer (estimate)."""

DISPUTE_CHANNEL_SHARES = {"cardholder_app": 0.62, "cardholder_call": 0.34, "merchant": 0.04}
"""Who tells the issuer of a purchase that the cardholder made (estimate): nobody else finds anything wrong."""


@dataclass(slots=True)
class Labels:
    """Labels of n fraudulent or disputed payments; times in microseconds, -1 is never.

    Attributes
    ----------
    index, time_us
        The payment.
    typology, campaign, role, is_fraud
        What it belongs to, its part, and whether it is fraud or a genuine payment that is disputed.
    reported_us, report_channel, chargeback_reason, chargeback_us
        What became known, and when.
    """

    index: I64
    time_us: I64
    typology: Code
    campaign: I64
    role: Code
    is_fraud: NDArray[np.bool_]
    reported_us: I64
    report_channel: Code
    chargeback_reason: Code
    chargeback_us: I64

    @classmethod
    def empty(cls) -> Labels:
        """No labels."""
        kinds = {"I64": np.int64, "Code": np.int8, "NDArray[np.bool_]": np.bool_}
        return cls(*(np.zeros(0, dtype=kinds[str(field.type)]) for field in fields(cls)))

    def take(self, rows: NDArray[np.intp]) -> Labels:
        """Copy some labels."""
        return Labels(*(getattr(self, name)[rows] for name in LABEL_FIELDS))

    @staticmethod
    def concatenate(parts: list[Labels]) -> Labels:
        """Join labels end to end."""
        return Labels(*(np.concatenate([getattr(part, name) for part in parts]) for name in LABEL_FIELDS))


LABEL_FIELDS = tuple(field.name for field in fields(Labels))


class Reporting:
    """Draws reports and chargebacks.

    Parameters
    ----------
    kit
        The world's tools.
    """

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        self._channels = code_table(REPORT_CHANNEL, CHANNEL_SHARES)
        self._dispute_channels = code_table(REPORT_CHANNEL, DISPUTE_CHANNEL_SHARES)

    def label(self, code: int, made: Timed, rows: Rows, cases: Cases) -> Labels:
        """Label the fraud of one typology: what concerns one victim becomes known at once."""
        case = cases.find(made.events, made.victim)
        # What happens after the report is seen at once, and nothing is reported before it has happened.
        reported = np.maximum(cases.table.reported_us[case], rows.time_us + SOONEST_US)
        reported[(cases.table.reported_us[case] == NEVER_US) | (rows.response != APPROVED)] = NEVER_US
        return self._finish(code, made, rows, reported, self._kit.draws(cases.table.key[case], "report.case"))

    def dispute(self, code: int, made: Timed, rows: Rows) -> Labels:
        """Label genuine payments that are disputed, each by itself."""
        functions, settings = self._kit.model.plan.functions, made.plan.typology.settings
        bits = self._kit.draws(made.events.bits, "report.dispute")
        days = functions.exp(functions.normal(high(bits)) * settings.report_delay_sigma)
        days *= settings.report_delay_median_days
        reported = rows.time_us + np.maximum((np.minimum(days, MAX_DELAY_DAYS) * DAY_US).astype(np.int64), SOONEST_US)
        reported[rows.response != APPROVED] = NEVER_US
        return self._finish(code, made, rows, reported, self._kit.draws(made.events.bits, "report.case"))

    def _finish(self, code: int, made: Timed, rows: Rows, reported: I64, case_bits: U64) -> Labels:
        kit, typology, events = self._kit, made.plan.typology, made.events
        functions = kit.model.plan.functions
        unnoticed = reported == NEVER_US
        channels = self._dispute_channels if typology.genuine else self._channels
        channel = channels(low(case_bits)).astype(np.int8)
        channel[unnoticed] = NULL
        claim, own = kit.draws(case_bits, "report.claim"), kit.draws(events.bits, "report.event")
        wait = functions.exp(functions.normal(high(claim)) * CHARGEBACK_SIGMA) * CHARGEBACK_MEDIAN_DAYS
        charged = reported + (np.minimum(wait, MAX_DELAY_DAYS) * DAY_US).astype(np.int64)
        no_claim = unnoticed | (unit(low(own)) >= typology.settings.chargeback_share) | (rows.amount_minor == 0)
        # Only card payments are charged back, and nobody claims back what was given back.
        no_claim |= (rows.card == NULL) | (rows.kind == REFUND)
        charged[no_claim] = NEVER_US
        reason = typology.chargeback_reasons(rows, events)
        reason[no_claim] = NULL
        return Labels(
            index=rows.index,
            time_us=rows.time_us,
            typology=np.full(len(events), code, dtype=np.int8),
            campaign=events.campaign,
            role=typology.roles(events),
            is_fraud=rows.is_fraud,
            reported_us=reported,
            report_channel=channel,
            chargeback_reason=reason,
            chargeback_us=charged,
        )
