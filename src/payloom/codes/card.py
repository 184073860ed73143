"""Codes of cards and of the people who hold them."""

from __future__ import annotations

from typing import Final

CARD_BRAND: Final = ("visa", "mastercard", "amex", "jcb", "discover")
"""Card scheme (network); an issuer is never listed here."""

CARD_TYPE: Final = ("debit", "credit", "prepaid")
"""Funding of the card."""

AFFLUENCE_BAND: Final = ("low", "lower_middle", "middle", "upper_middle", "high")
"""Fifth of the country's customers by spending power."""

AGE_BAND: Final = ("18-24", "25-34", "35-44", "45-54", "55-64", "65-74", "75+")
"""Age in years at the start of the period."""

ACCOUNT_KIND: Final = ("current", "card", "savings", "business")
"""What an account is for: everyday life, a second card, savings, or a business."""
