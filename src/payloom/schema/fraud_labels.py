"""The fraud_labels table: what turned out, and when it became known."""

from __future__ import annotations

from typing import Final

from payloom import codes
from payloom.schema.column import Column, Table
from payloom.schema.kinds import code, key

_LATER: Final = "when it never happened"

FRAUD_LABELS: Final = Table(
    name="fraud_labels",
    description="One row per fraudulent or disputed payment",
    columns=(
        key("transaction_id", "The payment"),
        Column(
            name="event_time",
            kind="timestamp",
            description="Time of the payment",
            unit="microsecond since 1970-01-01 UTC",
            role="time",
            known="after",
            encoding="delta",
        ),
        Column(
            name="typology",
            kind="enum",
            description="Kind of fraud; a plug-in may add names",
            role="label",
            known="after",
            codes=codes.TYPOLOGY,
            codes_open=True,
            encoding="dictionary",
        ),
        Column(
            name="campaign_id",
            kind="int64",
            description="Campaign that the payment belongs to; opaque",
            role="label",
            known="after",
        ),
        code("role", codes.ROLE, "What the payment does in it", known="after", label=True),
        Column(
            name="is_fraud",
            kind="bool",
            description="Ground truth; false for a genuine payment that is disputed",
            role="label",
            known="after",
        ),
        Column(
            name="reported_at",
            kind="timestamp",
            description="When the issuer first heard of it; may lie after the period",
            null="when it was never reported",
            unit="microsecond since 1970-01-01 UTC",
            role="label",
            known="after",
        ),
        code(
            "report_channel",
            codes.REPORT_CHANNEL,
            "Who told the issuer",
            null="with reported_at",
            known="after",
            label=True,
        ),
        code(
            "chargeback_reason",
            codes.CHARGEBACK_REASON,
            "Why the payment was charged back",
            null=f"{_LATER}; always for a declined payment",
            known="after",
            label=True,
        ),
        Column(
            name="chargeback_at",
            kind="timestamp",
            description="When the chargeback was raised; may lie after the period",
            null="with chargeback_reason",
            unit="microsecond since 1970-01-01 UTC",
            role="label",
            known="after",
        ),
    ),
    sort_by=("event_time",),
    by_month=True,
)
