"""Days that wait below the data set that they will belong to, in the same bucket, and are published from there."""

import json
import os
import signal
import time
from queue import Queue

import pytest

from payloom.schema import TABLES
from tests.counts import count
from tests.faults.trees import Tree
from tests.faults_s3.lab import Lab, Place, Run, kept
from tests.faults_s3.sources import LARGE_ROWS, QuickSource

DAYS = ("2025-01-02", "2025-01-01", "2025-01-03")
STAGING = "_staging/"
LEAD_SECONDS = 0.03


def waiting(place: Place, day: str) -> str:
    """Where a day waits."""
    return f"{place.url}/{STAGING}day={day}"


def stage(place: Place, source: QuickSource) -> str:
    """Make a day where it waits."""
    address = waiting(place, source.day)
    run = place.lab.generate(source, address)
    assert run.wait() == 0, run.said
    return address


def publish(place: Place, day: str, *more: str, **settings) -> Run:
    """Start to publish a day from where it waits."""
    return place.lab.command("publish", waiting(place, day), place.url, "--part-size", "5MiB", *more, **settings)


def data_set(place: Place) -> Tree:
    """What lies in the data set itself."""
    return {key: digest for key, digest in kept(place.tree()).items() if not key.startswith(STAGING)}


def direct(lab: Lab, days: tuple[str, ...], rows: int) -> Tree:
    """The tree of days that are made where they belong."""
    place = lab.place()
    for day in days:
        assert lab.generate(QuickSource(rows=rows, day=day), place.url).wait() == 0
    found = data_set(place)
    place.clear()
    # Declarations of published units name their parts, those of made ones don't.
    return found


def visible(found: Tree) -> Tree:
    """Data, and what says that it is finished."""
    return {key: one for key, one in found.items() if not key.startswith(("_payloom/units/", "_payloom/receipts/"))}


def test_staged_days_are_published(lab, place):
    """In any order they give what making them there gives; again nothing is sent; nobody sees the staging place."""
    for day in DAYS:
        stage(place, QuickSource(day=day))
        run = publish(place, day, "--json")
        assert run.wait() == 0, run.said
        done = json.loads(run.printed)
        assert (done["status"], done["units"], done["rows"], done["target"]) == ("ok", [day], 200, place.url)
        assert done["sent_parts"] == (3 if day == DAYS[0] else 2)
    whole = data_set(place)
    assert visible(whole) == visible(direct(lab, DAYS, 200))
    for day in DAYS:
        run = publish(place, day, "--json")
        assert run.wait() == 0, run.said
        assert json.loads(run.printed)["sent_parts"] == 0
    assert data_set(place) == whole


def test_a_staging_place_disturbs_nothing(lab, place):
    """Status, verify and clean of the data set see neither the days that wait below it nor their unfinished uploads."""
    stage(place, QuickSource(day=DAYS[0]))
    assert publish(place, DAYS[0]).wait() == 0
    stage(place, QuickSource(day=DAYS[1]))
    key = f"{place.prefix}/{STAGING}day={DAYS[2]}/payments/year=2025/month=01/part-00000-0123456789ab.parquet"
    upload = lab.client.create_multipart_upload(Bucket=lab.bucket, Key=key)
    before = place.tree()
    status = lab.command("status", place.url, "--json")
    assert status.wait() == 0, status.said
    found = json.loads(status.printed)
    assert [unit["name"] for unit in found["units"]] == [DAYS[0]], found
    verified = lab.command("verify", place.url, "--json")
    assert verified.wait() == 0, verified.said
    assert json.loads(verified.printed)["rows"] == 200
    cleaned = lab.command("clean", place.url, "--older-than", "0", "--json")
    assert cleaned.wait() == 0, cleaned.said
    assert place.tree() == before
    assert place.unfinished() == [key]
    lab.client.abort_multipart_upload(Bucket=lab.bucket, Key=key, UploadId=upload["UploadId"])


def test_two_publications_of_a_day_at_once(lab, figure):
    """Both succeed, and the tree is that of one."""
    races, good = count(3, 40), 0
    for number in range(races):
        place = lab.place()
        stage(place, QuickSource(day=DAYS[0]))
        start_at = time.monotonic() + LEAD_SECONDS
        runs = [publish(place, DAYS[0], start_at=start_at + late) for late in (0.0, number % 5 / 50)]
        codes = [run.wait() for run in runs]
        assert codes == [0, 0], [run.said for run in runs]
        good += visible(data_set(place)) == visible(direct(lab, (DAYS[0],), 200)) and not place.unfinished()
        place.clear()
    figure("two publications of a staged day at once", races, good)
    assert good == races


def test_two_days_at_once(lab, place):
    """Days that are published at the same time both arrive."""
    for day in DAYS:
        stage(place, QuickSource(day=day))
    start_at = time.monotonic() + LEAD_SECONDS
    runs = [publish(place, day, start_at=start_at) for day in DAYS]
    assert [run.wait() for run in runs] == [0, 0, 0], [run.said for run in runs]
    assert visible(data_set(place)) == visible(direct(lab, DAYS, 200))


def test_another_world_is_refused(lab, place):
    """A staged day of another config, or other bytes for the same day, ends with 4 and nothing changes."""
    stage(place, QuickSource(day=DAYS[0]))
    assert publish(place, DAYS[0]).wait() == 0
    before = data_set(place)
    stage(place, QuickSource(day=DAYS[1], seed=1))
    run = publish(place, DAYS[1])
    assert run.wait() == 4
    assert "data of another config" in run.said
    assert run.bad_manners() == []
    assert data_set(place) == before


def test_a_day_that_is_not_finished_is_refused(lab, place):
    """What a dead run left in the staging place is not published, and a damaged part neither: exit code 7."""
    address = stage(place, QuickSource(day=DAYS[0]))
    manifest = f"{STAGING}day={DAYS[0]}/_payloom/manifests/{DAYS[0]}.json"
    kept_manifest = place.read(manifest)
    place.delete(manifest)
    run = publish(place, DAYS[0])
    assert run.wait() == 7
    assert "unfinished" in run.said
    place.write(manifest, kept_manifest)
    part = next(key for key in place.listing() if key.startswith(f"{STAGING}day={DAYS[0]}/payments/"))
    data = place.read(part)
    place.write(part, data[:50] + bytes([data[50] ^ 1]) + data[51:])
    run = publish(place, DAYS[0])
    assert run.wait() == 7
    assert address in run.said
    assert not any(key.startswith((*TABLES, "_payloom/manifests")) for key in data_set(place) if "payments" in key)
    empty = publish(place, DAYS[2])
    assert empty.wait() == 5
    assert "holds no data set" in empty.said


def test_at_the_root_of_a_bucket(lab):
    """The data set may be the bucket itself, with and without a slash at the end of its address."""
    bucket = lab.server.bucket()
    staged = f"s3://{bucket}/{STAGING}day={DAYS[0]}"
    assert lab.generate(QuickSource(day=DAYS[0]), staged).wait() == 0
    for root in (f"s3://{bucket}/", f"s3://{bucket}"):
        run = lab.command("publish", staged, root)
        assert run.wait() == 0, run.said
    status = lab.command("status", f"s3://{bucket}", "--json")
    assert status.wait() == 0, status.said
    found = json.loads(status.printed)
    assert [unit["name"] for unit in found["units"]] == [DAYS[0]]
    assert (found["parts_without_manifest"], found["files_of_others"], found["unfinished_uploads"]) == ([], [], [])


REQUESTS = [
    *(pytest.param(number, id=str(number)) for number in (12, 26)),
    *(pytest.param(number, id=str(number), marks=pytest.mark.integration) for number in (3, 8, 16, 20, 23, 29, 32, 38)),
]


@pytest.mark.parametrize("request_number", REQUESTS)
def test_killed_and_tried_again(request_number, lab, place, proxy):
    """A publication that is killed on the way ends, tried again, with the same objects; what had arrived is kept."""
    stage(place, QuickSource(rows=LARGE_ROWS, day=DAYS[0]))
    pids: Queue[int] = Queue()
    proxy.plan("any", "kill_after", nth=request_number, callback=lambda: os.kill(pids.get(timeout=10), signal.SIGKILL))
    run = publish(place, DAYS[0], endpoint=proxy.endpoint)
    pids.put(run.pid)
    code = run.wait()
    assert proxy.faults, "the run made fewer requests"
    assert code == -signal.SIGKILL
    again = publish(place, DAYS[0])
    assert again.wait() == 0, again.said
    assert visible(data_set(place)) == visible(direct(lab, (DAYS[0],), LARGE_ROWS))
