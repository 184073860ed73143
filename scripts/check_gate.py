"""Run the quality gate as a user would: a small data set passes, one with a planted fault does not.

Run by `make gate`, which CI runs.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

ROWS = "20_000"
PAYLOOM = [sys.executable, "-c", "from payloom.cli.main import main; main()"]
FAILED = 3
#: The rule that has to notice the planted fault.
RULE = "payments.transaction_id.unique"


def run(*arguments: str) -> tuple[int, str]:
    """Run the command line; give its exit code and what it printed."""
    done = subprocess.run([*PAYLOOM, *arguments], check=False, capture_output=True, text=True)
    return done.returncode, done.stdout or done.stderr


def plant(folder: Path) -> None:
    """Put the first payment of a month there a second time."""
    part = min(folder.glob("payments/*/*/*.parquet"))
    rows = pq.ParquetFile(part).read()
    pq.write_table(pa.concat_tables([rows.slice(0, 1), rows]), part, write_page_checksum=True)


def verdict(answer: str) -> list[str]:
    """Give the names of the failed rules of a JSON answer."""
    report: dict[str, Any] = json.loads(answer)
    return [result["rule"] for result in report["results"] if result["verdict"] == "failed"]


def main() -> None:
    """Exit with 1 when the gate lets the fault pass, or stops what is good."""
    with tempfile.TemporaryDirectory(prefix="payloom-gate-") as root:
        folder = Path(root) / "data"
        made, said = run("generate", "--rows", ROWS, "--out", str(folder), "--quiet")
        if made:
            sys.exit(f"error: no data to judge: {said}")
        code, said = run("validate", str(folder), "--json")
        if code:
            sys.exit(f"error: the gate stops a good data set (exit code {code}): {said[:2000]}")
        plant(folder)
        code, said = run("validate", str(folder), "--json")
        if code != FAILED or RULE not in verdict(said):
            sys.exit(f"error: the gate lets a payment pass that is there twice (exit code {code}): {said[:2000]}")
    print("The gate lets a good data set pass and stops one with a planted fault")


if __name__ == "__main__":
    main()
