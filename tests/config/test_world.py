"""Size, period and fraud rate of the world."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payloom.config import Config, make_config
from payloom.errors import ConfigError


def refused(world: dict[str, Any]) -> dict[str, str]:
    """Field and line of every problem of a world."""
    with pytest.raises(ConfigError) as caught:
        make_config({"world": world})
    return {problem.field: problem.line() for problem in caught.value.problems}


def test_the_default_world_is_the_one_of_the_design():
    """A million payments in 2025, .3 % fraud, three regions or more, one currency without decimals."""
    world = Config().world
    assert (world.rows, world.start, world.end) == (1_000_000, date(2025, 1, 1), date(2026, 1, 1))
    assert world.fraud_rows == 3_000
    # 9.8 card payments a month (ECB) and .7 transfers: for a year, rows / (10.5 x 12).
    assert abs(world.customer_count - 7_937) < 10
    assert {region.country for region in Config().regions} == {"US", "GB", "DE", "FR", "JP"}


@given(
    rows=st.integers(1, 10**12),
    numerator=st.integers(0, 5 * 10**17),
    digits=st.integers(0, 18),
)
def test_fraud_rows_are_exact(rows: int, numerator: int, digits: int):
    """The count of frauds is floor(rate x rows + 1/2) in whole-number arithmetic."""
    numerator = min(numerator, 10**digits // 2)
    rate = Decimal(numerator).scaleb(-digits)
    config = make_config({"world": {"rows": rows, "fraud_rate": rate, "start": date(2020, 1, 1)}})
    assert config.world.fraud_rows == (2 * numerator * rows + 10**digits) // (2 * 10**digits)


@pytest.mark.parametrize(
    ("rows", "rate", "expected"),
    [
        (1, "0.5", 1),
        (1, "0.499999999999999999", 0),
        (3, "0.5", 2),
        (1_000_000_000_000, "0.000000000001", 1),
        (1_000_000_000_000, "0.0000000000005", 1),
        (1_000_000_000_000, "0.000000000000499999", 0),
        (10, "0", 0),
    ],
)
def test_fraud_rows_at_the_half(rows: int, rate: str, expected: int):
    """A half rounds up, just below a half rounds down, also where a float could not tell them apart."""
    world = {"rows": rows, "fraud_rate": rate, "start": date(2020, 1, 1)}
    assert make_config({"world": world}).world.fraud_rows == expected


def test_every_error_at_once():
    """Mistakes that have nothing to do with each other are all reported in one go."""
    problems = refused({"rows": -1, "start": "2025-02-30", "seed": 2**63, "fraud_rate": 1.5, "customers": 0})
    assert set(problems) == {"world.rows", "world.start", "world.seed", "world.fraud_rate", "world.customers"}


def test_reversed_dates_are_found_beside_a_bad_count():
    """A check of two fields does not wait for a third to be right."""
    problems = refused({"rows": -1, "start": date(2025, 3, 1), "end": date(2025, 2, 1)})
    assert set(problems) == {"world.rows", "world.end"}
    assert "2025-03-01" in problems["world.end"]


@pytest.mark.parametrize(
    ("world", "field"),
    [
        ({"start": date(2025, 1, 1), "end": date(2025, 1, 1)}, "world.end"),
        ({"start": date(2000, 12, 31)}, "world.start"),
        ({"start": date(2059, 1, 1), "end": date(2060, 1, 2)}, "world.end"),
        ({"start": date(2005, 1, 1)}, "world.end"),
        ({"start": "2025-02-30"}, "world.start"),
        ({"start": "20250101T00"}, "world.start"),
        ({"start": 20250101}, "world.start"),
        ({"fraud_rate": Decimal("0.5000000000000001")}, "world.fraud_rate"),
        ({"fraud_rate": Decimal("1e-19")}, "world.fraud_rate"),
        ({"fraud_rate": Decimal("NaN")}, "world.fraud_rate"),
        ({"fraud_rate": Decimal("sNaN")}, "world.fraud_rate"),
        ({"fraud_rate": "Infinity"}, "world.fraud_rate"),
        ({"fraud_rate": -0.001}, "world.fraud_rate"),
        ({"fraud_rate": True}, "world.fraud_rate"),
        ({"seed": -1}, "world.seed"),
        ({"rows": 1.0}, "world.rows"),
        ({"rows": "1000"}, "world.rows"),
        ({"rows": True}, "world.rows"),
        ({"rows": 10**12 + 1}, "world.rows"),
    ],
)
def test_a_bad_value_names_its_field(world: dict[str, Any], field: str):
    """Each mistake is one problem at its own field."""
    assert set(refused(world)) == {field}


def test_rows_that_a_period_cannot_hold():
    """A day has room for so many payments, and a customer for so many a day; the message says how many."""
    crowded = refused({"rows": 10**12, "end": date(2025, 1, 2)})
    assert "2,000,000,000 a day" in crowded["world.end"]
    alone = refused({"rows": 100_000, "customers": 1})
    assert "at least 2," in alone["world.customers"]
    assert make_config({"world": {"rows": 100_000, "customers": 2}}).world.customer_count == 2


def test_a_percentage_is_taken_for_one():
    """Who writes 35 for a share is told what 35 % is."""
    with pytest.raises(ConfigError, match=r"35 % is 0.35"):
        make_config({"spending": {"session_share": 35}})


@pytest.mark.parametrize(
    ("regions", "text"),
    [
        ([{"country": "US", "share": 0.5}, {"country": "GB", "share": 0.4}], "sum to 0.9"),
        ([{"country": "US", "share": 0.5}, {"country": "US", "share": 0.5}], "US comes twice"),
        ([{"country": "UK", "share": 1.0}], 'did you mean "GB"'),
        ([{"country": "us", "share": 1.0}], 'did you mean "US"'),
        ([{"country": "US"}], "missing"),
        ([{"country": "US", "share": 1.0}, {"country": "GB", "share": 0.0}], "above 0.*leave the region out"),
        ([{"country": "US", "share": 1.0}, {"country": "GB", "share": -0.1}], "above 0"),
        ([], "sum to 0"),
        ({"country": "US", "share": 1.0}, "double brackets"),
    ],
)
def test_regions_are_whole(regions: Any, text: str):
    """Regions are known countries, each once, and their shares sum to 1; the message has the sum."""
    with pytest.raises(ConfigError, match=text):
        make_config({"regions": regions})


def test_shares_may_miss_one_by_a_hair():
    """Three thirds are 1 although their floats don't add up to it; 1e-8 too much is not."""
    thirds = [{"country": c, "share": 1 / 3} for c in ("US", "GB", "DE")]
    make_config({"regions": thirds})
    with pytest.raises(ConfigError, match="sum to 1"):
        make_config({"regions": [*thirds[:2], {"country": "DE", "share": 1 / 3 + 1e-8}]})


@pytest.mark.parametrize(
    ("fraud", "text"),
    [
        ({"mix": {"cnp_stollen": 1.0}}, 'did you mean "cnp_stolen"'),
        ({"mix": {"cnp_stolen": 0.5}}, "sum to 0.5"),
        ({"mix": {"cnp_stolen": 1.5, "card_testing": -0.5}}, "card_testing has -0.5"),
        ({"mix": {}}, "sum to 0"),
        ({"mix": {"cnp_stolen": "all"}}, "a finite number"),
        ({"spikes": [{"name": "x", "start": "02-29", "end": "03-02", "multiplier": 2.0}]}, "every year has"),
        ({"spikes": [{"name": "x", "start": "03-02", "end": "03-02", "multiplier": 2.0}]}, "end is exclusive"),
        ({"spikes": [{"name": "x", "start": "03-02", "end": "03-03", "multiplier": 2.0}] * 2}, "x comes twice"),
        ({"spikes": [{"name": "X!", "start": "03-02", "end": "03-03", "multiplier": 2.0}]}, "small letters"),
        ({"spikes": [{"name": "x", "start": "03-02", "end": "03-03", "multiplier": 0.0}]}, "above 0"),
        (
            {"spikes": [{"name": "x", "start": "03-02", "end": "03-03", "multiplier": 2.0, "typologies": ["cycel"]}]},
            'did you mean "cycle"',
        ),
    ],
)
def test_fraud_is_whole(fraud: dict[str, Any], text: str):
    """The mix sums to 1, typologies are known, and spikes are windows that every year has."""
    with pytest.raises(ConfigError, match=text):
        make_config({"fraud": fraud})
