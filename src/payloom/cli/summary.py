"""The closing summary of a run, for people and as JSON."""

from __future__ import annotations

import shlex
from dataclasses import asdict
from pathlib import Path
from typing import Any

from payloom.cli.values import size_text
from payloom.config import Config, DayRange, layout_digest, world_digest
from payloom.pipeline.generate import RunSummary
from payloom.storage.address import is_remote


def summary_json(done: RunSummary, config: Config, days: DayRange) -> dict[str, Any]:
    """Return the summary of a run as JSON types."""
    return {
        "status": "ok",
        "exit_code": 0,
        **asdict(done),
        "start": days.start.isoformat(),
        "end": days.end.isoformat(),
        "fraud_rate": _fraud_rate(done),
        "rows_per_second": done.rows_per_second,
        "world_digest": world_digest(config),
        "layout_digest": layout_digest(config),
    }


def summary_lines(done: RunSummary, config: Config, days: DayRange) -> list[str]:
    """Return the summary of a run as text, with the commands that come next."""
    kept = f", {done.kept_parts:,} of them kept from an earlier run" if done.kept_parts else ""
    frauds = f"{done.fraud_rows:,} of them fraud ({_fraud_rate(done):.3%})"
    return [
        f"{done.rows:,} payments from {days.start} up to {days.end}, {frauds}",
        f"  files   {done.files:,} in {done.out}, {size_text(done.size_bytes)}{kept}",
        f"  speed   {_speed(done)}",
        f"  memory  {size_text(done.peak_rss_bytes)} at the peak, all processes{_more(done)}",
        f"  world   {world_digest(config)[:12]}, seed {config.world.seed}",
        "next",
        f"  payloom verify {shlex.quote(done.out)}",
        "  payloom schema --table payments",
        f"  payloom ddl --location {shlex.quote(done.out)}" if is_remote(done.out) else f"  {_first_rows(done.out)}",
    ]


def _speed(done: RunSummary) -> str:
    if done.kept_parts == done.files:
        return f"nothing was left to make, {done.seconds:.2f} s"
    processes = "1 process" if done.workers == 1 else f"{done.workers} processes"
    return f"{done.rows_per_second:,.0f} rows/s, {done.seconds:.2f} s in {processes}"


def _more(done: RunSummary) -> str:
    if not done.more_memory_bytes:
        return ""
    return f"; --max-memory {-(-done.more_memory_bytes // 1_000_000)}MB would use more CPUs"


def _fraud_rate(done: RunSummary) -> float:
    return done.fraud_rows / done.rows if done.rows else 0.0


def _first_rows(out: str) -> str:
    """Return a command that prints the first rows; Polars is there wherever payloom is."""
    pattern = (Path(out) / "payments" / "**" / "*.parquet").as_posix()
    code = f"import polars as pl; pl.scan_parquet({pattern!r}).head().collect().glimpse()"
    # Double quotes read better, where nothing in them means something to a shell.
    quoted = shlex.quote(code) if any(char in code for char in '$`!"\\') else f'"{code}"'
    return f"python -c {quoted}"
