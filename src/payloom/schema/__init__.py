"""Tables and columns, declared once."""

from payloom.schema.catalogue import TABLES
from payloom.schema.column import Column, Table
from payloom.schema.fraud_labels import FRAUD_LABELS
from payloom.schema.holders import ACCOUNTS, CARDS, CUSTOMERS, DEVICES
from payloom.schema.merchants import MERCHANTS
from payloom.schema.payments import PAYMENTS

__all__ = [
    "ACCOUNTS",
    "CARDS",
    "CUSTOMERS",
    "DEVICES",
    "FRAUD_LABELS",
    "MERCHANTS",
    "PAYMENTS",
    "TABLES",
    "Column",
    "Table",
]
