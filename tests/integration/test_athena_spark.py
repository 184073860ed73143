"""The statements for Athena run unchanged in Spark with Hive, and find every row of `make data`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from payloom.catalog.columns import HIVE_TYPES, column_comment
from payloom.catalog.published import published, rows_of
from payloom.schema import PAYMENTS, TABLES
from payloom.storage.local import LocalStore
from tests.cli.shell import payloom
from tests.integration.athena_tools import in_spark

pytestmark = pytest.mark.integration

ROWS = 1_000_000
DATABASES = {"athena": "payloom", "spark": "payloom_spark"}
REPAIR = "MSCK REPAIR TABLE payloom.{}"
JUNE = "SELECT COUNT(*) FROM {}.payments WHERE year = 2025 AND month = 6"


@dataclass(frozen=True)
class Session:
    """What one session answered, by statement."""

    folder: Path
    printed: dict[str, list[str]]
    answers: dict[str, dict[str, Any]]

    def rows(self, statement: str) -> list[list[str]]:
        """Rows of a statement that had to succeed."""
        answer = self.answers[statement]
        assert "rows" in answer, answer
        rows: list[list[str]] = answer["rows"]
        return rows

    def count(self, statement: str) -> int:
        """The one number that a statement gave."""
        ((number,),) = self.rows(statement)
        return int(number)


def printed(folder: Path, dialect: str) -> list[str]:
    """What `payloom ddl` prints, cut at the semicolons and otherwise as it is."""
    done = payloom("ddl", "--location", folder.as_uri(), "--dialect", dialect, "--database", DATABASES[dialect])
    assert done.returncode == 0, done.stderr
    return [part for part in done.stdout.split(";") if part.strip()]


def wrong(statement: str) -> str:
    """The same statement for another table, with a type that does not exist."""
    return statement.replace("`payments`", "`wrong`").replace("bigint", "bigger", 1)


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    """One session that runs both scripts, twice, and then what the tests ask."""
    folder = tmp_path_factory.mktemp("data")
    done = payloom("generate", "--out", str(folder), "--rows", str(ROWS), "--seed", "7", "--quiet")
    assert done.returncode == 0, done.stderr
    scripts = {dialect: printed(folder, dialect) for dialect in DATABASES}
    asked = [
        *(scripts["athena"] * 2),
        *(REPAIR.format(name) for name, table in TABLES.items() if table.by_month),
        *(scripts["spark"] * 2),
        *(f"SELECT COUNT(*) FROM {database}.{name}" for database in DATABASES.values() for name in TABLES),
        *(JUNE.format(database) for database in DATABASES.values()),
        *(f"DESCRIBE payloom.{name}" for name in TABLES),
        "SHOW PARTITIONS payloom.payments",
        "SELECT MIN(event_time), MAX(event_time) FROM payloom.payments",
        wrong(scripts["athena"][1]),
        "SELECT COUNT(*) FROM payloom.wrong",
    ]
    answers = in_spark(asked, tmp_path_factory.mktemp("spark"))
    heard: dict[str, dict[str, Any]] = {}
    for statement, answer in zip(asked, answers, strict=True):
        # Of a statement that ran twice, a failure is what counts.
        if "error" not in heard.get(statement, {}):
            heard[statement] = answer
    return Session(folder, scripts, heard)


@pytest.mark.parametrize("dialect", DATABASES)
def test_every_printed_statement_runs(session: Session, dialect: str) -> None:
    """No statement is refused, the first time or the second."""
    assert len(session.printed[dialect]) >= 1 + len(TABLES)
    assert [session.answers[statement] for statement in session.printed[dialect]] == (
        [{"rows": []}] * len(session.printed[dialect])
    )


@pytest.mark.parametrize("database", DATABASES.values())
def test_a_million_payments_are_counted(session: Session, database: str) -> None:
    """COUNT(*) is the number of rows that were asked for."""
    assert session.count(f"SELECT COUNT(*) FROM {database}.payments") == ROWS


@pytest.mark.parametrize("name", TABLES)
def test_tables_count_what_the_manifest_lists(session: Session, name: str) -> None:
    """So is every other table whole."""
    listed = rows_of(published(LocalStore(session.folder)), TABLES[name])
    assert session.count(f"SELECT COUNT(*) FROM payloom.{name}") == listed > 0


@pytest.mark.parametrize("name", TABLES)
def test_types_and_comments_are_the_declared_ones(session: Session, name: str) -> None:
    """Spark describes the columns as the schema does, quotes included."""
    described = session.rows(f"DESCRIBE payloom.{name}")
    declared = [[c.name, HIVE_TYPES[c.kind], column_comment(c)] for c in TABLES[name].columns]
    assert described[: len(declared)] == declared
    if TABLES[name].by_month:
        assert [row[:2] for row in described[len(declared) :][:2]] == [["year", "int"], ["month", "int"]]


@pytest.mark.parametrize("database", DATABASES.values())
def test_a_month_is_a_number(session: Session, database: str) -> None:
    """``month = 6`` finds the folder ``month=06``, and exactly the payments of June."""
    scan = pl.scan_parquet(session.folder / "payments", hive_partitioning=True)
    june = scan.filter(pl.col("event_time").dt.month() == 6).select(pl.len()).collect().item()
    assert session.count(JUNE.format(database)) == june > 0


def test_the_repair_finds_every_month(session: Session) -> None:
    """Twelve folders are twelve partitions, also when the repair has run before."""
    found = [row[0] for row in session.rows("SHOW PARTITIONS payloom.payments")]
    assert found == [f"year=2025/month={month:02d}" for month in range(1, 13)]


def test_times_are_utc_to_the_microsecond(session: Session) -> None:
    """First and last time are those of the files."""
    scan = pl.scan_parquet(session.folder / "payments", hive_partitioning=True)
    first, last = (
        scan.select(pl.col("event_time").min().alias("a"), pl.col("event_time").max().alias("b")).collect().row(0)
    )
    (row,) = session.rows("SELECT MIN(event_time), MAX(event_time) FROM payloom.payments")
    assert row == [str(time.replace(tzinfo=None)) for time in (first, last)]


def test_a_wrong_statement_fails(session: Session) -> None:
    """The engine really reads the statements: a type that does not exist is refused, and makes no table."""
    assert "bigger" in session.answers[wrong(session.printed["athena"][1])]["error"].lower()
    assert "wrong" in session.answers["SELECT COUNT(*) FROM payloom.wrong"]["error"]


def test_the_engine_ran_the_table_of_payments(session: Session) -> None:
    """The statement that ran has every column of the schema in it."""
    (statement,) = [one for one in session.printed["athena"] if "`payloom`.`payments`" in one]
    assert all(f"`{name}`" in statement for name in PAYMENTS.names)
