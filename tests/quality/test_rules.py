"""Rules are declared once, and the page about them names all of them."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from payloom.fraud.cases import MAX_DELAY_DAYS
from payloom.quality.agreement import LATEST_DAYS
from payloom.quality.bounds import distribution_slack, index_slack, share_slack
from payloom.quality.distribution import stability_index
from payloom.quality.nulls import NULL_RULES
from payloom.schema import PAYMENTS, TABLES
from tests.counts import FULL
from tests.quality.good_data import Change, as_frame, changed, good, results, world

PAGE = Path(__file__).parents[2] / "docs/quality.md"
LINE = re.compile(r"^\| (`[^|]*`) \|", re.MULTILINE)
FROM_SUITE = {"sample.payments.*", "gate.great_expectations"}
"""Rules that need Great Expectations; tests of the command see them."""


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_every_nullable_column_has_a_null_rule(table) -> None:
    """A column that may be null says where; one that may not has no such rule."""
    assert set(NULL_RULES.get(table.name, {})) == {column.name for column in table.columns if column.nullable}


def test_the_page_names_every_rule() -> None:
    """Each rule that runs matches a line of docs/quality.md, and each line matches a rule."""
    patterns = {name for line in LINE.findall(PAGE.read_text("utf-8")) for name in re.findall(r"`([^`]+)`", line)}
    names = set(results(good(), reference=good()))
    assert names - {name for name in names if any(fnmatchcase(name, pattern) for pattern in patterns)} == set()
    idle = {pattern for pattern in patterns if not any(fnmatchcase(name, pattern) for name in names)}
    assert idle == FROM_SUITE


def test_the_limit_of_reports_is_that_of_the_world() -> None:
    """The gate knows nothing of the world's insides; the one number that both have is the same."""
    assert LATEST_DAYS == MAX_DELAY_DAYS


def test_names_are_unique_and_begin_with_their_table() -> None:
    """A name says where to look."""
    found = results(good())
    for name, result in found.items():
        assert name.startswith(f"{result.rule.table}.")
        assert set(result.rule.columns) <= set(TABLES[result.rule.table].names)


def test_chance_stays_inside_the_bounds() -> None:
    """Shares and distributions of random samples never reach their slack, and come near a third."""
    random = np.random.default_rng(5)
    for rows in (30, 1_000, 100_000):
        for share in (0.001, 0.05, 0.5):
            found = random.binomial(rows, share, 20_000) / rows
            worst = np.abs(found - share).max()
            assert worst < share_slack(share, rows)
            if rows * share > 100:
                assert worst > share_slack(share, rows) / 3
    for rows in (50, 2_000):
        values = np.sort(random.random((500, rows)), axis=1)
        distance = np.abs(values - np.arange(rows) / rows).max()
        assert distribution_slack(rows) / 3 < distance + 1 / rows < distribution_slack(rows) + 1 / rows


def test_equal_populations_have_no_drift() -> None:
    """The stability index of two samples of one population stays inside its slack; of another it does not."""
    random = np.random.default_rng(6)
    shares = np.array([0.4, 0.3, 0.2, 0.1])
    for rows in (200, 20_000):
        for _ in range(200):
            mine, theirs = ({str(i): int(n) for i, n in enumerate(random.multinomial(rows, shares))} for _ in range(2))
            index, bins = stability_index(mine, theirs)
            assert index < index_slack(bins, rows / 2)
    other = {str(i): int(n) for i, n in enumerate(random.multinomial(20_000, shares[::-1]))}
    mine = {str(i): int(n) for i, n in enumerate(random.multinomial(20_000, shares))}
    assert stability_index(mine, other)[0] > 0.5 + index_slack(4, 10_000)


def test_drift_from_a_reference_is_seen() -> None:
    """Another seed is no drift; a data set without shops is."""
    reference = world(10_000, 8)
    assert [name for name, r in results(good(), reference).items() if r.verdict == "failed"] == []
    online = changed(good(), "payments", lambda frame: frame.filter(pl.col("channel") != "in_store"))
    found = results(online, reference)
    assert found["payments.channel.drift"].verdict == "failed"
    assert "in_store" in found["payments.channel.drift"].found


NUMBERS = [c for c in PAYMENTS.columns if c.kind[:3] in ("int", "flo")]
NUMBERS = [c for c in NUMBERS if FULL or c.name in ("amount_usd", "local_offset_min")]
EXTREMES: dict[type[pl.DataType], tuple[float, ...]] = {
    pl.Int64: (-(2**63), 2**63 - 1, 0),
    pl.Int32: (-(2**31), 2**31 - 1, 0),
    pl.Int16: (-(2**15), 2**15 - 1),
    pl.Float64: (float("inf"), float("-inf"), float("nan"), -0.0, 5e-324),
    pl.Float32: (float("inf"), float("nan")),
}


def replaced(column: pl.Expr) -> Change:
    return lambda frame: frame.with_columns(column)


@pytest.mark.parametrize("column", NUMBERS, ids=lambda c: c.name)
def test_extreme_numbers_are_judged_and_break_nothing(column) -> None:
    """The smallest and largest numbers and NaN anywhere give a verdict, no traceback."""
    kind = as_frame(good().pieces["payments"][0]).frame.schema[column.name]
    for value in EXTREMES[type(kind)]:
        extreme = pl.lit(value, dtype=kind).alias(column.name)
        spoilt = changed(good(), "payments", replaced(extreme), only=2)
        assert any(result.verdict == "failed" for result in results(spoilt).values()), value


@pytest.mark.parametrize("name", list(TABLES) if FULL else ["payments", "cards"])
def test_an_empty_table_is_judged(name) -> None:
    """A table without rows gives a verdict: rows are missing."""
    spoilt = changed(good(), name, lambda frame: frame.head(0))
    assert results(spoilt)[f"{name}.rows"].verdict == "failed"


@pytest.mark.parametrize("column", ["ip_address", "name", "home_city"] if FULL else ["ip_address"])
def test_hostile_text_is_text(column) -> None:
    """Text that means something to terminals, pages or XML is judged and shown like any other."""
    table = next(t for t in TABLES.values() if column in t.names)
    evil = "</td><script>alert(1)</script>\x1b[31m\x00\ufffe'; DROP TABLE"
    spoilt = changed(good(), table.name, lambda frame: frame.with_columns(pl.lit(evil).alias(column)))
    assert f"{table.name}.{column}.type" in results(spoilt)
