"""The tables of the payers' side: customers, accounts, cards, devices."""

from __future__ import annotations

from typing import Final

from payloom import codes
from payloom.schema.column import Column, Table
from payloom.schema.kinds import code, day, degrees, key, reference, token

CUSTOMERS: Final = Table(
    name="customers",
    description="One row per person whose time as a customer overlaps the period",
    columns=(
        key("customer_id", "Token of the person"),
        code(
            "home_country",
            codes.COUNTRY,
            "Country of residence; a region of the world",
            standard="ISO 3166-1",
            wide=True,
        ),
        Column(name="home_city", kind="string", description="City of residence"),
        degrees("home_latitude", "Latitude of the home's neighbourhood"),
        degrees("home_longitude", "Longitude of the home's neighbourhood"),
        code("affluence_band", codes.AFFLUENCE_BAND, "Fifth by spending power"),
        code("age_band", codes.AGE_BAND, "Age in years at the start of the period"),
        day("opened_on", "First day as a customer"),
        day("closed_on", "First day no longer a customer", null="while the customer stays"),
    ),
    sort_by=("customer_id",),
)

ACCOUNTS: Final = Table(
    name="accounts",
    description="One row per account",
    columns=(
        key("account_id", "Token of the account"),
        code("account_kind", codes.ACCOUNT_KIND, "What it is for"),
        reference("customer_id", "Its holder", null="for the account of a business"),
        reference("merchant_id", "The business", null="unless it is the account of a business"),
        code("currency", codes.CURRENCY, "Currency it is kept in", standard="ISO 4217"),
        day("opened_on", "First day"),
        day("closed_on", "First day closed", null="while it is open"),
    ),
    sort_by=("account_id",),
)

CARDS: Final = Table(
    name="cards",
    description="One row per card, each reissue a card of its own",
    columns=(
        key("card_id", "Token of the card; never a PAN"),
        reference("account_id", "Account that it draws on"),
        reference("customer_id", "Its holder"),
        token("bin_id", "Token of its BIN"),
        token("issuer_id", "Token of the bank that issued it"),
        code("card_brand", codes.CARD_BRAND, "Card scheme"),
        code("card_type", codes.CARD_TYPE, "Funding"),
        code(
            "issuer_country",
            codes.COUNTRY,
            "Country of the issuer",
            standard="ISO 3166-1",
            wide=True,
        ),
        day("issued_on", "First day it can pay"),
        day("expires_on", "First day after its printed expiry"),
        reference("replaced_by_card_id", "The card that took its place", null="while none has"),
    ),
    sort_by=("card_id",),
)

DEVICES: Final = Table(
    name="devices",
    description="One row per device that payers use",
    columns=(
        key("device_id", "Token of the device"),
        reference("customer_id", "Customer who first used it; others may share it"),
        code("device_type", codes.DEVICE_TYPE, "Kind of device"),
        day("activated_on", "First day of use"),
        day("retired_on", "First day out of use", null="while it is in use"),
    ),
    sort_by=("device_id",),
)
