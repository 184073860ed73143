"""Every setting of the world changes the rows; no setting is there for show."""

from __future__ import annotations

from typing import Any

import pytest

from payloom.config import Config
from tests.cell.logical_digest import column_digests
from tests.cell.worlds import build

BASE: dict[str, Any] = {
    "world": {"rows": 4_000, "start": "2025-11-20", "end": "2026-01-05", "fraud_rate": "0.02"},
    "spending": {"trips_per_year": 6.0},
    "refunds": {"share": 0.05},
}

OTHER: dict[str, Any] = {
    "world.rows": 4_001,
    "world.start": "2025-11-21",
    "world.end": "2026-01-04",
    "world.seed": 8,
    "world.fraud_rate": "0.021",
    "world.customers": 300,
    "world.merchants": 777,
    "calendar.growth_per_year": 1.5,
    "calendar.churn_per_year": 0.8,
    "spending.favourites": 3,
    "spending.session_gap_median_seconds": 60,
    "spending.trip_days_median": 7.5,
    "spending.trips_per_year": 2.0,
    "refunds.max_lag_days": 5,
    "fraud.mix": {"card_testing": 1.0},
    "fraud.spikes": [],
    "planted.mix": {"new_phone": 1.0},
    "fraud.typologies": {"cnp_stolen": {"mean_size": 5.0}},
}
"""Another value where halving the default will not do."""

LAYOUT_OR_OWN_TEST = {"layout", "regions"}


def settings() -> list[str]:
    """Names of all settings as section.name."""
    found = []
    for section, field in Config.model_fields.items():
        if section not in LAYOUT_OR_OWN_TEST:
            assert field.annotation is not None
            found += [f"{section}.{name}" for name in field.annotation.model_fields]
    return found


def with_other(path: str) -> dict[str, Any]:
    section, name = path.split(".")
    value = OTHER.get(path)
    if value is None:
        value = getattr(getattr(Config(), section), name) / 2
    return BASE | {section: BASE.get(section, {}) | {name: value}}


def digests(values: dict[str, Any]) -> dict[str, dict[str, str]]:
    tables = build(values).tables
    return {name: column_digests(tables[name]) for name in ("payments", "fraud_labels")}


@pytest.fixture(scope="module")
def base() -> dict[str, dict[str, str]]:
    return digests(BASE)


@pytest.mark.parametrize("path", settings())
def test_a_setting_changes_the_rows(base, path) -> None:
    """A world with another value of one setting has other payments or labels."""
    assert digests(with_other(path)) != base


def test_regions_change_the_rows(base) -> None:
    """Other shares of the same countries make other rows."""
    regions = [{"country": region.country, "share": 0.2} for region in Config().regions]
    assert digests(BASE | {"regions": regions}) != base


def test_writing_down_defaults_changes_nothing(base) -> None:
    """A default that is written out, and regions in another order, give the same rows."""
    config = Config()
    written = BASE | {
        "missing": config.missing.model_dump(),
        "authorisation": config.authorisation.model_dump(),
        "regions": [region.model_dump() for region in reversed(config.regions)],
    }
    assert digests(written) == base
