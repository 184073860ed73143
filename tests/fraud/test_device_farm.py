"""Device farm: new accounts, shared devices, small orders at whoever gives something to new customers."""

from __future__ import annotations

import polars as pl

from tests.cell.worlds import World
from tests.fraud.campaign_rows import fraud_of, world_of


def world() -> World:
    return world_of("device_farm", rows=60_000)


def rows() -> pl.DataFrame:
    return fraud_of(world())


def test_a_few_devices_serve_many_accounts() -> None:
    """Farms of size have several customers per device; honest devices have one or two."""
    each = (
        rows()
        .group_by("campaign_id")
        .agg(
            events=pl.len(),
            customers=pl.col("customer_id").n_unique(),
            devices=pl.col("device_id").drop_nulls().n_unique(),
        )
    )
    large = each.filter(pl.col("events") >= 20)
    assert large.height >= 8
    assert (large["customers"] / large["devices"]).mean() > 2.5  # type: ignore[operator]


def test_accounts_are_opened_before_promotions_are_collected() -> None:
    """Cards are added for 0 during the first days only; orders, of which there are more, come all along."""
    start = pl.col("event_time").dt.date().min().over("campaign_id")
    found = rows().with_columns(age=(pl.col("event_time").dt.date() - start).dt.total_days())
    opened, orders = (found.filter(pl.col("role") == role) for role in ("verification", "promotion"))
    assert set(opened["transaction_type"]) == {"account_verification"}
    assert set(orders["transaction_type"]) == {"purchase"}
    assert opened["age"].max() < 4  # type: ignore[operator]
    assert orders["age"].max() > 7  # type: ignore[operator]
    assert 0.03 < opened.height / found.height < 0.3


def test_orders_are_small() -> None:
    """A voucher pays for most of a small order: amounts lie in the lower half of honest remote ones."""
    honest = world().genuine.filter(pl.col("channel").is_in(["online", "app"]), pl.col("amount_usd") > 0)
    orders = rows().filter(pl.col("role") == "promotion")["amount_usd"]
    assert honest["amount_usd"].quantile(0.05) < orders.median() < honest["amount_usd"].quantile(0.6)  # type: ignore[operator]


def test_new_customers_are_preferred() -> None:
    """Accounts opened within the last two months are several times as frequent as among honest payments."""
    customers = world().frames["customers"].select("customer_id", "opened_on")

    def new(frame: pl.DataFrame) -> float:
        days = (pl.col("event_time").dt.date() - pl.col("opened_on")).dt.total_days()
        return frame.join(customers, on="customer_id").select((days < 62).mean()).item()

    assert new(rows()) > 3 * new(world().genuine) > 0
