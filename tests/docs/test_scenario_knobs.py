"""The knobs on the pages of the scenarios are settings, with the defaults that they have."""

import re
from pathlib import Path

import pytest

from payloom.config.fraud import FraudConfig
from payloom.config.typologies import Typologies, TypologySettings

FOLDER = Path(__file__).parents[2] / "docs" / "scenarios"
KNOB = re.compile(r"`(\w+)`(?: \(([^)]*)\))?")
SHARE = re.compile(r"is its share \(([\d.]+)\)")


@pytest.mark.parametrize("name", sorted(Typologies.model_fields))
def test_knobs_have_the_defaults_of_the_page(name: str) -> None:
    """A number in brackets behind a setting is its default, and every setting that is named exists."""
    page = " ".join((FOLDER / f"{name}.md").read_text("utf-8").split())
    knobs = page.split("## Knobs")[1].split("## Sources")[0]
    of_kind = knobs.split(f"`[fraud.typologies.{name}]`")[1].split("`[")[0]
    settings = getattr(Typologies(), name)
    unknown, wrong = [], []
    for knob, said in KNOB.findall(of_kind):
        if knob not in TypologySettings.model_fields:
            unknown.append(knob)
            continue
        numbers = [float(number) for number in re.findall(r"\d+(?:\.\d+)?", said)]
        if numbers and getattr(settings, knob) not in numbers:
            wrong.append(f"{knob} ({said}) is {getattr(settings, knob):g}")
    assert (unknown, wrong) == ([], [])


@pytest.mark.parametrize("name", sorted(FraudConfig().mix))
def test_a_share_on_the_page_is_that_of_the_config(name: str) -> None:
    """Where the page says what share of the fraud a kind is, the default mix has it."""
    page = (FOLDER / f"{name}.md").read_text("utf-8")
    assert [float(share) for share in SHARE.findall(page)] in ([], [FraudConfig().mix[name]])
