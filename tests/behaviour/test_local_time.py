"""Local time: offsets are those of the city's zone, and shops keep their hours over a change of the clocks."""

from __future__ import annotations

from datetime import datetime, timedelta
from importlib import resources
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest

from payloom.reference import load_cities, load_trades
from tests.bounds import assert_same_shares
from tests.cell.worlds import World, default_world, make, odd_world
from tests.counts import count

worlds = pytest.mark.parametrize("made", [default_world, odd_world], ids=["default", "odd"])


def zone(name: str) -> ZoneInfo:
    """The zone from the pinned database, whatever the machine's own says."""
    with resources.files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, name)


def zones_of(country: str, city: str) -> set[str]:
    return {c.timezone for c in load_cities() if (c.country, c.name) == (country, city)}


def placed(world: World) -> pl.DataFrame:
    """Payments with the country and city that set their clock: the shop's, or the customer's when online."""
    shops = world.frames["merchants"].select("merchant_id", shop_country="country", shop_city="city")
    homes = world.frames["customers"].select("customer_id", "home_country", "home_city")
    joined = world.payments.join(shops, on="merchant_id").join(homes, on="customer_id")
    remote = pl.col("terminal_id").is_null()
    return joined.with_columns(
        place_country=pl.when(remote).then("home_country").otherwise("shop_country"),
        place_city=pl.when(remote).then("home_city").otherwise("shop_city"),
    )


@worlds
def test_offsets_are_those_of_the_citys_zone(made) -> None:
    """The local offset of any payment is what the zone database says for the shop's, or the payer's, city."""
    everything = placed(made())
    rows = everything.sample(min(count(4_000, 100_000), everything.height), seed=7)
    seen = set()
    for country, city, time, minutes in rows.select(
        "place_country", "place_city", "event_time", "local_offset_min"
    ).iter_rows():
        names = zones_of(country, city)
        offsets = {time.astimezone(zone(name)).utcoffset() / timedelta(minutes=1) for name in names}
        assert minutes in offsets, (country, city, time)
        seen |= names
    assert len(seen) >= 5


def test_offsets_change_on_the_day_of_the_change() -> None:
    """In London payments before 01:00 UTC on 30 March are at 0 and later ones at 60; back on 26 October."""
    world = default_world()
    london = placed(world).filter(pl.col("place_city") == "London", pl.col("event_time").dt.year() == 2025)
    for day, change, before, after in (
        ("2025-03-30", "2025-03-30T01:00", 0, 60),
        ("2025-10-26", "2025-10-26T01:00", 60, 0),
    ):
        border = datetime.fromisoformat(change + "+00:00")
        near = london.filter(pl.col("event_time").is_between(border - timedelta(days=3), border + timedelta(days=3)))
        for expected, rows in (
            (before, near.filter(pl.col("event_time") < border)),
            (after, near.filter(pl.col("event_time") >= border)),
        ):
            assert rows.height > 5, day
            assert set(rows["local_offset_min"]) == {expected}, day


def steady(country: str, start: str, end: str, rows: int) -> World:
    """A world of one country without season, shocks, holidays, paydays or rounds: only hours and weekdays."""
    flat = ("growth_per_year", "churn_per_year", "shock_sigma", "season_strength", "payday_strength")
    return make(
        {
            "world": {"rows": rows, "start": start, "end": end, "fraud_rate": "0", "merchants": 2_000},
            "regions": [{"country": country, "share": 1.0}],
            "calendar": dict.fromkeys((*flat, "holiday_strength", "black_friday_strength"), 0.0),
            "spending": {"session_share": 0.0, "trips_per_year": 0.0},
            "subscriptions": {"share": 0.0},
            "refunds": {"share": 0.0},
        }
    )


def hours(frame: pl.DataFrame) -> np.ndarray:
    """Payments by local hour."""
    seconds = pl.col("event_time").dt.epoch("s") + pl.col("local_offset_min").cast(pl.Int64) * 60
    hour = frame.select(hour=seconds // 3600 % 24)["hour"]
    return np.bincount(hour.to_numpy(), minlength=24)


CHANGES = [
    pytest.param("GB", "2025-03-10", "2025-03-30", "2025-03-31", "2025-04-20", id="London, March"),
    pytest.param("DE", "2024-10-07", "2024-10-27", "2024-10-28", "2024-11-17", id="Berlin, October"),
    pytest.param("US", "2025-02-17", "2025-03-09", "2025-03-10", "2025-03-30", id="New York, March"),
    pytest.param("AU", "2025-03-17", "2025-04-06", "2025-04-07", "2025-04-27", id="Sydney, April"),
]


@pytest.mark.statistical
@pytest.mark.parametrize(("country", "start", "change", "after", "end"), CHANGES)
def test_shops_keep_their_hours_over_a_change_of_the_clocks(country, start, change, after, end) -> None:
    """Visits by local hour have one distribution in the three weeks before and after (chi-square at 1e-6)."""
    world = steady(country, start, end, count(25_000, 400_000))
    visits = world.payments.filter(pl.col("terminal_id").is_not_null())
    day = pl.col("event_time").dt.date()
    first = visits.filter(day < pl.lit(change).str.to_date())
    second = visits.filter(day >= pl.lit(after).str.to_date())
    zones = {
        "GB": "Europe/London", "DE": "Europe/Berlin", "US": "America/New_York", "AU": "Australia/Sydney",
    }  # fmt: skip
    moved = zone(zones[country])
    offsets = {
        int(moved.utcoffset(datetime.fromisoformat(when)).total_seconds() // 60)  # type: ignore[union-attr]
        for when in (start, end)
    }
    assert offsets <= set(world.payments["local_offset_min"])
    assert_same_shares(hours(first), hours(second), what="hours before and after")
    # The same in UTC differs, or the test would see nothing.
    utc = [np.bincount(part["event_time"].dt.hour().to_numpy(), minlength=24) for part in (first, second)]
    with pytest.raises(AssertionError):
        assert_same_shares(*utc)


@pytest.mark.statistical
def test_offices_are_closed_at_night() -> None:
    """Trades with office hours take under a tenth of their visits between 22 and 6, when 19 % of payments are made.

    Hours: ULB, 22 to 6 o'clock. Night owls who find three shops closed in a row still buy at the third.
    """
    office = [trade.mcc for trade in load_trades() if trade.daypart == "office_hours" and trade.share > 0]
    assert office
    visits = pl.col("mcc").is_in(office) & pl.col("terminal_id").is_not_null()
    by_hour = hours(default_world().payments.filter(visits)) + hours(odd_world().payments.filter(visits))
    assert by_hour.sum() > 1_000
    assert by_hour[[22, 23, 0, 1, 2, 3, 4, 5]].sum() < 0.10 * by_hour.sum()
