"""Codes of a payment message: what, where, how, and the answer."""

from __future__ import annotations

from typing import Final

TRANSACTION_TYPE: Final = (
    "purchase",
    "cash_withdrawal",
    "refund",
    "account_verification",
    "transfer",
)
"""What the message asks for (ISO 8583 DE3, processing code, in words)."""

CHANNEL: Final = ("in_store", "online", "atm", "moto", "app")
"""Where the payer meets the payee; ``moto`` is mail order and telephone order."""

ENTRY_MODE: Final = (
    "chip",
    "contactless",
    "magstripe",
    "fallback",
    "manual",
    "ecommerce",
    "credential_on_file",
)
"""How the card data got in (DE22); ``fallback`` is magstripe after a chip failure."""

CVM: Final = ("pin", "device", "signature", "none")
"""Cardholder verification; ``device`` is the unlock of a phone or watch (CDCVM)."""

WALLET: Final = ("apple_pay", "google_pay", "samsung_pay")
"""Device wallet that holds the token of the card."""

DEVICE_TYPE: Final = ("ios", "android", "web")
"""Kind of the payer's own device."""

IP_TYPE: Final = ("home", "mobile", "business", "hosting", "vpn")
"""What an address lookup says of the network; ``mobile`` is carrier-grade NAT."""

THREE_DS: Final = ("none", "attempted", "frictionless", "challenged", "failed")
"""Outcome of EMV 3-D Secure."""

AVS_RESULT: Final = ("Y", "A", "Z", "N", "U")
"""Address check: both match, street only, postcode only, neither, unavailable."""

CVV_RESULT: Final = ("M", "N", "P", "U")
"""Card security code: match, no match, not processed, issuer unable."""

RESPONSE_CODE: Final = (
    "00",
    "05",
    "14",
    "41",
    "43",
    "51",
    "54",
    "57",
    "59",
    "61",
    "62",
    "65",
    "75",
    "91",
    "96",
    "1A",
    "N7",
)
"""Issuer's answer (DE39)."""

RESPONSE_MEANING: Final[dict[str, str]] = {
    "00": "approved",
    "05": "do not honour",
    "14": "no such card",
    "41": "lost card",
    "43": "stolen card",
    "51": "insufficient funds",
    "54": "expired card",
    "57": "not permitted to cardholder",
    "59": "suspected fraud",
    "61": "amount limit exceeded",
    "62": "restricted card",
    "65": "count limit exceeded, or step-up needed",
    "75": "PIN tries exceeded",
    "91": "issuer unavailable",
    "96": "system malfunction",
    "1A": "strong customer authentication needed",
    "N7": "card security code wrong",
}
"""Response code in words, as ISO 8583 and the schemes use it."""
