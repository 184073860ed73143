"""Codes of the fraud labels."""

from __future__ import annotations

from typing import Final

TYPOLOGY: Final = (
    "cnp_stolen",
    "card_testing",
    "account_takeover",
    "device_farm",
    "lost_stolen",
    "counterfeit",
    "synthetic_bust_out",
    "first_party_dispute",
    "merchant_collusion",
    "refund_abuse",
    "triangulation",
    "subscription_trap",
    "impossible_travel",
    "night_high_value",
    "app_scam",
    "mule_cash_out",
    "fan_in",
    "fan_out",
    "scatter_gather",
    "gather_scatter",
    "cycle",
    "bipartite",
    "stack",
    "structuring",
)
"""Names known to the package; the order is part of the data: append, never insert.

``app_scam`` is authorised push payment fraud; ``mule_cash_out`` is a takeover whose
money leaves through mule accounts; ``counterfeit`` follows skimming at a common point
of purchase. A typology from outside the package may add its own name to the labels.
"""

PLANTED: Final = (
    "breached_terminal",
    "first_party_dispute",
    "family_device",
    "corporate_card",
    "big_purchase",
    "new_phone",
    "holiday_spree",
)
"""Genuine payments made on purpose: they look like fraud, come before it, or are disputed afterwards.

Only disputes are in the labels, as ``first_party_dispute`` of `TYPOLOGY`, with ``is_fraud`` false.
"""

ROLE: Final = (
    "test",
    "purchase",
    "cash_out",
    "verification",
    "promotion",
    "refund",
    "collect",
    "forward",
    "disperse",
    "disputed",
)
"""What the payment does in its campaign.

``test`` probes whether a card works; ``promotion`` earns a bonus or trial; ``collect``,
``forward`` and ``disperse`` are the legs of a mule shape; ``disputed`` is a genuine
payment that its cardholder contests.
"""

REPORT_CHANNEL: Final = (
    "cardholder_app",
    "cardholder_call",
    "issuer_alert",
    "merchant",
    "scheme_notice",
    "police",
)
"""Who told the issuer; ``scheme_notice`` is a compromise alert of the card network."""

CHARGEBACK_REASON: Final = (
    "fraud_cnp",
    "fraud_cp",
    "counterfeit_liability",
    "not_received",
    "not_as_described",
    "cancelled_recurring",
    "credit_not_processed",
    "duplicate",
    "unrecognised",
)
"""Dispute reason, neutral of scheme (Visa 10.x-13.x, Mastercard 4837-4870 in words)."""
