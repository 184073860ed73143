"""Rows of one typology with their labels, for tests that look at campaigns."""

from __future__ import annotations

from typing import Any

import polars as pl

from tests.cell.worlds import World, make


def world_of(name: str, rows: int = 30_000, rate: str = "0.02", **sections: Any) -> World:
    """Make a world whose fraud is of one typology, the same all year: what is in fashion differs between seeds."""
    fraud = {"mix": {name: 1.0}, "drift_sigma": 0.0}
    return make({"world": {"rows": rows, "fraud_rate": rate}, "fraud": fraud, **sections})


def fraud_of(world: World) -> pl.DataFrame:
    """Fraud with campaign, role and reports, ordered by campaign and time; `local` is the acceptor's wall clock."""
    labels = (
        world.frames["fraud_labels"]
        .filter(pl.col("is_fraud"))
        .select("transaction_id", "typology", "campaign_id", "role", "reported_at", "chargeback_reason")
    )
    local = pl.col("event_time") + pl.duration(minutes=pl.col("local_offset_min"))
    return (
        labels.join(world.payments, on="transaction_id")
        .with_columns(local=local)
        .sort("campaign_id", "event_time", "transaction_id")
    )


def plain(statistic: Any) -> Any:
    """Give a statistic of a column as what it is; the types of Polars allow for dates and text as well."""
    return statistic
