"""The default world is what is known of real payments; sources and intervals are in scripts/realism_targets.py."""

import pytest

from payloom import World
from scripts import realism_facts
from scripts.realism_targets import BEYOND, Target, all_targets
from tests.counts import FULL, count

TARGETS = tuple(all_targets())

ROWS = count(200_000, 1_000_000)
# As many frauds as a million rows have by default, so that their statistics mean something.
FRAUD_RATE = count(15, 3) / 1000


@pytest.fixture(scope="module")
def measured() -> dict[str, float]:
    world = World({"world": {"rows": ROWS, "fraud_rate": FRAUD_RATE}})
    tables = realism_facts.World(world.payments(), world.fraud_labels(), world.customers())
    return realism_facts.measure(tables)


def marked(target: Target) -> object:
    marks = []
    if target.slack is None and not FULL:
        marks.append(pytest.mark.skip(reason="too few rows to tell"))
    if target.missed:
        marks.append(pytest.mark.xfail(reason=target.missed))
    return pytest.param(target, id=target.key, marks=marks)


@pytest.mark.statistical
@pytest.mark.parametrize("target", [marked(target) for target in TARGETS])
def test_the_default_world_is_near_the_facts(target: Target, measured: dict[str, float]) -> None:
    """Fixed seed. Each fact holds within its interval, which is wider for few rows."""
    low, high = target.interval(many_rows=FULL or bool(target.missed))
    assert low <= measured[target.key] <= high, f"{target.fact} ({target.source})"


def test_every_measured_number_has_a_use(measured: dict[str, float]) -> None:
    """What is measured is asserted, or named as out of reach, or is a detail beside such a number."""
    used = {target.key for target in TARGETS} | {key for key, _, _ in BEYOND}
    assert used <= measured.keys()
    assert len({target.key for target in TARGETS}) == len(TARGETS)


def test_intervals_are_intervals() -> None:
    """A reversed interval could never hold."""
    for target in TARGETS:
        assert target.low < target.high
        assert target.fact
        assert target.source
