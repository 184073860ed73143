"""What a defender learns, and when: reports and chargebacks come days to months after the fraud."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from payloom.behaviour.authorisation import APPROVED
from payloom.behaviour.rows import NULL, Rows
from payloom.codes import CHARGEBACK_REASON, REPORT_CHANNEL
from payloom.fraud.events import Events
from payloom.fraud.kit import Kit, code_table
from payloom.fraud.typology import Typology
from payloom.plan.periods import DAY_US
from payloom.streams.hashing import high, low, unit

I64 = NDArray[np.int64]
Code = NDArray[np.int8]

NEVER_US = -1
"""Time of what never happens."""

MAX_DELAY_DAYS = 120.0
"""Cap of the card schemes on the time to a dispute."""

CHARGEBACK_MEDIAN_DAYS, CHARGEBACK_SIGMA = 21.0, 0.75
"""From report to chargeback: from event to chargeback the median is about 28 and the 90th percentile 75 days."""

CHANNEL_SHARES = {
    "cardholder_app": 0.36, "cardholder_call": 0.26, "issuer_alert": 0.26, "merchant": 0.05,
    "scheme_notice": 0.05, "police": 0.02,
}  # fmt: skip
"""Who tells the issuer (estimate)."""

_FRAUD_CNP, _FRAUD_CP = (np.int8(CHARGEBACK_REASON.index(reason)) for reason in ("fraud_cnp", "fraud_cp"))


@dataclass(slots=True)
class Labels:
    """Labels of n fraudulent payments; times in microseconds, -1 is never.

    Attributes
    ----------
    index, time_us
        The payment.
    typology, campaign, role
        What it belongs to, and its part.
    reported_us, report_channel, chargeback_reason, chargeback_us
        What became known, and when.
    """

    index: I64
    time_us: I64
    typology: Code
    campaign: I64
    role: Code
    reported_us: I64
    report_channel: Code
    chargeback_reason: Code
    chargeback_us: I64

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

    def label(self, typology: Typology, code: int, events: Events, victim: I64, rows: Rows) -> Labels:
        """Label the events of one typology; what concerns one victim and day becomes known at once."""
        kit, exp = self._kit, self._kit.model.plan.functions.exp
        normal = kit.model.plan.functions.normal
        case = kit.pair_draws(events.campaign_bits, victim, "report.case")
        delay = exp(normal(high(case)) * typology.report_delay_sigma) * typology.report_delay_median_days
        delay_us = (np.minimum(delay, MAX_DELAY_DAYS) * DAY_US).astype(np.int64)
        # Nothing is reported before it has happened.
        reported = np.maximum(events.midnight_us + delay_us, rows.time_us + 1_800_000_000)
        own = kit.draws(events.bits, "report.event")
        approved = rows.response == APPROVED
        unnoticed = ~approved | (unit(high(own)) < typology.unreported_share)
        reported[unnoticed] = NEVER_US
        channel = self._channels(low(case)).astype(np.int8)
        channel[unnoticed] = NULL
        claim = kit.draws(case, "report.claim")
        wait = exp(normal(high(claim)) * CHARGEBACK_SIGMA) * CHARGEBACK_MEDIAN_DAYS
        charged = reported + (np.minimum(wait, MAX_DELAY_DAYS) * DAY_US).astype(np.int64)
        no_claim = unnoticed | (unit(low(own)) >= typology.chargeback_share) | (rows.amount_minor == 0)
        charged[no_claim] = NEVER_US
        reason = np.where(rows.latitude == rows.latitude, _FRAUD_CP, _FRAUD_CNP)
        reason[no_claim] = NULL
        return Labels(
            index=rows.index,
            time_us=rows.time_us,
            typology=np.full(len(events), code, dtype=np.int8),
            campaign=events.campaign,
            role=typology.roles(events),
            reported_us=reported,
            report_channel=channel,
            chargeback_reason=reason,
            chargeback_us=charged,
        )
