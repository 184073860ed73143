"""Scenarios: which kinds of fraud, and of genuine payments that look like it, a config makes."""

from __future__ import annotations

from dataclasses import dataclass
from inspect import getdoc
from typing import Any, cast

from payloom.config import Config
from payloom.config.allowed import source_of, unit_of
from payloom.config.near import did_you_mean
from payloom.config.shown import shown_value
from payloom.config.typologies import Typologies, TypologySettings
from payloom.errors import ConfigError, Problem
from payloom.fraud.registry import available, find_planted, find_typologies, shipped, shipped_planted
from payloom.fraud.typology import Typology
from payloom.streams.tables import proportional_split


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting of a scenario.

    Attributes
    ----------
    path
        Where it stands in the config; empty for a typology that another package brings, whose settings are its own.
    value, unit, what, source
        Its value, and what the config says of it.
    """

    path: str
    name: str
    value: Any
    unit: str
    what: str
    source: str


@dataclass(frozen=True, slots=True)
class Scenario:
    """One kind of campaign in a config.

    Attributes
    ----------
    name
        Name in the config and in `fraud_labels`.
    is_fraud, is_disputed
        Whether its payments are fraud; whether genuine ones are disputed.
    is_shipped
        Whether it comes with payloom rather than with another package.
    share
        Of the fraud, or of the planted genuine payments.
    expected
        Payments of this kind: exact for fraud, about so many for genuine ones.
    what, story, source
        In a few words; what happens; where its numbers come from.
    settings
        Its settings.
    """

    name: str
    is_fraud: bool
    is_disputed: bool
    is_shipped: bool
    share: float
    expected: int
    what: str
    story: str
    source: str
    settings: tuple[Setting, ...]

    @property
    def page(self) -> str:
        """Page of the documents; empty for what another package brings."""
        return f"docs/scenarios/{self.name}.md" if self.is_shipped else ""


def require_makeable(config: Config) -> None:
    """Refuse a mix with a kind that cannot be made here.

    Raises
    ------
    ConfigError
        If there is one.
    """
    find_planted(name for name, share in config.planted.mix.items() if share > 0)
    find_typologies(name for name, share in config.fraud.mix.items() if share > 0)


def scenarios(config: Config) -> list[Scenario]:
    """List all kinds that can be made: fraud by falling share, then genuine payments that look like it.

    Raises
    ------
    ConfigError
        If the config asks for one that cannot be made here.
    """
    require_makeable(config)
    mix = config.fraud.mix
    counts = dict(zip(mix, proportional_split(config.world.fraud_rows, list(mix.values())), strict=True))
    fraud = [_scenario(config, made, mix.get(name, 0.0), counts.get(name, 0)) for name, made in available().items()]
    planted = (config.world.rows - config.world.fraud_rows) * config.planted.share
    genuine = [
        _scenario(config, made, share := config.planted.mix.get(name, 0.0), round(planted * share))
        for name, made in shipped_planted().items()
    ]
    return sorted(fraud, key=_by_share) + sorted(genuine, key=_by_share)


def scenario_named(config: Config, name: str) -> Scenario:
    """Give one scenario.

    Raises
    ------
    ConfigError
        If there is no such scenario.
    """
    every = {one.name: one for one in scenarios(config)}
    if name not in every:
        fix = did_you_mean(name, every) or "payloom scenarios lists them"
        raise ConfigError([Problem("NAME", shown_value(name), "expected the name of a scenario", fix, "argument")])
    return every[name]


def _by_share(one: Scenario) -> tuple[float, str]:
    return -one.share, one.name


def _scenario(config: Config, made: type[Typology], share: float, expected: int) -> Scenario:
    field = Typologies.model_fields.get(made.name)
    story = getdoc(made) or ""
    return Scenario(
        name=made.name,
        is_fraud=not made.genuine,
        is_disputed=made.disputed,
        is_shipped=made in shipped().values() or made.genuine,
        share=share,
        expected=expected,
        what=(field.description if field else None) or story.partition("\n")[0].rstrip("."),
        story=story,
        source=source_of(field) if field else "",
        settings=_settings(config, made),
    )


def _settings(config: Config, made: type[Typology]) -> tuple[Setting, ...]:
    own = getattr(config.fraud.typologies, made.name, None)
    values = cast("TypologySettings", own or made.defaults)
    place = f"fraud.typologies.{made.name}." if own else ""
    return tuple(
        Setting(
            path=f"{place}{name}" if place else "",
            name=name,
            value=getattr(values, name),
            unit=unit_of(field),
            what=field.description or "",
            source=source_of(field),
        )
        for name, field in TypologySettings.model_fields.items()
    )
