"""Reading a TOML file: every way it can fail ends as one problem with a line."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Final, Self

from payloom.config.near import nearest
from payloom.config.shown import shown_text
from payloom.errors import ConfigError, Problem

MAX_BYTES: Final = 1_000_000
"""Largest config file; a real one has a few thousand bytes."""


class TomlFloat(float):
    """A float that remembers how it was written, so that a decimal stays exact."""

    text: str

    def __new__(cls, text: str) -> Self:
        """Parse `text` as TOML writes floats."""
        number = super().__new__(cls, text)
        number.text = text.replace("_", "")
        return number


def read_toml(path: Path) -> dict[str, Any]:
    """Return the tables of a TOML file.

    Raises
    ------
    ConfigError
        If the file can't be read, isn't UTF-8 or isn't TOML.
    """
    return parse_toml(_read(path), name=f"file {shown_text(str(path))}")


def parse_toml(data: bytes, *, name: str) -> dict[str, Any]:
    """Return the tables of TOML bytes; `name` stands for them in messages.

    Raises
    ------
    ConfigError
        If the bytes aren't UTF-8 or aren't TOML.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _refused(name, f"text in UTF-8; line {line} is not", "save it as UTF-8") from None
    try:
        # Without the last newline, an error in the last line has no line number.
        return tomllib.loads(f"{text}\n", parse_float=TomlFloat)
    except tomllib.TOMLDecodeError as error:
        raise _refused(name, f"TOML; {shown_text(str(error), 200)}", _quoted_line(text, error)) from None
    except RecursionError:
        raise _refused(name, "TOML; this is nested too deeply", "flatten it") from None
    except ValueError:
        # The parser lets Python's own limit on the digits of an integer through.
        raise _refused(name, "TOML; a number in it has more than 4,300 digits", "write a smaller number") from None


def _read(path: Path) -> bytes:
    name = f"file {shown_text(str(path))}"
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise _refused(name, "a file that exists", _similar_file(path)) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise _refused(name, f"a file that can be read ({shown_text(reason)})", "check the path") from None
    if len(data) > MAX_BYTES:
        raise _refused(name, f"at most {MAX_BYTES:,} bytes", "is this the right file?")
    return data


def _similar_file(path: Path) -> str:
    try:
        stems = sorted(entry.stem for entry in path.parent.iterdir() if entry.suffix == ".toml")
    except OSError:
        return "its folder doesn't exist either"
    stem = nearest(path.stem, stems)
    return f'did you mean "{path.parent / stem}.toml"?' if stem else "check the path"


def _quoted_line(text: str, error: tomllib.TOMLDecodeError) -> str:
    number = getattr(error, "lineno", None)
    if number is None:
        digits = str(error).rpartition("at line ")[2].partition(",")[0]
        number = int(digits) if digits.isdecimal() else None
    lines = text.splitlines()
    if number is None or not 1 <= number <= len(lines):
        return ""
    return f"the line is: {shown_text(lines[number - 1].strip(), 60)}"


def _refused(name: str, allowed: str, fix: str) -> ConfigError:
    return ConfigError([Problem(field=name, given="", allowed=f"expected {allowed}", fix=fix)])
