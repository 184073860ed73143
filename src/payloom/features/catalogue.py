"""Every feature, and the frame of them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import polars as pl

from payloom.features.feature import Feature, Group
from payloom.features.linkage import LINKAGE
from payloom.features.past import Past
from payloom.features.rfm import RFM
from payloom.features.risk import RISK
from payloom.features.row import AMOUNT, ROW

FEATURES: Final[tuple[Feature, ...]] = (*AMOUNT, *ROW, *RFM, *RISK, *LINKAGE)
"""All features, in the order of their columns."""

FEATURE_SETS: Final[dict[str, tuple[Group, ...]]] = {
    "amount only": ("amount",),
    "no history": ("amount", "row"),
    "RFM": ("amount", "row", "rfm", "risk"),
    "RFM + linkage": ("amount", "row", "rfm", "risk", "linkage"),
}
"""Sets of features that models are compared on; as in the literature, RFM includes what is known of the merchant."""


def features_of(columns: Collection[str], groups: Collection[Group]) -> tuple[Feature, ...]:
    """Return the features of some groups that can be made of these columns."""
    have = set(columns)
    return tuple(f for f in FEATURES if f.group in groups and have.issuperset(f.needs))


def needed_columns() -> frozenset[str]:
    """Return every column that some feature reads, and the keys of time and of reports."""
    return frozenset(name for f in FEATURES for name in f.needs) | {"event_time", "transaction_id"}


def build_features(
    payments: pl.DataFrame | pl.LazyFrame,
    reports: pl.DataFrame | pl.LazyFrame | None = None,
    *,
    rows: pl.Series | None = None,
    groups: Collection[Group] = FEATURE_SETS["RFM + linkage"],
) -> pl.DataFrame:
    """Build features that use nothing but what was known before each payment.

    Only payments with an earlier time count, and only reports that were known before the day began (UTC).

    Parameters
    ----------
    payments
        The table ``payments``, or one under its column names; features whose columns are missing are left out.
    reports
        ``transaction_id`` and ``reported_at``, such as those of ``fraud_labels``; without them every fraud counts as
        reported after a week.
    rows
        Mask of the payments to build features for; the others are history only.
    groups
        Groups of features to build.

    Returns
    -------
    DataFrame
        One row for each payment asked for, in the order of `payments`: numbers as float32, codes as categories. A count
        of rows without the key (no device, no card) is null, which is not 0.
    """
    eager = payments.collect() if isinstance(payments, pl.LazyFrame) else payments
    known = reports.collect() if isinstance(reports, pl.LazyFrame) else reports
    past = Past(eager, known, rows)
    columns = [_column(feature, past) for feature in features_of(past.columns, groups)]
    return pl.DataFrame([pl.Series("__row", past.source_rows), *columns]).sort("__row").drop("__row")


def _column(feature: Feature, past: Past) -> pl.Series:
    made = feature.make(past)
    if isinstance(made, pl.Series):
        return made.cast(pl.Float32).alias(feature.name) if made.dtype.is_float() else made.alias(feature.name)
    return pl.Series(feature.name, made, dtype=pl.Float32, nan_to_null=True)
