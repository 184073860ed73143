"""Enum values of the data; a code in the kernels is the index into its tuple."""

from payloom.codes.card import ACCOUNT_KIND, AFFLUENCE_BAND, AGE_BAND, CARD_BRAND, CARD_TYPE
from payloom.codes.fraud import CHARGEBACK_REASON, PLANTED, REPORT_CHANNEL, ROLE, TYPOLOGY
from payloom.codes.payment import (
    AVS_RESULT,
    CHANNEL,
    CVM,
    CVV_RESULT,
    DEVICE_TYPE,
    ENTRY_MODE,
    IP_TYPE,
    RESPONSE_CODE,
    RESPONSE_MEANING,
    THREE_DS,
    TRANSACTION_TYPE,
    WALLET,
)
from payloom.codes.place import COUNTRY, CURRENCY, MCC

__all__ = [
    "ACCOUNT_KIND",
    "AFFLUENCE_BAND",
    "AGE_BAND",
    "AVS_RESULT",
    "CARD_BRAND",
    "CARD_TYPE",
    "CHANNEL",
    "CHARGEBACK_REASON",
    "COUNTRY",
    "CURRENCY",
    "CVM",
    "CVV_RESULT",
    "DEVICE_TYPE",
    "ENTRY_MODE",
    "IP_TYPE",
    "MCC",
    "PLANTED",
    "REPORT_CHANNEL",
    "RESPONSE_CODE",
    "RESPONSE_MEANING",
    "ROLE",
    "THREE_DS",
    "TRANSACTION_TYPE",
    "TYPOLOGY",
    "WALLET",
]
