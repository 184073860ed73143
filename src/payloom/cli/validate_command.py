"""``payloom validate``: the quality gate, for the terminal, for programs and for CI."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import click

from payloom.cli.store_values import given_store_options
from payloom.cli.values import count
from payloom.config.shown import shown_value
from payloom.errors import ConfigError, GateError, Problem
from payloom.pipeline.validate import GateOptions, refusal, validate
from payloom.quality.report import Report, example_lines
from payloom.quality.rule import Result

RULES_SHOWN: Final = 12
"""Failed rules that are shown with their rows; the rest by name."""


def run_validate(place: str, given: Mapping[str, Any]) -> int:
    """Judge the data at `place`, print the verdict and return the exit code.

    Raises
    ------
    GateError
        If a rule does not hold; as JSON, the exit code and the report say so instead.
    ConfigError, StorageError, TransientError, CorruptionError
        As `payloom.pipeline.validate.validate` does.
    """
    options = GateOptions(
        sample=_sample(given),
        mapping=given["mapping"],
        reference=given["reference"],
        docs=given["docs"],
        store=given_store_options(given),
    )
    junit = _junit(given["junit"])
    report = validate(place, options)
    if junit is not None:
        junit.write_bytes(report.as_junit())
    code = 0 if report.passed else GateError.exit_code
    if given["as_json"]:
        status = "ok" if report.passed else "error"
        click.echo(json.dumps({"status": status, "exit_code": code, **report.as_dict()}, allow_nan=False))
        return code
    if report.failed or not given["quiet"]:
        click.echo("\n".join(_lines(report)))
    if report.failed:
        raise refusal(report, listed=True)
    return code


def _sample(given: Mapping[str, Any]) -> int | None:
    if given["sample"] is None:
        return None
    if given["full"]:
        raise ConfigError([Problem("sample", "", "is the opposite of --full", "leave one out", "option --sample")])
    number = count(given["sample"])
    if not isinstance(number, int) or number < 1:
        allowed = "expected a whole number from 1 (payments)"
        raise ConfigError([Problem("sample", shown_value(given["sample"]), allowed, source="option --sample")])
    return number


def _junit(file: str | None) -> Path | None:
    """Return where the JUnit file goes, refusing a place that can't hold it before anything is read."""
    if file is None:
        return None
    path = Path(file)
    if path.is_dir() or not path.parent.is_dir():
        allowed = "expected a file in a folder that exists"
        raise ConfigError([Problem("junit", file, allowed, source="option --junit")])
    return path


def _lines(report: Report) -> list[str]:
    counts = report.counts
    lines = [line for result in report.failed[:RULES_SHOWN] for line in _failed(result)]
    lines += [f"failed  {result.rule.name}" for result in report.failed[RULES_SHOWN:]]
    skipped = [result for result in report.results if result.verdict == "skipped"]
    reasons = dict.fromkeys(result.skipped for result in skipped)
    verdict = "passes" if report.passed else "does not pass"
    lines.append(
        f"{report.source} {verdict}: {counts['passed']:,} rules hold, {counts['failed']:,} fail, "
        f"{counts['skipped']:,} were not judged; {report.rows:,} payments in {report.seconds:.1f} s"
    )
    for reason in reasons:
        names = [result.rule.name for result in skipped if result.skipped == reason]
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        lines.append(f"  not judged  {', '.join(names[:3])}{more}: {reason}")
    return [*lines, f"  pages       {report.docs}"] if report.docs else lines


def _failed(result: Result) -> list[str]:
    rule = result.rule
    lines = [
        f"failed  {rule.name}: {rule.holds}",
        f"  column    {', '.join(rule.columns) or '(whole table)'}",
        f"  expected  {result.expected} ({rule.counted})",
        f"  found     {result.found}",
    ]
    lines += [
        f"  {'example' if not number else '       '}   {line}" for number, line in enumerate(example_lines(result))
    ]
    return [*lines, f"  look      {result.look}"] if result.look else lines
