"""``payloom clean``: removes what dead runs left."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

import click

from payloom.cli.store_values import given_store_options
from payloom.cli.values import size_text
from payloom.config.shown import shown_value
from payloom.errors import ConfigError, Problem
from payloom.pipeline.status import OLDER_THAN_SECONDS, CleanReport, clean
from payloom.publish.clearing import MEANING, Leftover

_AGE: Final = re.compile(r"(\d{1,6})([smhd]?)", re.ASCII)
_SECONDS: Final = {"": 1, "s": 1, "m": 60, "h": 3_600, "d": 86_400}
_SHOWN: Final = 20


def run_clean(place: str, given: Mapping[str, Any], *, as_json: bool) -> None:
    """Clean what lies at `place` and print what went.

    Raises
    ------
    ConfigError, ConflictError, StorageError, TransientError
        As `payloom.pipeline.status.clean` does.
    """
    dry_run = given["dry_run"]
    age = _age_seconds(given["older_than"])
    report = clean(place, given_store_options(given), older_than_seconds=age, dry_run=dry_run)
    if as_json:
        removed = [_document(one) for one in report.removed]
        kept = [_document(one) for one in report.kept]
        answer = {"status": "ok", "exit_code": 0, "location": place, "dry_run": dry_run}
        click.echo(json.dumps({**answer, "removed": removed, "kept": kept}))
    else:
        click.echo("\n".join(_lines(report, dry_run=dry_run)))


def _age_seconds(text: str | None) -> float:
    if text is None:
        return OLDER_THAN_SECONDS
    match = _AGE.fullmatch(text.strip())
    if match is None:
        allowed = "expected an age such as 30m, 24h or 7d, or 0"
        raise ConfigError([Problem("older-than", shown_value(text), allowed, source="option --older-than")])
    return float(int(match[1]) * _SECONDS[match[2]])


def _document(one: Leftover) -> dict[str, Any]:
    return {"kind": one.kind, "key": one.entry.key, "size_bytes": one.entry.size}


def _lines(report: CleanReport, *, dry_run: bool) -> list[str]:
    verb = "would remove" if dry_run else "removed"
    if not report.removed and not report.kept:
        return [f"{report.location}: nothing is left over"]
    lines = [f"{report.location}: {verb} {_counts(report.removed)}"]
    lines += [f"  {one.kind:8}{one.entry.key}" for one in report.removed[:_SHOWN]]
    if len(report.removed) > _SHOWN:
        lines.append(f"  ... and {len(report.removed) - _SHOWN:,} more (--json lists them)")
    if report.kept:
        lines.append(f"kept {_counts(report.kept)}: a run may be alive; --older-than 0 when none is")
    return lines


def _counts(some: tuple[Leftover, ...]) -> str:
    if not some:
        return "nothing"
    numbers = Counter(one.kind for one in some)
    size = size_text(sum(max(0, one.entry.size) for one in some))
    return ", ".join(f"{number:,} × {MEANING[kind]}" for kind, number in numbers.items()) + f" ({size})"
