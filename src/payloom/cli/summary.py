"""The closing summary of a run, for people and as JSON."""

from __future__ import annotations

import shlex
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from payloom.cli.values import size_text


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run left behind.

    Attributes
    ----------
    out : str
        Folder of the data set.
    start, end : date
        Days that were made, `end` exclusive.
    rows, fraud_rows : int
        Payments, and the frauds among them.
    files, bytes : int
        Files of the data set and their size.
    kept_files : int
        Files of an earlier run that were found whole and kept.
    seconds : float
        Wall time.
    peak_memory_bytes : int
        Largest resident size, all processes together.
    world_digest, layout_digest : str
        What names the world and the layout.
    """

    out: str
    start: date
    end: date
    rows: int
    fraud_rows: int
    files: int
    bytes: int
    kept_files: int
    seconds: float
    peak_memory_bytes: int
    world_digest: str
    layout_digest: str

    @property
    def fraud_rate(self) -> float:
        """Frauds among the payments."""
        return self.fraud_rows / self.rows if self.rows else 0.0

    @property
    def rows_per_second(self) -> float:
        """Payments per second of wall time."""
        return self.rows / self.seconds if self.seconds > 0 else 0.0


def summary_json(summary: Summary) -> dict[str, Any]:
    """Return the summary as JSON types."""
    return {
        "status": "ok",
        "exit_code": 0,
        **asdict(summary),
        "start": summary.start.isoformat(),
        "end": summary.end.isoformat(),
        "fraud_rate": summary.fraud_rate,
        "rows_per_second": summary.rows_per_second,
    }


def summary_lines(summary: Summary) -> list[str]:
    """Return the summary as text, with the commands that come next."""
    kept = f", {summary.kept_files:,} of them kept from an earlier run" if summary.kept_files else ""
    folder = shlex.quote(summary.out)
    frauds = f"{summary.fraud_rows:,} of them fraud ({summary.fraud_rate:.4%})"
    return [
        f"{summary.rows:,} payments from {summary.start} up to {summary.end}, {frauds}",
        f"  files   {summary.files:,} in {summary.out}, {size_text(summary.bytes)}{kept}",
        f"  speed   {summary.rows_per_second:,.0f} rows/s, {summary.seconds:.2f} s",
        f"  memory  {size_text(summary.peak_memory_bytes)} at the peak, all processes",
        f"  world   {summary.world_digest[:12]}",
        "next",
        f"  payloom verify {folder}    check every file",
        "  payloom schema --table payments    what is in a row",
        f"  {_first_rows(summary.out)}",
    ]


def _first_rows(out: str) -> str:
    """Return a command that prints the first rows; Polars is there wherever payloom is."""
    pattern = (Path(out) / "payments" / "**" / "*.parquet").as_posix()
    code = f"import polars as pl; print(pl.scan_parquet({pattern!r}).head().collect())"
    return f"python -c {shlex.quote(code)}"
