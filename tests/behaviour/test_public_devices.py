"""Strangers meet on public devices: a device with many customers is not a fraudster's for that alone."""

from __future__ import annotations

import polars as pl

from tests.cell.worlds import make


def test_some_devices_have_many_honest_users() -> None:
    """Without any fraud, some devices serve more customers than a family has, most of them once."""
    honest = make({"world": {"rows": 250_000, "fraud_rate": 0.0}, "planted": {"share": 0.0}})
    seen = honest.genuine.drop_nulls("device_id")
    each = seen.group_by("device_id").agg(users=pl.col("customer_id").n_unique(), payments=pl.len())
    public = each.filter(pl.col("users") >= 8)
    assert public.height >= 2
    assert (public["payments"] < 2 * public["users"]).all()
