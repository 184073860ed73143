"""``payloom status``: what lies at a place."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

import click

from payloom.cli.store_values import given_store_options
from payloom.cli.values import size_text, table_lines
from payloom.pipeline.status import status
from payloom.publish.survey import Survey

_UNITS_SHOWN: Final = 12
"""Units that are listed one by one; of more, the first and the last ones."""


def run_status(place: str, given: Mapping[str, Any], *, as_json: bool) -> None:
    """Print what lies at `place`.

    Raises
    ------
    StorageError, TransientError, CorruptionError
        As `payloom.pipeline.status.status` does.
    """
    found = status(place, given_store_options(given))
    if as_json:
        click.echo(json.dumps({"status": "ok", "exit_code": 0, "location": place, **_document(found)}))
    else:
        click.echo("\n".join(_lines(place, found)))


def _document(found: Survey) -> dict[str, Any]:
    return {
        "world_digest": found.identity.world_digest,
        "layout_digest": found.identity.layout_digest,
        "config": found.identity.config,
        "units": [
            {
                **manifest.unit.document(),
                "rows": manifest.rows,
                "fraud_rows": manifest.fraud_rows,
                "parts": len(manifest.parts),
                "size_bytes": manifest.size_bytes,
            }
            for manifest in found.manifests
        ],
        "unfinished_units": [unit.name for unit in found.unfinished],
        "missing_or_changed": list(found.wrong),
        "parts_without_manifest": [entry.key for entry in found.orphans],
        "files_of_others": [entry.key for entry in found.strangers],
        "unfinished_uploads": None if found.uploads is None else [entry.key for entry in found.uploads],
    }


def _lines(place: str, found: Survey) -> Iterator[str]:
    parts = found.parts
    rows = sum(manifest.rows for manifest in found.manifests)
    frauds = sum(manifest.fraud_rows for manifest in found.manifests)
    share = f" ({frauds / rows:.3%})" if rows else ""
    size = sum(part.size_bytes for part in parts.values())
    yield f"{place}: {rows:,} payments, {frauds:,} of them fraud{share}; {len(parts):,} files, {size_text(size)}"
    yield f"  world   {found.identity.world_digest[:12]}{_of_config(found.identity.config)}"
    yield f"  units   {len(found.manifests):,} finished, {len(found.unfinished):,} unfinished"
    yield from _unit_lines(found)
    yield from _trouble(found)


def _of_config(config: Mapping[str, Any]) -> str:
    world = config.get("world", {})
    if not {"seed", "rows", "start", "end"} <= world.keys():
        return ""
    return f", seed {world['seed']}, {world['rows']:,} payments from {world['start']} up to {world['end']}"


def _unit_lines(found: Survey) -> list[str]:
    rows = [
        [
            manifest.unit.name,
            f"{manifest.rows:,} payments",
            f"{manifest.fraud_rows:,} fraud",
            f"{len(manifest.parts):,} files",
            size_text(manifest.size_bytes),
        ]
        for manifest in found.manifests
    ]
    lines = table_lines(rows, right=(1, 2, 3, 4), indent=10)
    if len(lines) <= _UNITS_SHOWN:
        return lines
    half = _UNITS_SHOWN // 2
    return [*lines[:half], f"{'':10}... {len(lines) - 2 * half:,} more (--json lists them)", *lines[-half:]]


def _trouble(found: Survey) -> Iterator[str]:
    """Yield a line for each kind of thing that should not be there."""
    for unit in found.unfinished:
        yield f"  unfinished: {unit.name}; run the command that made it again, or payloom clean"
    for entries, what in (
        (found.wrong, "listed parts are missing or have another size; payloom verify says more"),
        (found.orphans, "parts that no manifest lists; payloom clean removes them"),
        (found.strangers, "files that payloom did not write, between the data"),
        (found.uploads or (), "unfinished uploads; payloom clean removes them"),
        (found.claims, "runs that were being admitted; payloom clean removes what the dead ones left"),
    ):
        if entries:
            yield f"  {len(entries):,} {what}"
    if found.uploads is None:
        yield "  unfinished uploads can't be listed here"
