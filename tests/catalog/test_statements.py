"""What `payloom ddl` prints for Athena and Spark, and how it fits what Glue is told."""

import re

import pytest

from payloom.catalog.columns import HIVE_TYPES, MAX_COMMENT_BYTES, column_comment, comment
from payloom.catalog.ddl import script
from payloom.catalog.glue import partition_input, table_input
from payloom.catalog.hive import quoted
from payloom.catalog.names import Years, checked_location
from payloom.catalog.published import Month
from payloom.pipeline.catalog import ddl
from payloom.schema import FRAUD_LABELS, MERCHANTS, PAYMENTS, TABLES
from tests.cli.shell import payloom

PLACE = "s3://fraud-dl-raw/runs/a"
COLUMN = re.compile(r"^  `(\w+)` (\w+) COMMENT '((?:[^'\\]|\\.)*)',?$", re.MULTILINE)
PROPERTY = re.compile(r"^  '([^']+)' = '([^']+)',?$", re.MULTILINE)


def statements(dialect: str, **options: str) -> list[str]:
    """Statements of a script, cut as simple tools cut it: at every semicolon."""
    return [part.strip() for part in ddl(PLACE, dialect, **options).split(";") if part.strip()]  # type: ignore[arg-type]


def of_table(name: str, dialect: str = "athena", **options: str) -> str:
    """The statement that makes a table."""
    (found,) = [one for one in statements(dialect, **options) if f"EXISTS `payloom`.`{name}`" in one]
    return found


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_a_statement_has_every_column_in_order(table) -> None:
    """Names and order are the schema's, partition columns come last, and each has a comment with its unit."""
    found = COLUMN.findall(of_table(table.name))
    assert [name for name, _, _ in found] == [*table.names, *(("year", "month") if table.by_month else ())]
    for name, kind, text in found[: len(table.columns)]:
        column = table.column(name)
        assert kind == HIVE_TYPES[column.kind]
        assert column.unit in text


def test_types_are_those_that_the_files_need() -> None:
    """Types that engines could widen or shift are written out here by hand."""
    kinds = {name: kind for name, kind, _ in COLUMN.findall(of_table("payments"))}
    expected = {
        "transaction_id": "bigint", "event_time": "timestamp", "local_offset_min": "smallint", "currency": "string",
        "bin_id": "int", "amount_usd": "double", "latitude": "float", "is_fraud": "boolean", "year": "int",
        "month": "int",
    }  # fmt: skip
    assert {name: kinds[name] for name in expected} == expected
    assert {name: kind for name, kind, _ in COLUMN.findall(of_table("cards"))}["issued_on"] == "date"


@pytest.mark.parametrize("name", TABLES)
def test_athena_gets_an_external_parquet_table_in_its_folder(name: str) -> None:
    """Each table is external, Parquet, and lies in the folder of its name."""
    text = of_table(name)
    assert text.startswith("CREATE EXTERNAL TABLE IF NOT EXISTS ")
    assert "\nSTORED AS PARQUET\n" in text
    assert f"\nLOCATION '{PLACE}/{name}/'\n" in text


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_only_tables_by_month_are_projected(table) -> None:
    """Partitions and their projection stand where folders are, and nowhere else."""
    text = of_table(table.name, years="2025-2026")
    properties = dict(PROPERTY.findall(text))
    assert ("PARTITIONED BY" in text) is table.by_month
    assert ("projection.enabled" in properties) is table.by_month
    if table.by_month:
        assert properties["projection.year.range"] == "2025,2026"
        assert (properties["projection.month.range"], properties["projection.month.digits"]) == ("1,12", "2")
        template = properties["storage.location.template"]
        folder = template.replace("${year}", "2025").replace("${month}", "06")
        assert folder == f"{PLACE}/{table.name}/year=2025/month=06/"


def test_without_years_a_wide_range_is_projected() -> None:
    """A data set that grows by a year is not cut off in silence."""
    assert dict(PROPERTY.findall(of_table("payments")))["projection.year.range"] == "2000,2099"


def test_spark_repairs_instead_of_projecting() -> None:
    """Spark knows no projection: the script ends with the repair of each table by month."""
    found = statements("spark")
    assert "projection" not in "".join(found)
    assert found[-2:] == ["MSCK REPAIR TABLE `payloom`.`payments`", "MSCK REPAIR TABLE `payloom`.`fraud_labels`"]


def test_one_table_and_another_database() -> None:
    """Options choose the table and name the database."""
    database, table = statements("athena", table="cards", database="fraud_lab")
    assert database.startswith("CREATE DATABASE IF NOT EXISTS `fraud_lab`\n")
    assert table.startswith("CREATE EXTERNAL TABLE IF NOT EXISTS `fraud_lab`.`cards` (")


def test_glue_is_told_the_same_as_athena() -> None:
    """Registered tables and created tables are the same: columns, comments, partitions, place, properties."""
    place = checked_location(PLACE, ("s3",))
    for table in TABLES.values():
        told = table_input(table, place, Years(2025, 2026))
        columns = [*told["StorageDescriptor"]["Columns"], *told["PartitionKeys"]]
        text = of_table(table.name, years="2025-2026")
        unescaped = [(name, kind, said.replace("\\'", "'")) for name, kind, said in COLUMN.findall(text)]
        assert [(column["Name"], column["Type"], column["Comment"]) for column in columns] == unescaped
        assert f"LOCATION '{told['StorageDescriptor']['Location']}'" in text
        assert told["Parameters"] == {"EXTERNAL": "TRUE", **dict(PROPERTY.findall(text))}


def test_a_partition_lies_in_its_folder() -> None:
    """Values are the folder's own text, as a repair would find them."""
    made = partition_input(PAYMENTS, checked_location(PLACE, ("s3",)), Month("2025", "06"))
    assert made["Values"] == ["2025", "06"]
    assert made["StorageDescriptor"]["Location"] == f"{PLACE}/payments/year=2025/month=06/"


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.name)
def test_comments_fit_into_glue_uncut(table) -> None:
    """Comments keep to Glue's limit, are plain, and none of today's is shortened."""
    for column in table.columns:
        text = column_comment(column)
        assert len(text.encode()) <= MAX_COMMENT_BYTES
        assert text.isascii()
        assert text.isprintable()
        assert not text.endswith("...")


def test_a_comment_of_any_text_is_safe() -> None:
    """Line breaks, semicolons, backslashes, foreign letters and lengths are made plain."""
    assert comment("a;\n b\\c\té") == "a, b/c ?"
    assert len(comment("x" * 300)) == MAX_COMMENT_BYTES
    assert quoted("the payer's \\") == r"'the payer\'s \\'"


def test_a_script_has_a_semicolon_after_each_statement() -> None:
    """Statements are separated as every client expects."""
    assert script(["A", "B"]) == "A;\n\nB;\n"


def test_stdout_is_sql_and_nothing_else() -> None:
    """The output can be piped: no colour, no talk, the same text as the library gives."""
    done = payloom("ddl", "--location", f"{PLACE}/", "--table", "merchants", FORCE_COLOR="1")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == ddl(PLACE, "athena", table=MERCHANTS.name)


def test_labels_are_partitioned_like_payments() -> None:
    """A join by month is possible: both tables have the same partition columns."""
    assert (
        table_input(FRAUD_LABELS, checked_location(PLACE, ("s3",)), None)["PartitionKeys"]
        == (table_input(PAYMENTS, checked_location(PLACE, ("s3",)), None)["PartitionKeys"])
    )
