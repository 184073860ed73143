"""Objects that changed in the bucket: found, named, and sent or made again."""

import pytest

from tests.faults.test_damage import bits
from tests.faults_s3.kinds import Kind
from tests.faults_s3.lab import Lab, Place, Run, kept

MUTATIONS = ("truncate", "replace", "flip", "append", "empty", "swap", "delete")
AMOUNTS = [pytest.param(4, id="some"), pytest.param(150, marks=pytest.mark.integration, id="many")]


def mutate(place: Place, number: int, candidates: list[str]) -> tuple[str, list[str]]:
    """Do harm to an object, or to two; return how and to which."""
    draw = bits(number)
    key, kind = candidates[next(draw) % len(candidates)], MUTATIONS[number % len(MUTATIONS)]
    data = place.read(key)
    if kind == "swap":
        other = candidates[(candidates.index(key) + 1) % len(candidates)]
        place.write(key, place.read(other))
        place.write(other, data)
        return kind, [key, other]
    if kind == "delete":
        place.delete(key)
    else:
        spot = next(draw) % len(data)
        changed = {
            "truncate": data[:spot],
            "replace": bytes(byte ^ 0x55 for byte in data),
            "flip": data[:spot] + bytes([data[spot] ^ 1 << next(draw) % 8]) + data[spot + 1 :],
            "append": data + b"x",
            "empty": b"",
        }
        place.write(key, changed[kind])
    return kind, [key]


def ends(run: Run, code: int) -> list[str]:
    """Say what is wrong with the end of a run."""
    run.wait()
    return run.bad_manners() if run.code == code else [f"exit code {run.code} instead of {code}: {run.said}"]


def unseen(lab: Lab, place: Place, keys: list[str]) -> list[str]:
    """Say so if `payloom verify` does not find the damage; it lists more than one problem, a line for each."""
    run = lab.command("verify", place.url)
    run.wait()
    return [] if run.code == 7 and any(key in run.said for key in keys) else [f"verify gives {run.code}: {run.said}"]


def damaged_and_published(lab: Lab, kind: Kind, place: Place, number: int, parts: list[str]) -> list[str]:
    """Verify finds it; publish sends what is gone, and replaces what is other only when it is told to."""
    how, keys = mutate(place, number, parts)
    problems = unseen(lab, place, keys)
    before = place.tree()
    if how != "delete":
        problems += ends(kind.start(place), 4)
        if place.tree() != before:
            problems.append("a refused run changed the place")
        problems += ends(kind.start(place, "--overwrite"), 0)
    else:
        problems += ends(kind.start(place), 0)
    if kept(place.tree()) != kind.whole:
        problems.append("another tree")
        place.clear()
        kind.start(place).wait()
    return [f"mutation {number}, {how} of {keys}: {problem}" for problem in problems]


def damaged_and_generated(lab: Lab, kind: Kind, place: Place, number: int, candidates: list[str]) -> list[str]:
    """Verify finds it, and the same command makes it again."""
    how, keys = mutate(place, number, candidates)
    # Without its manifest a unit is one that was not finished.
    problems = unseen(lab, place, [*keys, "is unfinished"] if how == "delete" else keys)
    problems += ends(kind.start(place), 0)
    if kept(place.tree()) != kind.whole:
        problems.append("another tree")
        place.clear()
        kind.start(place).wait()
    return [f"mutation {number}, {how} of {keys}: {problem}" for problem in problems]


@pytest.mark.parametrize("amount", AMOUNTS)
def test_damage_to_what_was_published(amount, lab, small_kinds, place, figure):
    """A part with other bytes is a conflict, a part that is gone is sent again, and `verify` finds either."""
    kind = small_kinds["publish"]
    assert ends(kind.start(place), 0) == []
    parts = [key for key in kind.whole if key.endswith(".parquet")]
    found = [damaged_and_published(lab, kind, place, number, parts) for number in range(amount)]
    figure("an object of a published data set changed", amount, sum(not one for one in found))
    assert [problem for one in found for problem in one] == []


@pytest.mark.parametrize("amount", AMOUNTS)
def test_damage_to_what_was_generated(amount, lab, small_kinds, place, figure):
    """Whatever happens to a part or a manifest, the same command ends in the same tree."""
    kind = small_kinds["generate"]
    assert ends(kind.start(place), 0) == []
    candidates = [key for key in kind.whole if key.endswith(".parquet") or "/manifests/" in key]
    found = [damaged_and_generated(lab, kind, place, number, candidates) for number in range(amount)]
    figure("an object of a generated data set changed", amount, sum(not one for one in found))
    assert [problem for one in found for problem in one] == []


@pytest.mark.integration
@pytest.mark.parametrize("how", ["truncate", "empty", "delete"])
def test_a_damaged_manifest_is_published_again(how, lab, small_kinds, place):
    """A manifest without its bytes is said to be damaged, and publishing again mends it."""
    kind = small_kinds["publish"]
    assert ends(kind.start(place), 0) == []
    [key] = [key for key in kind.whole if "/manifests/" in key]
    data = place.read(key)
    if how == "delete":
        place.delete(key)
    else:
        place.write(key, data[: len(data) // 2] if how == "truncate" else b"")
    assert unseen(lab, place, ["is unfinished" if how == "delete" else key]) == []
    assert ends(kind.start(place), 0) == []
    assert kept(place.tree()) == kind.whole


def test_copied_metadata_do_not_deceive_verify(lab, small_kinds, place):
    """An object that somebody replaced together with its digest passes the quick look of publish, not `verify`."""
    kind = small_kinds["publish"]
    assert ends(kind.start(place), 0) == []
    key = next(key for key in kind.whole if key.startswith("payments/"))
    whole_key = f"{place.prefix}/{key}"
    metadata = lab.client.head_object(Bucket=lab.bucket, Key=whole_key)["Metadata"]
    assert metadata
    data = bytearray(place.read(key))
    data[100] ^= 1
    lab.client.put_object(Bucket=lab.bucket, Key=whole_key, Body=bytes(data), Metadata=metadata)
    assert ends(kind.start(place), 0) == []
    assert unseen(lab, place, [key]) == []
