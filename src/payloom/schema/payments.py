"""The payments table: one row per authorisation message."""

from __future__ import annotations

from typing import Final

from payloom import codes
from payloom.schema.column import Column, Table
from payloom.schema.kinds import code, degrees, key, reference, token

_TRANSFER: Final = "for a transfer"
_REMOTE_OR_TRANSFER: Final = "when the card is not present, and for a transfer"
_NO_DEVICE: Final = "when the payer has no device in it: card present, recurring, moto, refund"
_PRESENT_OR_TRANSFER: Final = "when the card is present, and for a transfer"

_WHAT: Final = (
    key("transaction_id", "Unique, opaque; says nothing of time, customer or label"),
    Column(
        name="event_time",
        kind="timestamp",
        description="Time of the authorisation",
        unit="microsecond since 1970-01-01 UTC",
        standard="ISO 8583 DE7",
        role="time",
        encoding="delta",
    ),
    Column(
        name="local_offset_min",
        kind="int16",
        description="Local time minus UTC, DST included: at the terminal, or at the payer's home when remote",
        unit="minute",
        role="feature",
        encoding="dictionary",
    ),
    code(
        "transaction_type",
        codes.TRANSACTION_TYPE,
        "What the message asks for",
        standard="ISO 8583 DE3",
    ),
    Column(
        name="amount_minor",
        kind="int64",
        description="Amount, never negative; 0 for an account verification",
        unit="minor unit of currency",
        standard="ISO 8583 DE4",
        role="feature",
    ),
    code("currency", codes.CURRENCY, "Currency of the amount", standard="ISO 4217, DE49"),
    Column(
        name="amount_usd",
        kind="float64",
        description="Amount at one fixed rate per currency, for models",
        unit="US dollar",
        role="feature",
    ),
)

_PAYER: Final = (
    reference("customer_id", "The payer; the receiver of a refund, or of what a business sends"),
    reference("account_id", "Account that is charged, or credited by a refund"),
    reference("payee_account_id", "Account that receives a transfer", null="unless it is a transfer"),
    reference("card_id", "Token of the card; never a PAN", null=_TRANSFER),
    token("bin_id", "Token of the card's BIN", null=_TRANSFER),
    token("issuer_id", "Token of the bank that issued the card", null=_TRANSFER),
    token("acquirer_id", "Token of the merchant's bank", null=_TRANSFER),
    code("card_brand", codes.CARD_BRAND, "Card scheme", null=_TRANSFER),
    code("card_type", codes.CARD_TYPE, "Funding of the card", null=_TRANSFER),
    code(
        "issuer_country",
        codes.COUNTRY,
        "Country of the issuer",
        null=_TRANSFER,
        standard="ISO 3166-1",
        wide=True,
    ),
)

_ACCEPTOR: Final = (
    Column(
        name="merchant_id",
        kind="int64",
        description="Acceptor (MID); for a cash withdrawal the machine's operator",
        null=_TRANSFER,
        standard="ISO 8583 DE42",
        role="reference",
    ),
    Column(
        name="terminal_id",
        kind="int64",
        description="Terminal (TID)",
        null=_REMOTE_OR_TRANSFER,
        standard="ISO 8583 DE41",
        role="feature",
    ),
    code(
        "mcc",
        codes.MCC,
        "Trade of the acceptor",
        null="for a transfer, and at random",
        standard="ISO 18245, DE18",
        wide=True,
        missing="mcc",
    ),
    code(
        "merchant_country",
        codes.COUNTRY,
        "Country of the acceptor",
        null=_TRANSFER,
        standard="ISO 3166-1",
        wide=True,
    ),
    degrees(
        "latitude",
        "Latitude of the terminal",
        null=f"{_REMOTE_OR_TRANSFER}; at random with longitude",
        missing="latitude",
    ),
    degrees(
        "longitude",
        "Longitude of the terminal",
        null=f"{_REMOTE_OR_TRANSFER}; at random with latitude",
        missing="latitude",
    ),
)

_HOW: Final = (
    code("channel", codes.CHANNEL, "Where payer and payee meet"),
    code(
        "entry_mode",
        codes.ENTRY_MODE,
        "How the card data was entered",
        null=_TRANSFER,
        standard="ISO 8583 DE22",
    ),
    code("cvm", codes.CVM, "How the cardholder was verified", null=_REMOTE_OR_TRANSFER),
    code("wallet", codes.WALLET, "Device wallet used", null="unless a device wallet was used"),
    Column(
        name="device_id",
        kind="int64",
        description="The payer's device",
        null=f"{_NO_DEVICE}; at random with device_type",
        role="reference",
        missing="device_id",
    ),
    code(
        "device_type",
        codes.DEVICE_TYPE,
        "Kind of the payer's device",
        null="with device_id",
        missing="device_id",
    ),
    Column(
        name="ip_address",
        kind="string",
        description="Address of the payer's device: 10/8, 100.64/10, 240/4 or 2001:db8::/32",
        null=_NO_DEVICE,
        standard="RFC 1918, 6598, 1112, 3849",
        role="feature",
    ),
    code(
        "ip_country",
        codes.COUNTRY,
        "Country that a lookup of the address would give",
        null=_NO_DEVICE,
        standard="ISO 3166-1",
        wide=True,
    ),
    code("ip_type", codes.IP_TYPE, "Network that a lookup would give", null=_NO_DEVICE),
    code(
        "three_ds",
        codes.THREE_DS,
        "Outcome of 3-D Secure",
        null=_PRESENT_OR_TRANSFER,
        standard="EMV 3-D Secure 2",
    ),
    code(
        "avs_result",
        codes.AVS_RESULT,
        "Address check by the issuer",
        null="unless card data is entered remotely and the issuer is in US, CA or GB; in a refund",
        known="after",
    ),
    code(
        "cvv_result",
        codes.CVV_RESULT,
        "Check of the card security code",
        null="when the card is present or its credential is stored, in a refund, and for a transfer",
        known="after",
    ),
    Column(
        name="is_recurring",
        kind="bool",
        description="Started by the merchant or the bank: subscription, standing order, batch",
        role="feature",
    ),
)

_ANSWER: Final = (
    Column(
        name="response_code",
        kind="enum",
        description="Issuer's answer; 00 is approved",
        standard="ISO 8583 DE39",
        role="outcome",
        known="after",
        codes=codes.RESPONSE_CODE,
        encoding="dictionary",
    ),
    reference("original_transaction_id", "The earlier payment that is refunded", null="unless a refund"),
    Column(
        name="is_fraud",
        kind="bool",
        description="Ground truth, declined attempts included; reports are in fraud_labels",
        role="label",
        known="after",
    ),
)

PAYMENTS: Final = Table(
    name="payments",
    description="One row per authorisation message",
    columns=_WHAT + _PAYER + _ACCEPTOR + _HOW + _ANSWER,
    sort_by=("event_time",),
    by_month=True,
)
