"""The default world is what is known of real payments; sources and intervals are in facts.toml."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from payloom import World
from payloom.realism.data import DataSet
from payloom.realism.facts import Fact, load_facts, measure_facts
from payloom.realism.measures.evidence import Evidence
from payloom.realism.measures.measure import Measure
from payloom.realism.measures.registry import MEASURES
from payloom.realism.results import NOT_MEASURABLE, OUTSIDE, WITHIN, FactResult
from payloom.schema import ACCOUNTS, CUSTOMERS, FRAUD_LABELS
from tests.counts import FULL, count

FACTS = load_facts()

ROWS = count(200_000, 1_000_000)
# As many frauds as a million rows have by default, so that their statistics mean something.
FRAUD_RATE = count(15, 3) / 1000

NEEDS_DEFAULT_RATE = frozenset({"fraud_rate", "first_party_share"})
"""Facts that say nothing of a world with more fraud than the default."""


@pytest.fixture(scope="module")
def measured() -> Mapping[str, FactResult]:
    world = World({"world": {"rows": ROWS, "fraud_rate": FRAUD_RATE}})
    tables = {"customers": world.customers(), "accounts": world.accounts()}
    data = DataSet.of_frames(world.payments(), world.fraud_labels(), **tables)
    return {result.id: result for result in measure_facts(Evidence(data))}


def marked(fact: Fact) -> object:
    small = fact.min_rows > ROWS or (fact.id in NEEDS_DEFAULT_RATE and not FULL)
    marks = [pytest.mark.skip(reason="too few rows to tell")] if small else []
    return pytest.param(fact, id=fact.id, marks=marks)


@pytest.mark.statistical
@pytest.mark.parametrize("fact", [marked(fact) for fact in FACTS if fact.expected])
def test_the_default_world_is_near_the_facts(fact: Fact, measured: Mapping[str, FactResult]) -> None:
    """Fixed seed. Each fact is measurable and holds within its interval, which is wider for few rows."""
    result = measured[fact.id]
    assert result.status == WITHIN, f"{result.value} is {result.status} {result.note}: {fact.statement} ({fact.source})"


def test_every_fact_has_one_measure_and_every_measure_a_fact() -> None:
    """A fact that nothing measures would pass for ever, and a measure without a fact is wasted time."""
    ids = [name for measure in MEASURES for name in measure.ids]
    assert len(set(ids)) == len(ids)
    assert sorted(ids) == sorted(fact.id for fact in FACTS)


@pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure.ids[0])
def test_measures_need_what_they_read(measure: Measure, tiny: pl.DataFrame) -> None:
    """A measure whose columns are all there runs; without one of them it says so instead of failing."""
    labels = pl.DataFrame(schema=FRAUD_LABELS.polars_schema())
    tables = {table.name: pl.DataFrame(schema=table.polars_schema()) for table in (CUSTOMERS, ACCOUNTS)}
    kept = tiny.select({"event_time", "is_fraud", *measure.needs})
    assert set(measure.run(Evidence(DataSet.of_frames(kept, labels, **tables)))) <= set(measure.ids)
    for name in set(measure.needs) - {"event_time", "is_fraud"}:
        lacking = measure.lacking(Evidence(DataSet.of_frames(kept.drop(name), labels, **tables)))
        assert f"no column {name}" in lacking
    for name in measure.tables:
        without = {other: table for other, table in tables.items() if other != name}
        data = DataSet.of_frames(kept, None if name == "fraud_labels" else labels, **without)
        assert measure.lacking(Evidence(data)) == f"no table {name}"


@pytest.fixture(scope="module")
def tiny() -> pl.DataFrame:
    return World({"world": {"rows": 2_000, "fraud_rate": 0.1}}).payments()


def payments(count: int, **columns: object) -> DataSet:
    """Payments ten minutes apart, the last tenth of them fraud, with these columns."""
    times = [datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=10 * n) for n in range(count)]
    values = {name: value if isinstance(value, list) else [value] * count for name, value in columns.items()}
    frame = pl.DataFrame({"event_time": times, "is_fraud": [n >= count * 9 // 10 for n in range(count)], **values})
    return DataSet.of_frames(frame)


def result(data: DataSet, name: str) -> FactResult:
    return next(result for result in measure_facts(Evidence(data)) if result.id == name)


def test_a_wrong_number_is_outside() -> None:
    """Half of all amounts end in .99 here: far more than anybody saw."""
    ending = result(payments(160_000, amount_minor=[1099, 1050] * 80_000), "end_99_share")
    assert ending.value == 0.5
    assert ending.status == OUTSIDE


def test_few_payments_are_not_judged() -> None:
    """The same wrong number among a thousand payments proves nothing."""
    ending = result(payments(1_000, amount_minor=[1099, 1050] * 500), "end_99_share")
    assert ending.status == NOT_MEASURABLE
    assert "150,000 payments" in ending.note


def test_a_missing_column_is_named() -> None:
    """Without categories nobody knows the price of groceries, and the note says what is missing."""
    grocery = result(payments(160_000, amount_usd=10.0), "grocery_mean")
    assert (grocery.status, grocery.value, grocery.note) == (NOT_MEASURABLE, None, "no column mcc")


def test_transfers_do_not_count_among_cards() -> None:
    """A transfer is no ticket: a million dollars sent leave the mean ticket of the cards at ten."""
    kinds = ["transfer" if n % 10 == 0 else "purchase" for n in range(160_000)]
    dollars = [1_000_000.0 if kind == "transfer" else 10.0 for kind in kinds]
    assert result(payments(160_000, transaction_type=kinds, amount_usd=dollars), "ticket_mean").value == 10.0


def test_intervals_are_intervals_and_have_sources() -> None:
    """A reversed interval could never hold; a fact without a source is none."""
    assert len(FACTS) >= 40
    for fact in FACTS:
        assert fact.low <= fact.high
        assert fact.statement
        assert fact.source
        assert fact.confidence in tuple("CRSDM")
        assert fact.expected or fact.note, "why is it out of reach?"


def test_fewer_rows_widen_the_interval() -> None:
    """At two hundred thousand rows the interval holds that of a million, and more."""
    for fact in FACTS:
        low, high = fact.interval(200_000)
        assert low <= fact.interval(1_000_000)[0] <= fact.interval(1_000_000)[1] <= high
