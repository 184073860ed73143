"""Verify: every part of a data set against its manifests."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from payloom.engine.memory import available_cpus
from payloom.engine.stop import stop_on_signals
from payloom.errors import CorruptionError
from payloom.storage.address import StoreOptions, open_store
from payloom.storage.store import Store
from payloom.write.identity import Identity, no_data_set, read_identity
from payloom.write.inspect import flaw
from payloom.write.manifest import Manifest
from payloom.write.parts import Part, is_part_key
from payloom.write.records import DATA_PREFIXES, declared_units, manifests


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """A data set that is whole.

    Attributes
    ----------
    out
        Its folder or address, as it was given.
    units
        Names of the published units.
    parts, rows, fraud_rows, size_bytes
        What was read and found right; rows and fraud rows are payments.
    """

    out: str
    units: tuple[str, ...]
    parts: int
    rows: int
    fraud_rows: int
    size_bytes: int


def verify(out: str | Path, options: StoreOptions | None = None) -> VerifyReport:
    """Read every part of a data set and compare it with the manifests.

    Parameters
    ----------
    out
        The data set's folder, or an address such as ``s3://bucket/prefix``.
    options
        How to talk to an object store.

    Raises
    ------
    CorruptionError
        If a part is damaged, missing or not listed, or a run is unfinished; ``problems`` has them all.
    StorageError
        If there is no data set in the folder, or it can't be read.
    """
    with stop_on_signals() as stop:
        store = open_store(out, options)
        identity = read_identity(store)
        if identity is None:
            raise no_data_set(store)
        published = manifests(store)
        parts, problems = _listed(published, identity)
        names = {manifest.unit.name for manifest in published}
        unfinished = [unit.name for unit in declared_units(store) if unit.name not in names]
        problems += [f"the run of {name} is unfinished" for name in unfinished]
        problems += _strays(store, parts, identity.digest)

        def look(part: Part) -> str:
            stop.check()
            return flaw(store, part)

        with ThreadPoolExecutor(available_cpus(), thread_name_prefix="payloom-verify") as threads:
            flaws = threads.map(look, parts.values())
            problems += [f"{part.key} {text}" for part, text in zip(parts.values(), flaws, strict=True) if text]
        stop.check()
    if problems or not published:
        raise _corruption(str(out), problems or ["no run has been finished"])
    return VerifyReport(
        out=str(out),
        units=tuple(sorted(names)),
        parts=len(parts),
        rows=sum(manifest.rows for manifest in published),
        fraud_rows=sum(manifest.fraud_rows for manifest in published),
        size_bytes=sum(part.size_bytes for part in parts.values()),
    )


def _listed(published: list[Manifest], identity: Identity) -> tuple[dict[str, Part], list[str]]:
    """Return every listed part by key, and what is wrong with the manifests."""
    parts: dict[str, Part] = {}
    problems: list[str] = []
    for manifest in published:
        if manifest.data_digest != identity.digest:
            problems.append(f"the manifest of {manifest.unit.name} is of another data set")
        different = [part.key for part in manifest.parts if parts.setdefault(part.key, part) != part]
        problems += [f"{key} is listed twice, with different content" for key in different]
    return parts, problems


def _strays(store: Store, parts: dict[str, Part], digest: str) -> list[str]:
    problems = []
    for prefix in DATA_PREFIXES:
        for entry in store.list(prefix):
            if entry.key not in parts:
                origin = "of an unfinished run" if is_part_key(entry.key, digest) else "that payloom did not write"
                problems.append(f"{entry.key} is a file {origin}: no manifest lists it")
    return problems


def _corruption(out: str, problems: list[str]) -> CorruptionError:
    more = f" (and {len(problems) - 1} more problems)" if len(problems) > 1 else ""
    return CorruptionError(
        f"{out}: {problems[0]}{more}",
        hint="run the command that made it again: it keeps what verifies and makes the rest; move stray files away",
        problems=tuple(problems),
    )
