"""``payloom scenarios``: the kinds of fraud and of look-alikes in a config, and one of them as a story."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any, Final

import click

from payloom.cli.config_command import load_given
from payloom.cli.values import table_lines
from payloom.pipeline.scenarios import Scenario, scenario_named, scenarios
from payloom.pipeline.story import StoryRow, tell

_STORY_ROWS: Final = 5


def run_scenarios(given: Mapping[str, Any], *, as_json: bool) -> None:
    """List all scenarios with their shares in the config that the options give.

    Raises
    ------
    ConfigError
        If the config is wrong.
    """
    found = scenarios(load_given(given).config)
    if as_json:
        click.echo(json.dumps({"scenarios": [_listed(one) for one in found]}, indent=2))
        return
    lines = [[one.name, _kind(one), f"{one.share:.1%}", _expected(one), one.what] for one in found]
    header = ["scenario", "kind", "share", "payments", "what happens"]
    click.echo("\n".join(table_lines([header, *lines], right=(2, 3))))
    click.echo(
        "\nShares are of the fraud, and of the planted genuine payments. payloom scenarios show NAME tells more."
    )


def show_scenario(given: Mapping[str, Any], name: str, *, as_json: bool) -> None:
    """Explain one scenario and print some rows of one campaign.

    Raises
    ------
    ConfigError
        If the config is wrong or has no such scenario.
    """
    config = load_given(given).config
    one = scenario_named(config, name)
    rows = tell(config, one.name, _STORY_ROWS)
    if as_json:
        shown = _listed(one) | {"settings": [asdict(setting) for setting in one.settings]}
        click.echo(json.dumps(shown | {"rows": [asdict(row) for row in rows]}, indent=2))
    else:
        click.echo("\n".join(_shown(one, rows)))


def _listed(one: Scenario) -> dict[str, Any]:
    return {
        "name": one.name,
        "is_fraud": one.is_fraud,
        "is_disputed": one.is_disputed,
        "share": one.share,
        "expected_payments": one.expected,
        "what": one.what,
        "story": one.story,
        "source": one.source,
        "page": one.page,
    }


def _kind(one: Scenario) -> str:
    if one.is_fraud:
        return "fraud"
    return "disputed" if one.is_disputed else "genuine"


def _expected(one: Scenario) -> str:
    return f"{one.expected:,}" if one.is_fraud else f"~{one.expected:,}"


def _shown(one: Scenario, rows: Sequence[StoryRow]) -> list[str]:
    of = "the fraud" if one.is_fraud else "the planted genuine payments"
    settings = [[s.name, f"{s.value:g}", s.unit, f"{s.what} [{s.source}]"] for s in one.settings]
    where = f"fraud.typologies.{one.name}" if one.settings[0].path else "of the package that brings it"
    names = [field.name.replace("_", " ") for field in fields(StoryRow)]
    story = [[str(value) for value in asdict(row).values()] for row in rows]
    return [
        f"{one.name}: {one.what}",
        f"{_kind(one)}, {one.share:.1%} of {of}, {_expected(one)} payments",
        "",
        *one.story.splitlines(),
        *([f"Numbers: {one.source}"] if one.source else []),
        *([f"Page: {one.page}"] if one.page else []),
        "",
        f"Settings ({where})",
        *table_lines(settings, right=(1,), indent=2),
        "",
        f"{len(rows)} payments around one campaign" if _has_own(rows) else f"{len(rows)} payments of one campaign",
        *table_lines([names, *story], right=(2,), indent=2),
    ]


def _has_own(rows: Sequence[StoryRow]) -> bool:
    return any(row.label == "own" for row in rows)
