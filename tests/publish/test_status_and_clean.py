"""What `status` says of a place and what `clean` removes there, in a folder and in a bucket."""

import json
from datetime import date
from pathlib import Path

import pytest

from payloom.cli.main import run
from payloom.engine.failures import FailedJobsError
from payloom.errors import ConflictError, StorageError
from payloom.pipeline.generate import GenerateOptions, generate
from payloom.pipeline.publish import PublishOptions, publish
from payloom.pipeline.status import clean, status
from payloom.pipeline.verify import verify
from payloom.storage import LocalStore
from payloom.storage.address import open_store
from payloom.storage.keys import CLAIMS
from payloom.write.units import Unit
from tests.engine.fake_source import FakeSource

SMALL = FakeSource(rows=200, months=2)
DAY = Unit.of_day(date(2025, 1, 1))


def half_a_run(place: str) -> None:
    """A run of a day that fails at its second part: one finished part, one receipt, one declared unit."""
    source = FakeSource(rows=200, months=2, fail_at="payments-2025-02-00000")
    with pytest.raises(FailedJobsError):
        generate(source, place, GenerateOptions(unit=DAY))


def test_status_names_units_rows_and_config(place):
    """Of a whole data set: what it is made from, and nothing to worry about."""
    generate(SMALL, place)
    found = status(place)
    assert [(one.unit.name, one.rows) for one in found.manifests] == [("full", 400)]
    assert found.identity.config == {"rows": 200, "months": 2, "seed": 0}
    assert (found.wrong, found.orphans, found.strangers, found.claims) == ((), (), (), ())
    assert not found.unfinished
    assert found.uploads == ()


def test_status_sees_what_is_missing_left_over_or_foreign(place):
    """By listing alone."""
    generate(SMALL, place)
    store = open_store(place)
    part = status(place).manifests[0].parts[0]
    store.delete(part.key)
    store.put(f"payments/year=2025/month=01/part-00009-{status(place).identity.digest[:12]}.parquet", b"x")
    store.put("payments/notes.txt", b"mine")
    found = status(place)
    assert found.wrong == (part.key,)
    assert [entry.key.rpartition("/")[2][:10] for entry in found.orphans] == ["part-00009"]
    assert [entry.key for entry in found.strangers] == ["payments/notes.txt"]


def test_there_is_no_status_without_a_data_set(place, tmp_path):
    """One line that says so."""
    with pytest.raises(StorageError, match="holds no data set of payloom"):
        status(place)


def test_clean_leaves_a_young_run_alone(place):
    """Half a run may be one that is going on."""
    half_a_run(place)
    report = clean(place)
    assert report.removed == ()
    assert {one.kind for one in report.kept} == {"part", "receipt", "unit", "record"}
    generate(SMALL, place, GenerateOptions(unit=DAY))
    assert clean(place, older_than_seconds=0).removed == ()


def test_clean_removes_a_dead_run_and_lets_another_in(place):
    """What a dry run names goes, nothing else; a unit that overlapped can be made then."""
    half_a_run(place)
    with pytest.raises(ConflictError, match="unfinished run of 2025-01-01"):
        generate(SMALL, place)
    named = clean(place, older_than_seconds=0, dry_run=True)
    assert status(place).unfinished
    assert clean(place, older_than_seconds=0).removed == named.removed
    assert {one.kind for one in named.removed} == {"part", "receipt", "unit", "record"}
    assert not [entry for entry in open_store(place).list() if not entry.key.endswith(".lock")]
    generate(SMALL, place)
    verify(place)


def test_clean_never_touches_finished_units_or_files_of_others(place):
    """Beside a dead run lie a finished day and somebody's notes."""
    other = Unit.of_day(date(2025, 2, 2))
    generate(SMALL, place, GenerateOptions(unit=other))
    open_store(place).put("customers/notes.txt", b"mine")
    before = {entry.key for entry in open_store(place).list()}
    open_store(place).put(f"{CLAIMS}/2025-01-01.x.json", b"{}")
    clean(place, older_than_seconds=0)
    assert {entry.key for entry in open_store(place).list()} == before


def test_an_upload_of_a_killed_run_goes(s3_server, monkeypatch):
    """It is in no listing of objects and is paid for all the same; those of others in the bucket are not ours."""
    for name, value in s3_server.env().items():
        monkeypatch.setenv(name, value)
    bucket = s3_server.bucket()
    generate(SMALL, f"s3://{bucket}")
    part = status(f"s3://{bucket}").manifests[0].parts[-1].key
    for key in (part, "other-team/backup.tar", "payments/theirs.parquet"):
        s3_server.client().create_multipart_upload(Bucket=bucket, Key=key)
    assert [one.kind for one in clean(f"s3://{bucket}").kept] == ["upload"]
    assert [one.kind for one in clean(f"s3://{bucket}", older_than_seconds=0).removed] == ["upload"]
    assert set(s3_server.unfinished_uploads(bucket)) == {"other-team/backup.tar", "payments/theirs.parquet"}


def test_a_folder_in_which_a_run_is_alive_is_not_cleaned(tmp_path):
    """The lock says so, whatever the age."""
    generate(SMALL, tmp_path)
    with LocalStore(tmp_path).writing(alone=False), pytest.raises(ConflictError, match="another run"):
        clean(tmp_path, older_than_seconds=0)


def test_the_commands_say_the_same(place, capsys):
    """As text and as JSON, with the exit codes of the page of commands."""
    generate(SMALL, place)
    assert run(["status", place]) == 0
    text = capsys.readouterr().out
    assert "400 payments" in text
    assert "1 finished, 0 unfinished" in text
    assert run(["status", place, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["units"][0]["rows"], told["parts_without_manifest"]) == (400, [])
    assert run(["clean", place, "--dry-run", "--older-than", "0"]) == 0
    assert "nothing is left over" in capsys.readouterr().out
    assert run(["clean", place, "--older-than", "soon"]) == 2
    assert "30m, 24h or 7d" in capsys.readouterr().err


def test_days_come_in_any_order_and_a_full_run_is_in_their_way(place, tmp_path):
    """A day by itself, again, and what overlaps it."""
    days = [date(2025, 1, 1), date(2025, 2, 1)]
    here = tmp_path / "here"
    for number, day in enumerate(days, start=1):
        generate(FakeSource(rows=200, only_month=number), here, GenerateOptions(unit=Unit.of_day(day)))
    for day in (days[1], days[0], days[1]):
        publish(here, place, PublishOptions(day=day))
    assert [one.unit.name for one in status(place).manifests] == ["2025-01-01", "2025-02-01"]
    whole = tmp_path / "whole"
    generate(FakeSource(rows=200), whole)
    with pytest.raises(ConflictError, match="already holds 2025-01-01, which overlaps full"):
        publish(whole, place)
    with pytest.raises(ConflictError, match="as a part of full"):
        publish(whole, place, PublishOptions(day=days[0]))
    with pytest.raises(ConflictError, match="does not hold 2025-01-03"):
        publish(here, place, PublishOptions(day=date(2025, 1, 3)))
    verify(place)


def test_publishing_again_sends_nothing_and_a_changed_part_is_a_conflict(place, tmp_path):
    """Size and digest are compared; --overwrite sends what differs and nothing else."""
    here = tmp_path / "here"
    generate(SMALL, here)
    first = publish(here, place)
    again = publish(here, place)
    assert (first.sent_parts, again.sent_parts, again.kept_parts) == (5, 0, 5)
    store = open_store(place)
    key = status(place).manifests[0].parts[-1].key
    store.put(key, b"something else")
    with pytest.raises(ConflictError, match="has other bytes"):
        publish(here, place)
    assert publish(here, place, PublishOptions(overwrite=True)).sent_parts == 1
    verify(place)


def test_a_damaged_source_is_not_published(place, tmp_path):
    """Its bytes are compared on the way, and not even the manifest arrives."""
    here = tmp_path / "here"
    generate(SMALL, here)
    part = next(Path(here).glob("payments/*/*/*.parquet"))
    changed = bytearray(part.read_bytes())
    changed[len(changed) // 2] ^= 1
    part.write_bytes(changed)
    assert run(["publish", str(here), place, "--quiet"]) == 7
    assert status(place).manifests == ()
    assert not [key for key in status(place).found if key == part.relative_to(here).as_posix()]


def test_a_data_set_of_another_config_is_replaced_only_on_demand(place, tmp_path):
    """Exit code 4 first; then the tree of the other one alone."""
    for name, seed in (("a", 0), ("b", 1)):
        generate(FakeSource(rows=200, months=1, seed=seed), tmp_path / name)
    publish(tmp_path / "a", place)
    assert run(["publish", str(tmp_path / "b"), place, "--quiet"]) == 4
    assert run(["publish", str(tmp_path / "b"), place, "--quiet", "--overwrite"]) == 0
    found = status(place)
    assert found.identity.config["seed"] == 1
    assert (found.orphans, found.strangers) == ((), ())
    verify(place)


def test_an_unfinished_data_set_is_not_published(place, tmp_path):
    """Half a year looks like a year to whoever reads it."""
    half_a_run(str(tmp_path / "half"))
    assert run(["publish", str(tmp_path / "half"), place, "--quiet"]) == 7
    with pytest.raises(StorageError):
        status(place)
