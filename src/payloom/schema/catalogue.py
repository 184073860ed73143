"""All tables of a data set."""

from __future__ import annotations

from typing import Final

from payloom.schema.column import Table
from payloom.schema.fraud_labels import FRAUD_LABELS
from payloom.schema.holders import ACCOUNTS, CARDS, CUSTOMERS, DEVICES
from payloom.schema.merchants import MERCHANTS
from payloom.schema.payments import PAYMENTS

TABLES: Final[dict[str, Table]] = {
    table.name: table for table in (PAYMENTS, FRAUD_LABELS, CUSTOMERS, ACCOUNTS, CARDS, MERCHANTS, DEVICES)
}
"""Every table by its name, facts first."""
