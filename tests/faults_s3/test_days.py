"""A data set laid out by day: any order, repeated, interrupted, gives the same objects; a full run stays apart."""

from datetime import timedelta

import pytest

from payloom.write.manifest import Manifest
from tests.faults.trees import Tree
from tests.faults_s3.lab import Lab, Place, Run
from tests.faults_s3.sources import FIRST_DAY, QuickSource

#: Steps through 30 places that look random: multiples of a number that shares no factor with 31, less one.
STEPS = (7, 12, 24)
DAYS = [
    pytest.param(3, 1, id="few-days"),
    pytest.param(30, 3, marks=pytest.mark.integration, id="thirty-days"),
]


def orders(days: int, permutations: int) -> list[list[int]]:
    """Return permutations, and one with repeats."""
    shuffled = [[step * place % 31 - 1 for place in range(1, 31)] for step in STEPS[:permutations]]
    few = [[place for place in order if place < days] for order in shuffled]
    return [*few, [place for pair in zip(few[0], reversed(few[0]), strict=True) for place in pair]]


def name(place: int) -> str:
    """A day as text."""
    return (FIRST_DAY + timedelta(days=place)).isoformat()


def listed(place: Place) -> dict[str, str]:
    """sha256 of every part by its key, as the union of the manifests tells."""
    found: dict[str, str] = {}
    for key in place.listing():
        if key.startswith("_payloom/manifests/"):
            manifest = Manifest.from_bytes(place.read(key))
            assert manifest is not None
            found |= {part.key: part.sha256 for part in manifest.parts}
    return found


def ended(run: Run) -> Run:
    """Wait for a run that must succeed."""
    assert run.wait() == 0, run.said
    return run


def folder_of_days(lab: Lab, folder, days: int):
    """A folder with a unit for each day."""
    for place in range(days):
        ended(lab.generate(QuickSource(day=name(place)), str(folder)))
    return folder


@pytest.mark.parametrize(("days", "permutations"), DAYS)
def test_days_in_any_order(days, permutations, lab, tmp_path, figure):
    """Each order leaves the same objects, and the manifests together list every part that is there."""
    folder = folder_of_days(lab, tmp_path / "days", days)
    at_once = lab.place()
    ended(lab.publish(folder, at_once))
    whole = at_once.tree()
    parts = {key: digest for key, digest in whole.items() if not key.startswith("_payloom/")}
    assert len(parts) == 2 * days + 1
    tried = orders(days, permutations)
    assert all(sorted(set(order)) == list(range(days)) for order in tried)
    same = 0
    for order in tried:
        place = lab.place()
        for day in order:
            ended(lab.publish(folder, place, "--day", name(day)))
        same += place.tree() == whole and listed(place) == parts
        ended(lab.command("verify", place.url))
        place.clear()
    figure("orders of days: the same objects, all of them listed", len(tried), same)
    assert same == len(tried)
    at_once.clear()


@pytest.mark.integration
def test_days_generated_in_any_order(lab, figure):
    """The same for `generate` straight into the bucket, two days at a time."""
    trees: list[Tree] = []
    days = 30
    tried = orders(days, 2)[:2]
    for order in tried:
        place = lab.place()
        for first, second in zip(order[::2], order[1::2], strict=True):
            runs = [lab.generate(QuickSource(day=name(day)), place.url) for day in (first, second)]
            for run in runs:
                ended(run)
        trees.append(place.tree())
        parts = {key: digest for key, digest in trees[-1].items() if not key.startswith("_payloom/")}
        assert listed(place) == parts
        assert len(parts) == 2 * days + 1
        place.clear()
    figure("orders of days, generated two at a time: the same objects", len(tried), trees.count(trees[0]))
    assert trees[0] == trees[1]


def test_a_day_and_a_full_run_stay_apart(lab, made, tmp_path, place):
    """Either is refused with 4 where the other is, and nothing changes."""
    full = made(QuickSource())
    days = folder_of_days(lab, tmp_path / "days", 2)
    for first, second in ((full, days), (days, full)):
        place.clear()
        ended(lab.publish(first, place))
        before = place.tree()
        for more in ((), ("--day", name(1))) if second == days else ((),):
            run = lab.publish(second, place, *more)
            assert run.wait() == 4
            assert "overlaps" in run.said
            assert run.bad_manners() == []
        run = lab.generate(QuickSource() if second == full else QuickSource(day=name(0)), place.url)
        assert run.wait() == 4
        assert place.tree() == before


def test_a_day_that_is_not_there(lab, made, tmp_path, place):
    """A day that the folder does not hold, or only as a part of a full run, is refused with 4; nothing is written."""
    days = folder_of_days(lab, tmp_path / "days", 1)
    for folder, day in ((days, name(1)), (made(QuickSource()), name(0))):
        run = lab.publish(folder, place, "--day", day)
        assert run.wait() == 4
        assert run.bad_manners() == []
        assert day in run.said
    assert place.listing() == []


@pytest.mark.integration
def test_days_of_the_generator_itself(lab, tmp_path, figure):
    """`payloom generate --day` and `publish --day`, out of order: the union is the whole period, row for row."""
    rows, days = "2_000", ("2025-03-04", "2025-03-01", "2025-03-03", "2025-03-02")
    world = ("--rows", rows, "--start", "2025-03-01", "--end", "2025-03-05", "--quiet")
    folder = tmp_path / "days"
    place = lab.place()
    for day in days:
        ended(lab.command("generate", "--out", str(folder), "--day", day, *world))
        ended(lab.publish(folder, place, "--day", day))
    report = ended(lab.command("verify", place.url)).printed
    assert "2,000 payments" in report
    assert "4 units" in report
    run = lab.command("generate", "--out", place.url, *world)
    assert run.wait() == 4
    figure("days of the generator, out of order: the whole period", len(days), len(days))
    place.clear()
