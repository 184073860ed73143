"""The queries on the pages of the scenarios run on the data as it is."""

import re
from pathlib import Path

import duckdb
import pytest

from payloom.schema import TABLES
from tests.cell.worlds import make

PAGES = sorted((Path(__file__).parents[2] / "docs" / "scenarios").glob("*.md"))
QUERY = re.compile(r"^```sql\n(.*?)^```$", re.DOTALL | re.MULTILINE)
QUERIES = [(page.stem, query) for page in PAGES for query in QUERY.findall(page.read_text("utf-8"))]

WORLD = {"world": {"rows": 60_000, "end": "2025-05-01", "fraud_rate": "0.03"}}


@pytest.fixture(scope="module")
def database() -> duckdb.DuckDBPyConnection:
    """All tables of a small world."""
    connection = duckdb.connect()
    for name in TABLES:
        connection.register(name, make(WORLD).tables[name])
    return connection


@pytest.mark.parametrize(("page", "query"), QUERIES, ids=[f"{page}-{n}" for n, (page, _) in enumerate(QUERIES)])
def test_a_query_runs_and_finds_something(database: duckdb.DuckDBPyConnection, page: str, query: str) -> None:
    """Names and types are those of the tables, and the pattern is in the data."""
    (found,) = database.execute(f"select count(*) from ({query.strip().rstrip(';')})").fetchall()
    assert found[0] > 0, page
