"""Profile: pages that show what is in a data set, in a folder or beside the data in a bucket."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from payloom.errors import ConfigError, Problem
from payloom.extras import extra_libraries
from payloom.pipeline.places import open_target
from payloom.profile.column_page import EXTRA, NEEDED_BY, column_page, require_profiler
from payloom.profile.subject import Subject, open_subject
from payloom.realism.page_file import write_whole
from payloom.realism.window import Window
from payloom.storage.address import StoreOptions, is_remote
from payloom.storage.failures import storage_faults

SAMPLE_ROWS: Final = 100_000
MAX_SAMPLE_ROWS: Final = 1_000_000

PROFILE_PAGE: Final = "profile.html"
PAYMENTS_PAGE: Final = "payments.html"
COMPARE_PAGE: Final = "compare.html"


@dataclass(frozen=True, slots=True)
class ProfileReport:
    """Pages that were written.

    Attributes
    ----------
    source
        The data set, as it was named.
    out
        Folder or address of the pages.
    pages
        Their names and sizes in bytes.
    rows, sample_rows
        Payments of the data set, or of the days of it that are shown, and of the sample.
    basis
        What the numbers rest on, in words.
    start, end
        Days that were asked for, the second one excluded, as ``YYYY-MM-DD``; None where that was left open.
    """

    source: str
    out: str
    pages: dict[str, int]
    rows: int
    sample_rows: int
    basis: str
    start: str | None = None
    end: str | None = None


def profile(
    place: str,
    out: str,
    *,
    compare: str | None = None,
    sample_rows: int = SAMPLE_ROWS,
    mapping: str | None = None,
    window: Window | None = None,
    options: StoreOptions | None = None,
    said: Callable[[str], None] = lambda _: None,
) -> ProfileReport:
    """Write the pages of a data set, or with `compare` one page that shows two side by side.

    Parameters
    ----------
    place
        The data set: a folder, or an address such as ``s3://bucket/prefix``.
    out
        Folder or address for the pages; a folder is made.
    compare
        The other data set.
    sample_rows
        Payments of the sample, at most.
    mapping
        TOML file that says which column is which, for data that payloom did not make.
    window
        Days that are shown, of both data sets; None for all.
    options
        How to talk to an object store.
    said
        Is told what is being done.

    Raises
    ------
    ConfigError
        If a library of the extra is missing, or a place or number is none.
    TooLittleDataError
        If no payment falls into the window.
    StorageError, TransientError, ConflictError
        If there is nothing to read, or the pages can't be written there.
    """
    if not 1_000 <= sample_rows <= MAX_SAMPLE_ROWS:
        allowed = f"expected a whole number from 1000 to {MAX_SAMPLE_ROWS} (payments)"
        raise ConfigError([Problem("sample", str(sample_rows), allowed, source="option --sample")])
    with extra_libraries(EXTRA, NEEDED_BY):
        from payloom.profile.compare_page import compare_page  # noqa: PLC0415 - needs the extra
        from payloom.profile.payments_page import payments_page  # noqa: PLC0415 - needs the extra
    if compare is None:
        require_profiler()
    reach, days = options or StoreOptions(), window or Window()
    write = _writer(out, reach)
    with open_subject(place, reach, sample_rows=sample_rows, mapping=mapping, window=days) as subject:
        said(f"drawing at most {sample_rows:,} of {subject.rows:,} payments")
        drawn = subject.sample.height
        if compare is not None:
            said(f"opening {compare}")
            with open_subject(compare, reach, sample_rows=sample_rows, mapping=mapping, window=days) as other:
                pages = {COMPARE_PAGE: compare_page(subject, other)}
        else:
            said(f"making {PAYMENTS_PAGE} from {subject.basis}")
            pages = {PAYMENTS_PAGE: payments_page(subject)}
            said(f"making {PROFILE_PAGE} from {drawn:,} payments")
            pages[PROFILE_PAGE] = column_page(subject)
        sizes = {name: write(name, page) for name, page in pages.items()}
        return _report(subject, out, sizes, days)


def _report(subject: Subject, out: str, sizes: dict[str, int], days: Window) -> ProfileReport:
    start, end = (None if day is None else day.isoformat() for day in (days.start, days.end))
    return ProfileReport(subject.place, out, sizes, subject.rows, subject.sample.height, subject.basis, start, end)


def _writer(out: str, options: StoreOptions) -> Callable[[str, str], int]:
    """Return what writes a page by name and gives its size; a place that can't take pages is refused first."""
    store = open_target(out, options)
    folder = Path(out)
    if not is_remote(out):
        with storage_faults(f"create the folder {out}"):
            folder.mkdir(parents=True, exist_ok=True)

    def write(name: str, page: str) -> int:
        content = page.encode()
        if is_remote(out):
            store.put(name, content)
        else:
            write_whole(folder / name, content)
        return len(content)

    return write
