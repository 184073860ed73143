"""Values that are written into SQL are refused when an engine could read them as something else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payloom.catalog.ddl import DIALECTS, SCHEMES
from payloom.catalog.names import checked_database, checked_location, checked_years
from payloom.cli.main import run
from payloom.errors import ConfigError

HOSTILE = [
    "s3://fraud-dl-raw/x'; DROP TABLE payments; --",
    "s3://fraud-dl-raw/x\nDROP TABLE payments",
    "s3://fraud-dl-raw/../other",
    "s3://fraud-dl-raw//x",
    "s3://fraud-dl-raw/${year}",
    "s3://fraud-dl-raw/x`y",
    's3://fraud-dl-raw/x"y',
    "s3://fraud-dl-raw/x\\",
    "s3://fraud-dl-raw/x*",
    "s3://fraud-dl-raw/x\0y",
    "s3://fraud-dl-raw/x y",
    "s3://fraud-dl-raw/x?y",
    "s3://Fraud/x",
    "s3://a..b/x",
    "s3:///x",
    "s3://",
    "https://fraud-dl-raw/x",
    "file://relative/x",
    "file:///x/../y",
    "",
]
FOLDERS = ["../data", "a'b", "a*b", "a[b", "a;b", "a\nb", "lake/month=13/data", "/"]
NAMES = ["", "Payloom", "pay-loom", "1st", "a`b", "a;b", "a.b", 'a"b', "a b", "a\n", "é", "x" * 129]

MARKS = set("'\"`\\;\n\r\0$*?[]{}")
"""What can end a quoted text, or means something to a glob or a shell."""


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_locations_are_refused(text: str, dialect, capfd: pytest.CaptureFixture[str]) -> None:
    """The command says so in one line, leaves with 2, and prints no SQL."""
    assert run(["ddl", "--dialect", dialect, f"--location={text}"]) == 2
    said = capfd.readouterr()
    assert said.out == ""
    assert said.err.startswith("error: location")
    assert [line.partition(":")[0] for line in said.err.splitlines()] == ["error", "fix"]


@pytest.mark.parametrize("text", FOLDERS)
def test_hostile_folders_are_refused(text: str, capfd: pytest.CaptureFixture[str]) -> None:
    """The same for a folder of DuckDB's."""
    assert run(["ddl", "--dialect", "duckdb", f"--location={text}"]) == 2
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize("text", NAMES)
@pytest.mark.parametrize(
    "command", [["ddl"], ["register"], ["count", "--athena", "primary"]], ids=lambda words: words[0]
)
def test_hostile_databases_are_refused(text: str, command: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    """No command takes a database that would need quotes, and nothing is asked of AWS before."""
    assert run([*command, "--location=s3://fraud-dl-raw", f"--database={text}"]) == 2
    said = capfd.readouterr()
    assert said.out == ""
    assert said.err.startswith("error: database")


@pytest.mark.parametrize("command", [["ddl"], ["count", "--athena", "primary"]], ids=lambda words: words[0])
def test_an_unknown_table_is_refused_with_the_nearest(command: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    """Only tables of the schema can be named."""
    assert run([*command, "--location=s3://fraud-dl-raw", "--table=payment; DROP"]) == 2
    assert "error: table" in capfd.readouterr().err


@pytest.mark.parametrize("text", ["2025-2024", "25", "2025-", "x", "2025;", "-2025", "20255"])
def test_years_that_are_none_are_refused(text: str) -> None:
    """A range has one or two years, in order."""
    with pytest.raises(ConfigError, match="years"):
        checked_years(text)


def test_each_engine_has_its_addresses() -> None:
    """Athena reads S3 alone; a folder is for DuckDB."""
    assert checked_location("s3://fraud-dl-raw/a/", SCHEMES["athena"]).url == "s3://fraud-dl-raw/a"
    assert checked_location("s3a://fraud-dl-raw", SCHEMES["spark"]).url == "s3a://fraud-dl-raw"
    assert checked_location("./data/", SCHEMES["duckdb"]).url.endswith("/data")
    athena, duckdb = SCHEMES["athena"], SCHEMES["duckdb"]
    for schemes, text in ((athena, "data"), (athena, "gs://fraud-dl-raw"), (duckdb, "s3a://fraud-dl-raw")):
        with pytest.raises(ConfigError):
            checked_location(text, schemes)


@pytest.mark.parametrize("text", ["results", "s3://fraud-dl-raw/x'y", "file:///x"])
def test_results_go_to_a_bucket(text: str, capfd: pytest.CaptureFixture[str]) -> None:
    """Where Athena writes is checked as well, before anything is asked."""
    assert run(["count", "--athena", "primary", "--location=s3://fraud-dl-raw", f"--output={text}"]) == 2
    assert capfd.readouterr().err.startswith("error: output")


def test_a_password_in_an_address_is_not_repeated(capfd: pytest.CaptureFixture[str]) -> None:
    """What stands before an @ stays out of messages."""
    assert run(["ddl", "--location=s3://user:canary@fraud-dl-raw/x"]) == 2
    assert "canary" not in capfd.readouterr().err


@given(st.one_of(st.text(), st.text("ab/.:;'\"`\\ \n${}*-_=").map(lambda text: f"s3://bucket/{text}")))
def test_what_is_accepted_needs_no_quoting(text: str) -> None:
    """Whatever is accepted has no mark in it that SQL, globs or shells know, and does not climb."""
    try:
        url = checked_location(text, ("s3", "s3a", "file", "gs", "")).url
    except ConfigError:
        return
    assert not MARKS & set(url)
    assert ".." not in url.split("/")


@given(st.text())
def test_an_accepted_database_is_a_plain_word(text: str) -> None:
    """Names are words of small letters, digits and underscores."""
    try:
        name = checked_database(text)
    except ConfigError:
        return
    assert name.isidentifier()
    assert name == name.lower()
