"""What query engines are told of a data set: statements, the Glue Data Catalog, and a count that proves it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from payloom.catalog.ddl import Dialect, dialect_location, script, statements
from payloom.catalog.names import DEFAULT_DATABASE, checked_database, checked_location, checked_tables, checked_years
from payloom.catalog.published import published, rows_of
from payloom.errors import CorruptionError
from payloom.extras import extra_libraries
from payloom.schema import TABLES
from payloom.storage.address import StoreOptions, open_store

EXTRA: Final = "s3"
"""Its libraries: boto3."""

_S3: Final = ("s3",)


@dataclass(frozen=True, slots=True)
class TableReport:
    """What `register` did to a table.

    Attributes
    ----------
    name
        The table.
    state
        ``"created"``, ``"updated"`` or ``"kept"``.
    partitions_added, partitions_updated, partitions_kept, partitions_removed
        Months; none for a table that does not lie by month.
    """

    name: str
    state: str
    partitions_added: int
    partitions_updated: int
    partitions_kept: int
    partitions_removed: int


@dataclass(frozen=True, slots=True)
class RegisterReport:
    """What `register` did.

    Attributes
    ----------
    database, region, location
        Which database of which region, and where the data set lies.
    database_state
        ``"created"`` or ``"kept"``.
    tables
        Each table in the order of the schema.
    """

    database: str
    region: str
    location: str
    database_state: str
    tables: tuple[TableReport, ...]


@dataclass(frozen=True, slots=True)
class CountReport:
    """Two counts of a table that agree.

    Attributes
    ----------
    table
        Its full name.
    athena_rows, manifest_rows
        What Athena counted, and what the manifests list.
    """

    table: str
    athena_rows: int
    manifest_rows: int


def ddl(
    location: str,
    dialect: Dialect = "athena",
    *,
    table: str | None = None,
    database: str = DEFAULT_DATABASE,
    years: str | None = None,
) -> str:
    """Return the script that tells an engine of a data set; nothing is read.

    Parameters
    ----------
    location
        Where it lies, as the engine can open it.
    dialect
        Which engine.
    table
        Only this table; all of them without it.
    database
        Database, or schema in DuckDB.
    years
        Years that Athena looks for, such as ``"2025-2026"``.

    Raises
    ------
    ConfigError
        If a value can't be written into a statement safely.
    """
    place = dialect_location(location, dialect)
    parts = statements(checked_tables(table), place, checked_database(database), checked_years(years), dialect)
    return script(parts)


def register(location: str, database: str = DEFAULT_DATABASE, options: StoreOptions | None = None) -> RegisterReport:
    """Create database, tables and partitions in the Glue Data Catalog, or bring them up to date.

    Parameters
    ----------
    location
        Where the data set lies, ``s3://bucket/prefix``.
    database
        Database in Glue.
    options
        Region, profile and the endpoint of S3.

    Raises
    ------
    ConfigError
        If a value is no name, or boto3 is not installed.
    ConflictError
        If Glue has a table of such a name that lies elsewhere.
    StorageError, TransientError, CorruptionError
        If there is no data set, or AWS refuses or can't be reached.
    """
    options = options or StoreOptions()
    place, name = checked_location(location, _S3), checked_database(database)
    with extra_libraries(EXTRA, "payloom register"):
        from payloom.catalog.register import Registrar  # noqa: PLC0415 - needs the extra
        from payloom.storage.aws import Aws  # noqa: PLC0415 - needs the extra

    found = published(open_store(place.url, options))
    aws = Aws(options)
    registrar = Registrar(aws.client("glue"), name, place)
    registrar.refuse_foreign(tuple(TABLES.values()))
    state = registrar.database()
    changes = [registrar.table(table, found) for table in TABLES.values()]
    return RegisterReport(
        database=name,
        region=aws.region,
        location=place.url,
        database_state=state,
        tables=tuple(
            TableReport(change.name, change.state, change.added, change.updated, change.kept, change.removed)
            for change in changes
        ),
    )


def count_in_athena(
    location: str,
    workgroup: str,
    *,
    database: str = DEFAULT_DATABASE,
    table: str = "payments",
    output: str | None = None,
    options: StoreOptions | None = None,
) -> CountReport:
    """Let Athena count a table and compare that with the manifests.

    Parameters
    ----------
    location
        Where the data set lies, ``s3://bucket/prefix``.
    workgroup
        Workgroup of Athena.
    database, table
        What is counted.
    output
        Where Athena writes results, ``s3://bucket/prefix``; None leaves it to the workgroup.
    options
        Region, profile and the endpoint of S3.

    Raises
    ------
    ConfigError
        If a value is no name, or boto3 is not installed.
    CorruptionError
        If the counts differ.
    StorageError, TransientError
        If there is no data set, or Athena refuses, fails the query, or can't be reached.
    """
    options = options or StoreOptions()
    place, name = checked_location(location, _S3), checked_database(database)
    (counted,) = checked_tables(table)
    results = None if output is None else f"{checked_location(output, _S3, option='output').url}/"
    with extra_libraries(EXTRA, "payloom count"):
        from payloom.catalog.athena import Query, count_query, run_query  # noqa: PLC0415 - needs the extra
        from payloom.storage.aws import Aws  # noqa: PLC0415 - needs the extra

    manifest_rows = rows_of(published(open_store(place.url, options)), counted)
    query = Query(count_query(name, counted.name), name, workgroup, results)
    athena_rows = int(run_query(Aws(options).client("athena"), query))
    full_name = f"{name}.{counted.name}"
    if athena_rows != manifest_rows:
        raise CorruptionError(
            f"Athena counts {athena_rows:,} rows in {full_name}, the manifests at {place.url} list {manifest_rows:,}",
            hint="payloom verify names files that are missing or strange; payloom register adds new years and months",
        )
    return CountReport(full_name, athena_rows, manifest_rows)
