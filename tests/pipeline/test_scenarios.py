"""Scenarios: what is listed is what is made, and a story has real rows."""

import pytest

from payloom.cell.assembly import Streams
from payloom.config import make_config
from payloom.errors import ConfigError
from payloom.fraud.registry import shipped, shipped_planted
from payloom.pipeline.scenarios import require_makeable, scenario_named, scenarios
from payloom.pipeline.story import tell
from tests.counts import FULL


def test_every_kind_is_listed_with_what_it_makes() -> None:
    """All typologies and look-alikes are there; fraud as often as the world has it, exactly, look-alikes nearly."""
    config = make_config({"world": {"rows": 200_000}})
    listed = {one.name: one for one in scenarios(config)}
    assert set(listed) == set(shipped()) | set(shipped_planted())
    plot = Streams.of(config).fraud.plot
    for one in plot.fraud:
        assert listed[one.typology.name].expected == int(one.quota.sum())
    for one in plot.planted:
        made = int(one.quota.sum())
        assert made == pytest.approx(listed[one.typology.name].expected, rel=0.1, abs=3)
    assert sum(one.expected for one in listed.values() if one.is_fraud) == config.world.fraud_rows


def test_what_the_config_leaves_out_is_listed_without_payments() -> None:
    """A typology that a mix does not name has a share of 0 and makes nothing."""
    listed = {one.name: one for one in scenarios(make_config({"fraud": {"mix": {"card_testing": 1.0}}}))}
    assert listed["card_testing"].share == 1.0
    assert (listed["cnp_stolen"].share, listed["cnp_stolen"].expected) == (0.0, 0)


def test_settings_are_those_of_the_config() -> None:
    """A setting that the config changes is shown with its new value, its path and its source."""
    config = make_config({"fraud": {"typologies": {"card_testing": {"mean_size": 77.0}}}})
    settings = {setting.name: setting for setting in scenario_named(config, "card_testing").settings}
    assert settings["mean_size"].value == 77.0
    assert settings["mean_size"].path == "fraud.typologies.card_testing.mean_size"
    assert all(setting.source and setting.what for setting in settings.values())


EVERY = sorted(set(shipped()) | set(shipped_planted()))
SOME = ["big_purchase", "card_testing", "corporate_card", "fan_in", "first_party_dispute", "synthetic_bust_out"]
"""Enough for a quick run: long and short campaigns, cards and transfers, labelled and not."""


@pytest.mark.parametrize("name", EVERY if FULL else SOME)
def test_every_kind_has_a_story(name: str) -> None:
    """Five rows, most or all of one campaign, in which fraud is labelled fraud and the genuine are not."""
    rows = tell(make_config({}), name)
    assert len(rows) == 5
    labels = [row.label for row in rows]
    if name in shipped_planted():
        assert not any(label.startswith("fraud") for label in labels)
        assert set(labels) & {"genuine", "disputed"}
    else:
        assert any(label.startswith("fraud: ") for label in labels)
    assert all(row.merchant and row.amount and row.place and row.answer for row in rows)


def test_a_name_that_does_not_exist_has_a_near_one() -> None:
    """A slip is answered with the name that was meant."""
    with pytest.raises(ConfigError, match='did you mean "card_testing"') as caught:
        scenario_named(make_config({}), "card_tesing")
    assert caught.value.exit_code == 2


def test_a_mix_that_cannot_be_made_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that is known, but that nothing here makes, is refused with those that can be made."""
    config = make_config({"fraud": {"mix": {"stack": 1.0}}})
    monkeypatch.setattr("payloom.fraud.registry.shipped", lambda: {"cnp_stolen": shipped()["cnp_stolen"]})
    with pytest.raises(ConfigError, match=r'fraud\.mix = "stack".*can be made: cnp_stolen'):
        require_makeable(config)
