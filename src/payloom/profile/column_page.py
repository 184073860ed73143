"""``profile.html``: every column of the sample, by fg-data-profiling, in one file that loads nothing."""

from __future__ import annotations

import os
import re
import sys
import warnings
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

import polars as pl

from payloom.errors import StorageError
from payloom.extras import extra_libraries
from payloom.profile.subject import Subject
from payloom.realism.page_text import harmless, one_in
from payloom.schema import PAYMENTS

EXTRA: Final = "profile"
NEEDED_BY: Final = "the profile"

_LIBRARY: Final = "data_profiling"

MAX_BYTES: Final = 5_000_000
MAX_COLUMNS: Final = 60
"""Columns that are profiled; each takes some 70 kB of the page."""

MAX_VALUES: Final = 400
"""Distinct texts up to which a column is a code; columns with more are left out like ids."""

_NO_ANALYTICS: Final = "YDATA_PROFILING_NO_ANALYTICS"
_NO_BARS: Final = "TQDM_DISABLE"
_LINK: Final = re.compile(r"""<a\b[^>]*\bhref=["']?https?://[^>]*>(.*?)</a>""", re.IGNORECASE | re.DOTALL)
_ADVERT: Final = re.compile(
    r"""<meta\b[^>]*\b(?:name=["']?(?:description|url|date|author)["']?)[^>]*>""", re.IGNORECASE
)
_START: Final = re.compile(r"<html[^>]*>(?:\s*<head[^>]*>)?", re.IGNORECASE)
_POLICY: Final = (
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
    "script-src 'unsafe-inline'; img-src data:; font-src data:; base-uri 'none'; form-action 'none'\">"
)


def require_profiler() -> None:
    """Return if the library is installed, without the seconds that its import takes.

    Raises
    ------
    ConfigError
        If it is not.
    """
    with extra_libraries(EXTRA, NEEDED_BY):
        # A module that was set to None has no spec to look at.
        if sys.modules.get(_LIBRARY, True) is None or find_spec(_LIBRARY) is None:
            raise ModuleNotFoundError(name=_LIBRARY)


def _profiler() -> Any:
    """Return the library's report class."""
    os.environ[_NO_ANALYTICS] = os.environ[_NO_BARS] = "1"
    with extra_libraries(EXTRA, NEEDED_BY):
        return import_module(_LIBRARY).ProfileReport


def column_page(subject: Subject) -> str:
    """Return the page.

    The library escapes nothing: texts of the data reach it with harmless signs in the place of those that HTML knows.
    It would tell its makers of each run; it is told not to before it is imported.

    Raises
    ------
    ConfigError
        If the library is not installed.
    StorageError
        If the page became too large, or the library writes something else than a page.
    """
    make = _profiler()
    frame, descriptions = _prepared(subject.sample)
    with warnings.catch_warnings():
        # The library and pandas disagree on dtypes and empty slices; nothing here can change that.
        warnings.simplefilter("ignore")
        report = make(frame, **_settings(subject, descriptions))
        page = _sealed(str(report.to_html()))
    size = len(page.encode())
    if size > MAX_BYTES:
        raise StorageError(
            f"profile.html would have {size:,} bytes, more than {MAX_BYTES:,}", hint="profile fewer columns"
        )
    return page


def _prepared(sample: pl.DataFrame) -> tuple[Any, dict[str, str]]:
    """Return the columns to profile as a frame of pandas, and what each means."""
    known = {column.name: column for column in PAYMENTS.columns}
    taken: dict[str, pl.Series] = {}
    descriptions: dict[str, str] = {}
    for name, dtype in sample.schema.items():
        column = known.get(name)
        if len(taken) == MAX_COLUMNS:
            break
        values: pl.Series | None = sample[name]
        if dtype in (pl.Categorical, pl.String) or isinstance(dtype, pl.Enum):
            values = _as_code(sample[name].cast(pl.String))
        elif isinstance(dtype, pl.Datetime):
            # The library takes the number in it for nanoseconds.
            values = sample[name].dt.replace_time_zone(None).dt.cast_time_unit("ns")
        elif dtype.is_nested() or dtype in (pl.Binary, pl.Object):
            continue
        if values is None:
            continue
        shown_name = harmless(name)
        taken[shown_name] = values.alias(shown_name)
        if column is not None:
            unit = f" [{column.unit}]" if column.unit else ""
            descriptions[shown_name] = harmless(f"{column.description}{unit}")
    return pl.DataFrame(list(taken.values())).to_pandas(), descriptions


def _as_code(values: pl.Series) -> pl.Series | None:
    """Return a column of texts as a category, None if it has too many of them."""
    names = values.unique().drop_nulls()
    if len(names) > MAX_VALUES:
        return None
    by_name = {name: harmless(name) for name in names}
    return values.replace_strict(by_name, return_dtype=pl.String).cast(pl.Categorical)


def _settings(subject: Subject, descriptions: dict[str, str]) -> dict[str, Any]:
    rows = subject.sample.height
    digest = f" Config digest {subject.config_digest}." if subject.config_digest else ""
    days = subject.sample["event_time"].dt.date().n_unique()
    about = (
        f"A sample of {rows:,} of {subject.rows:,} payments, from {days:,} days spread over the whole time; "
        f"{subject.frauds:,} of all are fraud ({one_in(subject.frauds, subject.rows)}).{digest} "
        "Ids and addresses are left out."
    )
    return {
        "title": f"Payments: {subject.rows:,} rows",
        "dataset": {"description": about, "creator": "payloom profile", "url": ""},
        "variables": {"descriptions": descriptions},
        "interactions": {"continuous": False, "targets": []},
        # Pairs of 30 columns by cross tables take longer than all the rest.
        "correlations": {"auto": {"calculate": False}, "spearman": {"calculate": True}},
        "missing_diagrams": {"bar": True, "matrix": False, "heatmap": False},
        "duplicates": None,
        "progress_bar": False,
        "html": {"inline": True, "use_local_assets": True, "minify_html": True, "style": {"full_width": False}},
    }


def _sealed(page: str) -> str:
    """Take links to elsewhere out, and let the browser refuse to load anything."""
    page = _ADVERT.sub("", _LINK.sub(r"\1", page))
    page, sealed = _START.subn(lambda found: found.group() + _POLICY, page, count=1)
    if not sealed:
        raise StorageError(
            "fg-data-profiling wrote no page that can be sealed", hint="install the version that is pinned"
        )
    return page
