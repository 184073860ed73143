"""What the gate says: for programs, for JUnit readers, and the order in which people want to read it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from xml.etree import ElementTree as ET

from payloom.quality.rule import Result, plain

_UNPRINTABLE: Final = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Report:
    """The verdict on a data set.

    Attributes
    ----------
    source
        Where it lies, as it was given.
    rows, sample_rows
        Payments that were read, and that Great Expectations looked at.
    results
        Every rule: failed ones first, then in order of the tables.
    docs
        Page of the Data Docs; empty without.
    library
        Version of Great Expectations.
    seconds
        Time that it took.
    """

    source: str
    rows: int
    sample_rows: int
    results: tuple[Result, ...]
    docs: str
    library: str
    seconds: float

    @property
    def failed(self) -> tuple[Result, ...]:
        """Rules that do not hold."""
        return tuple(result for result in self.results if result.verdict == "failed")

    @property
    def passed(self) -> bool:
        """Whether the gate is open."""
        return not self.failed

    @property
    def counts(self) -> Mapping[str, int]:
        """Rules by verdict."""
        found = Counter(result.verdict for result in self.results)
        return {name: found[name] for name in ("failed", "passed", "skipped")}

    def as_dict(self) -> dict[str, Any]:
        """Return the report as plain values for JSON."""
        return {
            "source": self.source,
            "passed": self.passed,
            "rows": self.rows,
            "sample_rows": self.sample_rows,
            "rules": dict(self.counts),
            "seconds": round(self.seconds, 2),
            "docs": self.docs,
            "great_expectations": self.library,
            "results": [result.as_dict() for result in self.results],
        }

    def as_junit(self) -> bytes:
        """Return the report as JUnit XML: a case for each rule, a suite for each table."""
        root = ET.Element("testsuites", {"name": "payloom validate", **_totals(self.results)})
        for table in dict.fromkeys(result.rule.table for result in self.results):
            own = [result for result in self.results if result.rule.table == table]
            suite = ET.SubElement(root, "testsuite", {"name": f"{self.source} {table}", **_totals(own)})
            for result in own:
                case = ET.SubElement(suite, "testcase", classname=f"{table}.{result.rule.kind}", name=result.rule.name)
                if result.verdict == "failed":
                    failure = ET.SubElement(
                        case, "failure", message=_printable(one_line(result)), type=result.rule.kind
                    )
                    failure.text = _printable("\n".join([result.rule.holds, *example_lines(result), result.look]))
                elif result.verdict == "skipped":
                    ET.SubElement(case, "skipped", message=_printable(result.skipped))
        ET.indent(root)
        return ET.tostring(root, encoding="utf-8", xml_declaration=True)


def in_order(results: tuple[Result, ...]) -> tuple[Result, ...]:
    """Put failed rules first; the rest keeps its order."""
    return tuple(sorted(results, key=lambda result: result.verdict != "failed"))


def one_line(result: Result) -> str:
    """Return a failed rule as one line: rule, expected, found."""
    return f"{result.rule.name}: {result.rule.holds}; expected {result.expected}, found {result.found}"


def example_lines(result: Result) -> list[str]:
    """Return the example rows, one a line."""
    return ["  ".join(f"{name}={plain(value)}" for name, value in row.items()) for row in result.examples]


def _totals(results: tuple[Result, ...] | list[Result]) -> dict[str, str]:
    found = Counter(result.verdict for result in results)
    return {"tests": str(len(results)), "failures": str(found["failed"]), "skipped": str(found["skipped"])}


def _printable(text: str) -> str:
    """Drop what XML can't hold: data may bring any character."""
    return _UNPRINTABLE.sub("", text)
