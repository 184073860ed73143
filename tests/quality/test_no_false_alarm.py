"""Good data passes: other seeds, other sizes, other configs, single days."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from payloom import World
from payloom.quality.dataset import open_data
from tests.cell.worlds import ODD_WORLD
from tests.counts import count
from tests.quality.good_data import failed, of_days, results, world

SEEDS = range(1, count(2, 21))
BIG_SEEDS = range(1, count(2, 21))
DAYS_ROWS = count(60_000, 1_000_000)


@pytest.mark.parametrize("seed", SEEDS)
def test_small_worlds_pass(seed) -> None:
    """10,000 payments pass, whatever the seed."""
    assert failed(world(10_000, seed)) == []


@pytest.mark.parametrize("seed", BIG_SEEDS)
def test_large_worlds_pass(seed) -> None:
    """A million payments pass, whatever the seed, and every rule is judged; 50,000 in a reduced run."""
    found = results(world(count(50_000, 1_000_000), seed))
    assert [name for name, result in found.items() if result.verdict == "failed"] == []
    if count(0, 1):
        assert [name for name, result in found.items() if result.verdict == "skipped"] == []


@pytest.mark.parametrize("part", range(count(1, 4)))
def test_every_day_passes_alone(part) -> None:
    """Each day of the default world passes when it is judged alone, as `generate --day` would make it."""
    data = world(DAYS_ROWS, 7)
    first = date(2025, 1, 1)
    days = range(part, 365, count(90, 4))
    wrong = {}
    for day in days:
        own = of_days(data, first + timedelta(days=day), first + timedelta(days=day + 1))
        if alarms := failed(own):
            wrong[day] = alarms
    assert wrong == {}


ODD: tuple[dict[str, Any], ...] = (
    ODD_WORLD,
    {"world": {"rows": 3_000, "fraud_rate": "0"}},
    {"world": {"rows": 5_000, "fraud_rate": "0.5", "end": "2025-02-01"}},
    {"world": {"rows": 1, "end": "2025-01-02", "fraud_rate": "0"}},
    {"world": {"rows": 8_000}, "missing": {"mcc": 0.0, "device_id": 0.5, "latitude": 1.0}},
    {"world": {"rows": 8_000}, "refunds": {"share": 0.0}, "transfers": {"standing_share": 0.0, "ad_hoc_share": 0.0}},
    {"world": {"rows": 8_000}, "calendar": {"weekday_strength": 3.0}, "spending": {"online_share": 0.8}},
)


@pytest.mark.parametrize("values", ODD[: count(3, len(ODD))], ids=lambda values: str(values)[:60])
def test_other_configs_pass(values, tmp_path) -> None:
    """Other regions, rates and periods are judged by their own config."""
    World(values).generate(tmp_path / "data", workers=1)
    assert failed(open_data(tmp_path / "data")) == []


def test_slices_pass(tmp_path) -> None:
    """Days that were generated one by one pass, with a gap between them, and their fraud is that of the manifests."""
    made = World({"world": {"rows": 200_000}})
    for day in ("2025-03-01", "2025-03-02", "2025-07-14"):
        first = date.fromisoformat(day)
        made.generate(tmp_path / "data", start=first, end=first + timedelta(days=1), workers=1)
    found = results(open_data(tmp_path / "data"))
    assert [name for name, result in found.items() if result.verdict == "failed"] == []
    assert found["payments.is_fraud.rate"].verdict == "skipped"
    assert found["payments.is_fraud.rows"].verdict == "passed"
