"""Names that are written into statements: checked against what every engine takes, so that none needs escaping."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from payloom.config.near import did_you_mean
from payloom.config.shown import shown_value
from payloom.errors import ConfigError, Problem
from payloom.schema import TABLES, Table

DEFAULT_DATABASE: Final = "payloom"

_DATABASE: Final = re.compile(r"[a-z_][a-z0-9_]{0,127}")
"""Glue lowers names, and Athena wants quotes round anything beyond letters, digits and underscores."""

_BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
"""Bucket names of S3; its documents count 3 to 63 characters."""

_URL_PART: Final = re.compile(r"[A-Za-z0-9_.=+@,~-]+")
_FOLDER_PART: Final = re.compile(r"[\w .=+@,~-]+")
_USER: Final = re.compile(r"://[^/]*@")
_YEARS: Final = re.compile(r"([0-9]{4})(?:-([0-9]{4}))?")

_NAMES: Final = "use letters, digits, '-', '_', '=' and '.' in the names of folders"


@dataclass(frozen=True, slots=True)
class Location:
    """Where a data set lies, as a statement names it.

    Attributes
    ----------
    url
        Address without a slash at its end, such as ``s3://bucket/prefix``; an absolute path for a folder.
    """

    url: str

    def table(self, table: Table) -> str:
        """Return the folder of a table, with the slash that Athena wants at its end."""
        return f"{self.url}/{table.name}/"


@dataclass(frozen=True, slots=True)
class Years:
    """Years that a projection covers, both included."""

    first: int
    last: int


ANY_YEAR: Final = Years(2000, 2099)
"""Covers whatever a data set may get later; a query without a filter on `year` looks at 1,200 folders."""


def checked_location(text: str, schemes: tuple[str, ...], *, option: str = "location") -> Location:
    """Return the location that a user gave.

    Parameters
    ----------
    text
        An address, or a folder where `schemes` has the empty one.
    schemes
        What the reader of the statement can open, such as ``("s3", "file")``.
    option
        Name of the option that it came from.

    Raises
    ------
    ConfigError
        If it is none, could end a quoted text, climbs, or has another scheme.
    """
    scheme, mark, rest = text.partition("://") if "://" in text else ("", "", text)
    url = f"{scheme}://{rest.removesuffix('/')}" if mark else str(Path(text).absolute())
    problem = _location_problem(text, scheme, schemes) or _address_problem(scheme, url)
    if problem:
        # What stands before an @ may be a password.
        given = shown_value(_USER.sub("://", text))
        raise ConfigError([Problem(option, given, problem, source=f"option --{option}")])
    return Location(url)


def checked_database(text: str) -> str:
    """Return the name of a database.

    Raises
    ------
    ConfigError
        If an engine could read it as something else.
    """
    if _DATABASE.fullmatch(text):
        return text
    allowed = "expected small letters, digits and '_', at most 128 of them, and no digit first"
    raise ConfigError([Problem("database", shown_value(text), allowed, source="option --database")])


def checked_tables(name: str | None) -> tuple[Table, ...]:
    """Return the table of that name, or all without one.

    Raises
    ------
    ConfigError
        If there is no such table.
    """
    if name is None:
        return tuple(TABLES.values())
    if name in TABLES:
        return (TABLES[name],)
    allowed = f"expected one of {', '.join(TABLES)}"
    raise ConfigError([Problem("table", shown_value(name), allowed, did_you_mean(name, TABLES), "option --table")])


def checked_years(text: str | None) -> Years:
    """Return the years of ``2025`` or ``2025-2026``, or `ANY_YEAR` without a text.

    Raises
    ------
    ConfigError
        If it is neither, or runs backwards.
    """
    if text is None:
        return ANY_YEAR
    match = _YEARS.fullmatch(text)
    years = Years(int(match[1]), int(match[2] or match[1])) if match else None
    if years is None or years.first > years.last:
        allowed = "expected a year or two, the first not after the second, such as 2025-2026"
        raise ConfigError([Problem("years", shown_value(text), allowed, source="option --years")])
    return years


def _location_problem(text: str, scheme: str, schemes: tuple[str, ...]) -> str:
    """Return what is wrong with the form of a location, empty if nothing is."""
    if scheme in schemes and text:
        return ""
    forms = {"": "a folder", "file": "file:///folder"}
    return f"expected {' or '.join(forms.get(name, f'{name}://bucket/prefix') for name in schemes)}"


def _address_problem(scheme: str, url: str) -> str:
    """Return what is wrong with the parts of an address, empty if nothing is."""
    start, _, path = url.removeprefix(f"{scheme}://").partition("/")
    parts = path.split("/") if path else []
    if scheme in {"", "file"}:
        if start or not parts:
            return "expected an absolute path below the root"
    elif not _BUCKET.fullmatch(start) or ".." in start:
        return "expected a bucket's name of 3 to 63 small letters, digits, '-' and '.'"
    if any(part in {"", ".", ".."} for part in parts):
        return "has an empty name, '.' or '..' in it"
    pattern = _URL_PART if scheme else _FOLDER_PART
    return "" if all(map(pattern.fullmatch, parts)) else f"has a character that an engine could misread; {_NAMES}"
