"""Publish units: what one manifest commits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Self

from payloom.write.documents import Document


@dataclass(frozen=True, slots=True)
class Unit:
    """A full run, or a range of whole UTC days.

    Attributes
    ----------
    start, end
        First day and the day after the last one; both None for a full run.
    """

    start: date | None = None
    end: date | None = None

    def __post_init__(self) -> None:
        if (self.start is None) != (self.end is None):
            raise ValueError("a unit has both ends or none")
        if self.start is not None and self.end is not None and self.start >= self.end:
            raise ValueError(f"a unit ends after it starts, not {self.start} to {self.end}")

    @classmethod
    def of_day(cls, day: date) -> Self:
        """Return the unit of one day."""
        return cls(day, day + timedelta(days=1))

    @property
    def name(self) -> str:
        """Name of its manifest: ``full``, a day, or both ends."""
        if self.start is None or self.end is None:
            return "full"
        if (self.end - self.start).days == 1:
            return self.start.isoformat()
        return f"{self.start.isoformat()}_{self.end.isoformat()}"

    @classmethod
    def from_name(cls, name: str) -> Self:
        """Return the unit of this name.

        Raises
        ------
        ValueError
            If no unit has it.
        """
        start, _, end = name.partition("_")
        if name == "full":
            return cls()
        first = date.fromisoformat(start)
        unit = cls(first, date.fromisoformat(end)) if end else cls.of_day(first)
        if unit.name != name:
            raise ValueError(f"no unit is called {name!r}")
        return unit

    def overlaps(self, other: Unit) -> bool:
        """Say whether a day belongs to both."""
        if self.start is None or self.end is None or other.start is None or other.end is None:
            return True
        return self.start < other.end and other.start < self.end

    def document(self) -> Document:
        """Return the unit as plain values for JSON."""
        return {
            "name": self.name,
            "start": self.start and self.start.isoformat(),
            "end": self.end and self.end.isoformat(),
        }

    @classmethod
    def from_document(cls, values: Document) -> Self:
        """Return the unit that `document` described."""
        start, end = values["start"], values["end"]
        return cls(start and date.fromisoformat(start), end and date.fromisoformat(end))
