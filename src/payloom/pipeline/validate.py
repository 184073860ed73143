"""Validate: the quality gate between making a data set and publishing it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from payloom.errors import ConfigError, GateError, Problem
from payloom.pipeline.places import open_target
from payloom.quality.data_docs import INDEX
from payloom.quality.dataset import Data, open_data
from payloom.quality.gate import measure
from payloom.quality.report import Report, in_order, one_line
from payloom.quality.rule import Result, Rule
from payloom.quality.suite import judge, load_library, require_library
from payloom.storage.address import StoreOptions, is_remote
from payloom.storage.store import Store
from payloom.write.records import each_of

SAMPLE_ROWS: Final = 100_000
"""Payments that Great Expectations looks at one by one."""

_AGREEMENT: Final = Rule(
    "gate.great_expectations",
    "payments",
    (),
    "structure",
    "Great Expectations judges the measured results as payloom does",
)

_LATEST: Final = "latest"
"""Stands for the time of the run in the names of pages in a bucket: judged again, the same objects are replaced."""


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
        Folder or address for Data Docs.
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
    ConflictError
        If the pages would lie inside of a data set's own folders.
    StorageError, TransientError
        If there is nothing to read, or the pages can't be written.
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
    with _site(options) as (folder, address):
        return _judged(data, options, folder, address, started_s)


def _judged(data: Data, options: GateOptions, docs: Path | None, address: str, started_s: float) -> Report:
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
        docs=address or (str(said.docs) if said.docs is not None else ""),
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


@contextmanager
def _site(options: GateOptions) -> Iterator[tuple[Path | None, str]]:
    """Yield the folder that Data Docs are built in, and the address of their first page if they go to a bucket."""
    docs = options.docs
    if docs is None or not is_remote(docs):
        yield _folder(docs), ""
        return
    store = open_target(docs, options.store or StoreOptions())
    with TemporaryDirectory(prefix="payloom-docs-") as folder:
        yield Path(folder), f"{docs.rstrip('/')}/{INDEX}"
        _put_pages(Path(folder), store)


def _put_pages(folder: Path, store: Store) -> None:
    """Put all pages of a folder into a store, the first page last: what it leads to is there then."""
    moments = {page.parent.name for page in folder.glob("validations/*/*/*/*.html")}
    pages = sorted(folder.rglob("*.html"), key=lambda page: page == folder / INDEX)

    def put(page: Path) -> None:
        key, text = page.relative_to(folder).as_posix(), page.read_text(encoding="utf-8")
        for moment in moments:
            key, text = key.replace(moment, _LATEST), text.replace(moment, _LATEST)
        store.put(key, text.encode())

    each_of(pages[:-1], put)
    put(pages[-1])


def _folder(docs: str | None) -> Path | None:
    if docs is None:
        return None
    folder = Path(docs)
    if folder.exists() and not folder.is_dir():
        raise ConfigError([Problem("docs", docs, "expected a folder", source="option --docs")])
    return folder
