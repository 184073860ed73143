"""Validate: the quality gate between making a data set and publishing it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from payloom.errors import ConfigError, GateError, Problem
from payloom.quality.dataset import Data, open_data
from payloom.quality.gate import measure
from payloom.quality.report import Report, in_order, one_line
from payloom.quality.rule import Result, Rule
from payloom.quality.suite import judge, load_library, require_library
from payloom.storage.address import StoreOptions

SAMPLE_ROWS: Final = 100_000
"""Payments that Great Expectations looks at one by one."""

_AGREEMENT: Final = Rule(
    "gate.great_expectations",
    "payments",
    (),
    "structure",
    "Great Expectations judges the measured results as payloom does",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GateOptions:
    """How a data set is judged.

    Attributes
    ----------
    sample
        Judge a sample of so many payments only; None for every row.
    mapping
        TOML file that says which column is which, for data that payloom did not write.
    reference
        Data set that distributions are compared with.
    docs
        Folder for Data Docs.
    store
        How to talk to an object store.
    """

    sample: int | None = None
    mapping: str | None = None
    reference: str | None = None
    docs: str | None = None
    store: StoreOptions | None = None


def validate(location: str | Path, options: GateOptions | None = None) -> Report:
    """Judge a data set; the report says which rules hold.

    Parameters
    ----------
    location
        A data set's folder or address, or any Parquet or CSV file or folder.
    options
        How it is judged; None for every row and no pages.

    Raises
    ------
    ConfigError
        If the extra ``quality`` is not installed, or mapping or folder don't fit.
    StorageError, TransientError
        If there is nothing to read.
    CorruptionError
        If a record of the data set is damaged; a damaged file fails a rule.
    """
    given = options or GateOptions()
    data = open_data(location, given.store, given.mapping)
    return judged(data, given)


def judged(data: Data, options: GateOptions) -> Report:
    """Judge data that is open already."""
    started_s = time.monotonic()
    require_library()
    docs = _folder(options.docs)
    other = open_data(options.reference, options.store, options.mapping) if options.reference is not None else None
    with ThreadPoolExecutor(1, thread_name_prefix="payloom-library") as thread:
        # The import takes seconds; meanwhile rows are read.
        library = thread.submit(load_library)
        measured = measure(
            data,
            sample_rows=options.sample or SAMPLE_ROWS,
            only_sample=options.sample is not None,
            reference=other,
        )
        library.result()
    said = judge(measured.results, measured.sample, ours=data.declared.ours, docs=docs)
    results = [*measured.results, *said.results]
    results.append(Result.none_breaks(_AGREEMENT, int(not said.agrees), 0))
    looked = tuple(replace(result, look=result.look or look_further(result, data.source)) for result in results)
    return Report(
        source=data.source,
        rows=measured.rows,
        sample_rows=measured.sample.height,
        results=in_order(looked),
        docs=str(said.docs) if said.docs is not None else "",
        library=said.version,
        seconds=time.monotonic() - started_s,
    )


def refusal(report: Report, *, listed: bool = False) -> GateError:
    """Return the error of a closed gate, with every failed rule unless they were `listed` already."""
    lines = tuple(one_line(result) for result in report.failed)
    more = f" (and {len(lines) - 1} more)" if len(lines) > 1 else ""
    return GateError(
        f"{report.source}: {lines[0]}{more}",
        hint="docs/quality.md says what each rule means, and how to look further",
        problems=() if listed else lines,
    )


def look_further(result: Result, source: str) -> str:
    """Return how to look into a failed rule."""
    if result.verdict != "failed":
        return ""
    if result.rule.name.endswith((".readable", ".rows")):
        return f"payloom verify {source}"
    if result.rule.kind == "distribution":
        return f"payloom profile {source}"
    row: Mapping[str, Any] = result.examples[0] if result.examples else {}
    key = next(
        (f"{name} = {value}" for name, value in row.items() if name.endswith("_id") and isinstance(value, int)), ""
    )
    where = f" WHERE {key}" if key else ""
    return f"duckdb -c \"SELECT * FROM '{source}/{result.rule.table}/**/*.parquet'{where}\""  # noqa: S608 - shown, never run


def _folder(docs: str | None) -> Path | None:
    if docs is None:
        return None
    folder = Path(docs)
    if folder.exists() and not folder.is_dir():
        raise ConfigError([Problem("docs", docs, "expected a folder", source="option --docs")])
    return folder
