"""generate_payments run by Airflow with the real payloom and a real S3 server."""

import hashlib
import json
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest

pytest.importorskip("airflow")

from tests.dags.conftest import Airflow
from tests.servers.seaweed import SeaweedServer

pytestmark = [pytest.mark.integration, pytest.mark.filterwarnings("ignore")]

SPOILER = Path(__file__).with_name("commands") / "spoiler.py"
#: The last days before a leap day, so that the days of a test lie in two months.
FIRST = date(2028, 2, 28)
#: Made by the day: rows of the payments and of the labels, and the records of what is finished.
COMPARED = ("payments/", "fraud_labels/", "customers/", "accounts/", "cards/", "merchants/", "devices/")
DIGEST_OF_ROWS = """
import hashlib, sys
import polars as pl
keys = sys.argv[2:]
for table in ("payments", "fraud_labels"):
    rows = pl.scan_parquet(f"{sys.argv[1]}/{table}/**/*.parquet", hive_partitioning=False).collect()
    rows = rows.sort("event_time", "transaction_id") if "event_time" in rows.columns else rows.sort("transaction_id")
    print(table, rows.height, hashlib.sha256(rows.write_csv().encode()).hexdigest())
"""


@dataclass(frozen=True)
class Place:
    """A bucket of a server, and the settings with which Airflow's tasks use it."""

    server: SeaweedServer
    command: str
    bucket: str

    def settings(self, **more: str) -> dict[str, str]:
        """Settings: the connection has the keys, the environment has none."""
        connection = {
            "conn_type": "aws",
            "login": self.server.access_key,
            "password": self.server.secret_key,
            "extra": {"region_name": "us-east-1", "endpoint_url": self.server.endpoint},
        }
        return {
            "AIRFLOW_CONN_AWS_DEFAULT": json.dumps(connection),
            "PAYLOOM_COMMAND": self.command,
            "PAYLOOM_BUCKET": self.bucket,
            "NO_PROXY": "127.0.0.1",
        } | more

    def objects(self, *prefixes: str) -> dict[str, str]:
        """Give the sha256 of every object below some prefixes."""
        client = self.server.client()
        keys = [key for prefix in prefixes or ("",) for key in self.server.keys_and_etags(self.bucket, prefix)]
        with ThreadPoolExecutor(4) as pool:
            bodies = pool.map(lambda key: client.get_object(Bucket=self.bucket, Key=key)["Body"].read(), keys)
            return {key: hashlib.sha256(body).hexdigest() for key, body in zip(keys, bodies, strict=True)}

    def generate(self, *days: str, below: str = "") -> None:
        """Make days directly, as a person would."""
        out = f"s3://{self.bucket}/{below}"
        arguments = ["generate", "--preset", "airflow", *days, "--out", out, "--quiet"]
        done = subprocess.run(
            [self.command, *arguments], env=self.server.env(), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr

    def rows(self, folder: Path) -> str:
        """Give number and digest of all payments and labels, in an order that no file name decides."""
        folder = folder / self.bucket
        client = self.server.client()
        for prefix in ("payments/", "fraud_labels/"):
            for key in self.server.keys_and_etags(self.bucket, prefix):
                (folder / key).parent.mkdir(parents=True, exist_ok=True)
                client.download_file(self.bucket, key, str(folder / key))
        python = str(Path(self.command).parent / "python")
        return subprocess.run(
            [python, "-c", DIGEST_OF_ROWS, str(folder)], check=True, capture_output=True, text=True
        ).stdout


@pytest.fixture
def new_place(s3_server: SeaweedServer, payloom_command: str) -> Callable[[], Place]:
    """`new_place()`: an empty bucket."""
    return lambda: Place(s3_server, payloom_command, s3_server.bucket())


@pytest.fixture
def airflow(new_airflow: Callable[[], Airflow]) -> Airflow:
    """An Airflow that has run nothing yet; what its runs left behind has no secret."""
    return new_airflow()


def logical(day: date, hour: int = 0) -> str:
    """The logical date of a manual run that makes this day."""
    return f"{day + timedelta(days=1)}T{hour:02}:00:00+00:00"


def permuted(days: int) -> list[date]:
    """Days in an order that is neither theirs nor its reverse; 7 has no factor with the numbers of days used here."""
    return [FIRST + timedelta(days=(number * 7 + 1) % days) for number in range(days)]


def test_days_in_any_order_are_the_objects_of_a_direct_run(airflow, new_place, count, tmp_path):
    """Days by Airflow, in disorder, are byte for byte what days by hand are, and row for row what one run of all is."""
    place, by_hand, at_once = new_place(), new_place(), new_place()
    days = permuted(count(3, 30))
    assert len(set(days)) == len(days)
    log = airflow.test("generate_payments", [logical(day) for day in days], **place.settings())
    assert set(airflow.runs().values()) == {"success"}, log[-5_000:]
    for day in sorted(days):
        by_hand.generate("--day", str(day))
    assert place.objects(*COMPARED) == by_hand.objects(*COMPARED)
    assert place.objects("_payloom/manifests/") == by_hand.objects("_payloom/manifests/")
    assert place.objects("_staging/") == {}
    assert place.server.unfinished_uploads(place.bucket) == []
    at_once.generate("--from", str(min(days)), "--to", str(max(days) + timedelta(days=1)))
    assert place.rows(tmp_path) == at_once.rows(tmp_path)
    secret = place.server.secret_key
    assert secret not in log
    assert secret not in str(airflow.xcoms())
    assert all(len(value) < 2_000 for _, value in airflow.xcoms())
    assert not [file for file in airflow.home.rglob("*.log") if secret in file.read_text("utf-8", "replace")]
    # A day that is made again is kept as it is.
    before = place.server.keys_and_etags(place.bucket, "payments/")
    airflow.test("generate_payments", [logical(days[0], hour=7)], **place.settings())
    assert set(airflow.runs().values()) == {"success"}
    assert place.server.keys_and_etags(place.bucket, "payments/") == before


def test_two_runs_of_one_day_at_once_leave_one_day(new_airflow, new_place):
    """Both runs succeed, the objects are those of one, and neither clears what the other reads."""
    place, by_hand = new_place(), new_place()
    installations = [new_airflow(), new_airflow()]
    started = [
        one.start("generate_payments", [logical(FIRST, hour)], **place.settings())
        for hour, one in zip((0, 5), installations, strict=True)
    ]
    logs = [process.communicate(timeout=600)[0] for process in started]
    for one, log in zip(installations, logs, strict=True):
        assert list(one.runs().values()) == ["success"], log[-5_000:]
    by_hand.generate("--day", str(FIRST))
    assert place.objects(*COMPARED) == by_hand.objects(*COMPARED)
    assert place.objects("_payloom/manifests/") == by_hand.objects("_payloom/manifests/")
    assert place.objects("_staging/") == {}


def spoilt(place: Place, folder: Path, spoil: str) -> dict[str, str]:
    """Settings with a command that is payloom with a mishap."""
    command = folder / "payloom"
    python = Path(place.command).parent / "python"
    command.write_text(f'#!/bin/sh\nexec {python} {SPOILER} "$@"\n')
    command.chmod(0o755)
    mishap = {"SPOIL": spoil, "SPOILT": str(folder / "spoilt"), "REAL_PAYLOOM": place.command}
    return place.settings(PAYLOOM_COMMAND=str(command), **mishap)


def test_a_poisoned_day_is_not_uploaded_and_the_next_one_is(airflow, new_place, tmp_path):
    """The gate fails closed: one try, the report's address in the log, nothing published; the day after goes on."""
    place = new_place()
    bad, good = FIRST, FIRST + timedelta(days=1)
    settings = spoilt(place, tmp_path, f"poison:{bad}")
    log = airflow.test("generate_payments", [logical(bad)], **settings)
    (run,) = airflow.runs()
    assert airflow.runs()[run] == "failed"
    tasks = airflow.tasks(run)
    assert tasks["generate"][0] == "success"
    assert tasks["validate"] == ("failed", 1), log[-5_000:]
    assert {tasks[name][0] for name in ("upload_to_s3", "register_partition", "clear_staging")} == {"upstream_failed"}
    report = f"reports/day={bad}/index.html"
    assert f"the report: s3://{place.bucket}/{report}" in log
    assert "payments.transaction_id.unique" in log
    assert report in place.objects("reports/")
    assert place.objects(*COMPARED, "_payloom/") == {}
    staged = place.objects(f"_staging/day={bad}/")
    # Cleared in Airflow, the run's first task repairs what was staged.
    below = min(staged).rpartition(f"day={bad}/")
    own = f"{below[0]}{below[1]}{below[2].partition('/')[0]}"
    place.generate("--day", str(bad), "--overwrite", below=own)
    by_hand = new_place()
    by_hand.generate("--day", str(bad))
    repaired = place.objects(f"{own}/payments/")
    assert repaired != {key: staged[key] for key in repaired}
    assert list(repaired.values()) == list(by_hand.objects("payments/").values())
    airflow.test("generate_payments", [logical(good)], **settings)
    (after,) = set(airflow.runs()) - {run}
    assert airflow.runs()[after] == "success"
    assert list(place.objects("_payloom/manifests/")) == [f"_payloom/manifests/{good}.json"]
    assert not place.objects(f"_staging/day={good}/")


def test_an_upload_that_was_killed_half_way_is_finished_by_its_retry(airflow, new_place, tmp_path):
    """A signal is tried again, and the objects are those of a run that nothing has disturbed."""
    place, by_hand = new_place(), new_place()
    log = airflow.test("generate_payments", [logical(FIRST)], **spoilt(place, tmp_path, "kill"))
    assert len((tmp_path / "spoilt").read_text().split()) >= 3
    assert list(airflow.runs().values()) == ["success"], log[-5_000:]
    assert airflow.tasks()["upload_to_s3"] == ("success", 2)
    assert "payloom publish was ended by signal 9" in log
    by_hand.generate("--day", str(FIRST))
    assert place.objects(*COMPARED) == by_hand.objects(*COMPARED)
    assert place.server.unfinished_uploads(place.bucket) == []


def test_a_day_outside_of_the_world_fails_with_payloom_s_own_line(airflow, new_place):
    """The world ends in 2035: one line that says so, one try, an empty bucket."""
    place = new_place()
    log = airflow.test("generate_payments", [logical(date(2035, 1, 1))], **place.settings())
    assert list(airflow.runs().values()) == ["failed"]
    assert airflow.tasks()["generate"] == ("failed", 1)
    assert "payloom generate left with exit code 2: day = 2035-01-01" in log, log[-3_000:]
    assert place.objects() == {}


def test_nothing_is_done_without_a_data_interval(airflow, new_place):
    """A run that was triggered without a logical date makes no day, not even today's."""
    place = new_place()
    log = airflow.test("generate_payments", ["none"], **place.settings())
    assert list(airflow.runs().values()) == ["failed"]
    assert airflow.tasks()["generate"] == ("failed", 1)
    assert "has no data interval, so it names no day" in log
    assert place.objects() == {}
