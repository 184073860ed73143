"""A kind that comes into fashion has more campaigns, not larger ones."""

from __future__ import annotations

import polars as pl

from tests.cell.worlds import make
from tests.fraud.campaign_rows import fraud_of


def test_fashion_makes_more_campaigns_and_not_larger_ones() -> None:
    """Months with much fraud of a kind have more campaigns: their number, not their size, follows the waves."""
    fraud = {"mix": {"lost_stolen": 1.0}, "drift_sigma": 1.0}
    rows = fraud_of(make({"world": {"rows": 60_000, "fraud_rate": "0.02"}, "fraud": fraud}))
    campaigns = rows.group_by("campaign_id").agg(size=pl.len(), month=pl.col("event_time").min().dt.month())
    months = campaigns.group_by("month").agg(number=pl.len(), size=pl.col("size").mean(), fraud=pl.col("size").sum())
    assert months["fraud"].max() > 3 * months["fraud"].min()  # type: ignore[operator]
    assert months.select(pl.corr("fraud", "number")).item() > 0.8
    assert months["size"].max() < 3 * months["size"].min()  # type: ignore[operator]
