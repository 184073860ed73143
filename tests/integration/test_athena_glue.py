"""`payloom register` and `payloom count` against a server that has Glue, and an Athena that runs its queries."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from payloom import World
from payloom.catalog.athena import Query, run_query
from payloom.errors import StorageError
from payloom.schema import TABLES
from scripts.aws_stand_in import REGION, StandIn
from tests.cli.shell import payloom
from tests.integration.athena_tools import NO_PROFILE, put_folder, settings, stand_in

pytestmark = pytest.mark.integration

ROWS = 1_000_000
BUCKET = "fraud-dl-raw"
LOCATION = f"s3://{BUCKET}/runs/a"
RESULTS = f"s3://{BUCKET}/results"
BY_MONTH = sorted(name for name, table in TABLES.items() if table.by_month)
VOLATILE = {"CreateTime", "UpdateTime", "CreationTime", "LastAccessTime"}


@dataclass(frozen=True)
class Lake:
    """A server with a data set of a million payments in a bucket."""

    server: StandIn
    folder: Path

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """Run a command about the data set; exit code, output and messages."""
        place = () if "--location" in arguments else ("--location", LOCATION)
        done = payloom(*arguments, *place, before=NO_PROFILE, cwd=None, **settings(self.server))
        return done.returncode, done.stdout, done.stderr

    def register(self, database: str) -> dict[str, Any]:
        """Register the data set, and give what the command printed as JSON."""
        code, out, err = self.run("register", "--database", database, "--json")
        assert code == 0, err
        report: dict[str, Any] = json.loads(out)
        return report

    def count(self, *options: str) -> tuple[int, str, str]:
        """Count in Athena."""
        return self.run("count", "--athena", "primary", "--output", RESULTS, *options)

    def tables(self, database: str) -> dict[str, Any]:
        """Tables as Glue has them, without times."""
        found = self.server.client("glue").get_tables(DatabaseName=database)["TableList"]
        return {one["Name"]: {name: one[name] for name in one if name not in VOLATILE} for one in found}

    def partitions(self, database: str, table: str) -> dict[tuple[str, ...], Any]:
        """Partitions as Glue has them, without times."""
        pages = (
            self.server.client("glue").get_paginator("get_partitions").paginate(DatabaseName=database, TableName=table)
        )
        found = [one for page in pages for one in page["Partitions"]]
        return {tuple(one["Values"]): {name: one[name] for name in one if name not in VOLATILE} for one in found}


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """The server, with the world of `make data` in it."""
    folder = tmp_path_factory.mktemp("data")
    done = payloom("generate", "--out", str(folder), "--rows", str(ROWS), "--seed", "7", "--quiet")
    assert done.returncode == 0, done.stderr
    with stand_in(tmp_path_factory.mktemp("server") / "ministack") as server:
        where = {"LocationConstraint": REGION}
        server.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration=where)
        put_folder(server, folder, BUCKET, "runs/a")
        yield Lake(server, folder)


def test_the_second_time_changes_nothing(lake: Lake) -> None:
    """The first run makes everything, with a partition for each month; the second keeps everything as it is."""
    first = lake.register("twice")
    assert first["database_state"] == "created"
    assert {table["name"]: table["state"] for table in first["tables"]} == dict.fromkeys(TABLES, "created")
    added = {table["name"]: table["partitions_added"] for table in first["tables"] if table["partitions_added"]}
    assert added == dict.fromkeys(BY_MONTH, 12)
    before = lake.tables("twice"), [lake.partitions("twice", name) for name in BY_MONTH]
    second = lake.register("twice")
    assert second["database_state"] == "kept"
    assert {table["state"] for table in second["tables"]} == {"kept"}
    assert [table["partitions_kept"] for table in second["tables"] if table["name"] in BY_MONTH] == [12, 12]
    assert (lake.tables("twice"), [lake.partitions("twice", name) for name in BY_MONTH]) == before


def test_ten_years_are_more_than_a_batch(lake: Lake, tmp_path: Path) -> None:
    """120 months go to Glue in two batches, and all of them come back."""
    config = {"world": {"rows": 3_000, "start": "2015-01-01", "end": "2025-01-01"}}
    World(config).generate(tmp_path, workers=1)
    put_folder(lake.server, tmp_path, BUCKET, "runs/long")
    code, out, err = lake.run("register", "--location", f"s3://{BUCKET}/runs/long", "--database", "long", "--json")
    assert code == 0, err
    assert json.loads(out)["tables"][0]["partitions_added"] == 120
    assert len(lake.partitions("long", "payments")) == 120
    assert lake.tables("long")["payments"]["Parameters"]["projection.year.range"] == "2015,2024"
    code, out, err = lake.count("--location", f"s3://{BUCKET}/runs/long", "--database", "long", "--json")
    assert code == 0, err
    assert json.loads(out)["athena_rows"] == 3_000


@pytest.mark.parametrize("attempt", range(3))
def test_two_at_the_same_time_both_succeed(lake: Lake, attempt: int) -> None:
    """Whoever is slower finds what the other made; together they make everything once."""
    with ThreadPoolExecutor(2) as threads:
        reports = list(threads.map(lake.register, [f"race_{attempt}"] * 2))
    for name in TABLES:
        states = [table["state"] for report in reports for table in report["tables"] if table["name"] == name]
        assert states.count("created") == 1, (name, states)
    assert sorted(lake.tables(f"race_{attempt}")) == sorted(TABLES)
    assert len(lake.partitions(f"race_{attempt}", "payments")) == 12


def test_partitions_lie_where_the_files_are(lake: Lake) -> None:
    """Every partition's folder holds objects, and every month of the data set has a partition."""
    lake.register("places")
    objects = (
        lake.server.client("s3").get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix="runs/a/payments/")
    )
    folders = {f"s3://{BUCKET}/{entry['Key'].rpartition('/')[0]}/" for page in objects for entry in page["Contents"]}
    found = lake.partitions("places", "payments").values()
    assert {one["StorageDescriptor"]["Location"] for one in found} == folders


@pytest.mark.parametrize("table", [*BY_MONTH, "cards"])
def test_the_right_count_is_zero(lake: Lake, table: str) -> None:
    """Athena counts what the manifest lists, and the command says both."""
    lake.register("counted")
    code, out, err = lake.count("--database", "counted", "--table", table, "--json")
    assert code == 0, err
    report = json.loads(out)
    assert report["athena_rows"] == report["manifest_rows"] > 0
    assert table != "payments" or report["athena_rows"] == ROWS


def test_a_wrong_count_is_seven(lake: Lake) -> None:
    """A stray file in a month makes Athena count too many: both figures are told, and the exit code is 7."""
    lake.register("stray")
    part = next(path for path in (lake.folder / "payments" / "year=2025" / "month=02").iterdir())
    key = "runs/a/payments/year=2025/month=02/stray.parquet"
    lake.server.client("s3").upload_file(str(part), BUCKET, key)
    try:
        code, out, err = lake.count("--database", "stray")
    finally:
        lake.server.client("s3").delete_object(Bucket=BUCKET, Key=key)
    assert (code, out) == (7, "")
    assert err.startswith("error: Athena counts 1,0")
    assert f"list {ROWS:,}" in err
    assert lake.count("--database", "stray")[0] == 0


def test_a_query_that_fails_gives_the_reason(lake: Lake) -> None:
    """A database that does not exist fails in Athena: its reason on one line, and 5."""
    code, out, err = lake.count("--database", "nobody")
    assert (code, out) == (5, "")
    assert err.startswith("error: Athena failed the query: ")
    assert "nobody" in err.splitlines()[0]
    assert len(err.splitlines()) == 2


def test_garbage_fails(lake: Lake) -> None:
    """The stand-in really runs statements: garbage is FAILED, and that is an error."""
    query = Query("SELEKT garbage", "payloom", "primary", f"{RESULTS}/")
    with pytest.raises(StorageError, match="Athena failed the query"):
        run_query(lake.server.client("athena"), query)
    assert run_query(lake.server.client("athena"), Query("SELECT 40 + 2", "payloom", "primary", f"{RESULTS}/")) == "42"


def test_without_a_place_for_results_the_option_is_named(lake: Lake) -> None:
    """The workgroup names none, and no option does: the way out is the option."""
    code, _, err = lake.run("count", "--athena", "primary")
    assert code == 5
    assert "--output" in err


def test_a_changed_schema_updates_table_and_partitions(lake: Lake) -> None:
    """Columns that a release adds arrive in table and partitions; what others noted on the table stays."""
    lake.register("older")
    before = lake.tables("older")["payments"], lake.partitions("older", "payments")
    glue = lake.server.client("glue")
    table = {name: before[0][name] for name in ("Name", "TableType", "PartitionKeys", "Description")}
    storage = {**before[0]["StorageDescriptor"], "Columns": before[0]["StorageDescriptor"]["Columns"][:-1]}
    parameters = {**before[0]["Parameters"], "team": "fraud", "projection.year.range": "2024,2024"}
    glue.update_table(
        DatabaseName="older", TableInput={**table, "StorageDescriptor": storage, "Parameters": parameters}
    )
    old = {**before[1]["2025", "03"]["StorageDescriptor"], "Columns": storage["Columns"]}
    march: dict[str, Any] = {"Values": ["2025", "03"], "StorageDescriptor": old}
    entry = {"PartitionValueList": march["Values"], "PartitionInput": march}
    glue.batch_update_partition(DatabaseName="older", TableName="payments", Entries=[entry])
    payments = next(one for one in lake.register("older")["tables"] if one["name"] == "payments")
    assert payments["state"] == "updated"
    assert (payments["partitions_updated"], payments["partitions_kept"]) == (1, 11)
    after = lake.tables("older")["payments"]
    assert after["StorageDescriptor"]["Columns"] == before[0]["StorageDescriptor"]["Columns"]
    assert after["Parameters"] == {**before[0]["Parameters"], "team": "fraud"}
    columns = [one["StorageDescriptor"]["Columns"] for one in lake.partitions("older", "payments").values()]
    assert columns == [after["StorageDescriptor"]["Columns"]] * 12


def test_partitions_without_parts_go_and_those_of_others_stay(lake: Lake) -> None:
    """A month that no manifest lists any more is removed, unless it lies elsewhere."""
    lake.register("stale")
    storage = lake.partitions("stale", "payments")["2025", "01"]["StorageDescriptor"]
    places = {("2031", "01"): f"{LOCATION}/payments/year=2031/month=01/", ("2032", "01"): "s3://theirs/x/"}
    inputs = [
        {"Values": list(values), "StorageDescriptor": {**storage, "Location": place}}
        for values, place in places.items()
    ]
    lake.server.client("glue").batch_create_partition(
        DatabaseName="stale", TableName="payments", PartitionInputList=inputs
    )
    payments = next(one for one in lake.register("stale")["tables"] if one["name"] == "payments")
    assert (payments["partitions_removed"], payments["partitions_kept"]) == (1, 12)
    found = lake.partitions("stale", "payments")
    assert ("2031", "01") not in found
    assert ("2032", "01") in found


def test_somebody_elses_table_is_a_conflict(lake: Lake) -> None:
    """A table of that name that lies elsewhere is refused with 4, and nothing is written."""
    glue = lake.server.client("glue")
    glue.create_database(DatabaseInput={"Name": "theirs"})
    theirs = {"Name": "merchants", "StorageDescriptor": {"Columns": [], "Location": "s3://theirs/merchants/"}}
    glue.create_table(DatabaseName="theirs", TableInput=theirs)
    code, out, err = lake.run("register", "--database", "theirs")
    assert (code, out) == (4, "")
    assert "s3://theirs/merchants" in err
    assert list(lake.tables("theirs")) == ["merchants"]


def test_an_address_without_a_data_set_is_refused(lake: Lake) -> None:
    """Nothing is registered for a prefix without a manifest."""
    code, _, err = lake.run("register", "--location", f"s3://{BUCKET}/empty", "--database", "none")
    assert code == 5
    assert "no finished data set" in err


def test_what_is_said_names_everything(lake: Lake) -> None:
    """For people: a line for the database and for each table."""
    code, out, err = lake.run("register", "--database", "said")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == f"database said in {REGION}: created"
    assert lines[1] == "table payments: created; partitions: 12 added"
    assert [line.split(":")[0] for line in lines[1:]] == [f"table {name}" for name in TABLES]
