"""Every feature, and the frame of them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import numpy as np
import polars as pl

from payloom.features.feature import Feature, Group
from payloom.features.linkage import LINKAGE
from payloom.features.past import Past
from payloom.features.rfm import RFM
from payloom.features.risk import RISK
from payloom.features.row import AMOUNT, ROW
from payloom.features.spend import SPEND

FEATURES: Final[tuple[Feature, ...]] = (*AMOUNT, *ROW, *RFM, *RISK, *LINKAGE, *SPEND)
"""All features, in the order of their columns."""

FEATURE_SETS: Final[dict[str, tuple[Group, ...]]] = {
    "amount only": ("amount",),
    "no history": ("amount", "row"),
    "RFM": ("amount", "row", "rfm", "risk"),
    "RFM + linkage": ("amount", "row", "rfm", "risk", "linkage"),
}
"""Sets of features that models are compared on; as in the literature, RFM includes what is known of the merchant.

The group ``spend`` is in none: some thousand known frauds don't teach a model which of 69 amounts matter.
"""

EVERYTHING: Final[tuple[Group, ...]] = ("amount", "row", "rfm", "risk", "linkage", "spend")
"""All groups."""


def features_of(
    columns: Collection[str], groups: Collection[Group], features: Collection[Feature] = FEATURES
) -> tuple[Feature, ...]:
    """Return the features of some groups that can be made of these columns."""
    have = set(columns)
    return tuple(f for f in features if f.group in groups and have.issuperset(f.reads))


def needed_columns() -> frozenset[str]:
    """Return every column that some feature reads, and the keys of time and of reports."""
    return frozenset(name for f in FEATURES for name in f.reads) | {"event_time", "transaction_id"}


def build_features(
    payments: pl.DataFrame | pl.LazyFrame,
    reports: pl.DataFrame | pl.LazyFrame | None = None,
    *,
    rows: pl.Series | None = None,
    groups: Collection[Group] = FEATURE_SETS["RFM + linkage"],
    features: Collection[Feature] = FEATURES,
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
        Groups of features to build; by default those that the best model takes, `EVERYTHING` for all.
    features
        Features to choose from; your own may be among them.

    Returns
    -------
    DataFrame
        One row for each payment asked for, in the order of `payments`: numbers as float32, codes as categories. A count
        of rows without the key (no device, no card) is null, which is not 0.

    Raises
    ------
    ConfigError
        If a feature needs what is not known yet, or reads what it does not declare; nothing was built.
    """
    past, chosen = look_back(payments, reports, rows=rows, groups=groups, features=features)
    return pl.DataFrame([made(feature, past) for feature in chosen])


def look_back(
    payments: pl.DataFrame | pl.LazyFrame,
    reports: pl.DataFrame | pl.LazyFrame | None,
    *,
    rows: pl.Series | None = None,
    groups: Collection[Group] = FEATURE_SETS["RFM + linkage"],
    features: Collection[Feature] = FEATURES,
) -> tuple[Past, tuple[Feature, ...]]:
    """Return the past, and those of the features that can be made of it; a bad declaration is refused first."""
    for feature in features:
        feature.check()
    have = payments.collect_schema().names()
    chosen = features_of(have, groups, features)
    # Without reports the labels stand in for them, a week late.
    wanted = {"event_time", "transaction_id", "is_fraud"}.union(*(feature.reads for feature in chosen))
    table = payments.lazy().select(name for name in have if name in wanted).collect()
    known = reports.lazy().select("transaction_id", "reported_at").collect() if reports is not None else None
    return Past(table, known, rows), chosen


def made(feature: Feature, past: Past, *, by_time: bool = False) -> pl.Series:
    """Make one feature: numbers as float32 with null for NaN, codes as they are.

    In the order of the payments as they were given, or by time.
    """
    past.allow(feature.reads)
    values = feature.make(past)
    if isinstance(values, pl.Series):
        column = values.cast(pl.Float32) if values.dtype.is_float() else values
    else:
        column = pl.Series(values.astype(np.float32), nan_to_null=True)
    return (column if by_time or past.back is None else column[past.back]).alias(feature.name)
