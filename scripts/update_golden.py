"""Write the golden digests again, after a change that is meant to change rows.

Run it from the project's folder with the project's Python; with ``--check`` it only compares. Raise
`payloom.config.digest.GENERATOR_VERSION` in the same commit, unless nothing was released with the old one.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
GOLDEN_FILE = ROOT / "tests" / "golden" / "digests.json"


def main() -> int:
    """Compute the digests; write or compare them. Give 1 when a comparison fails, else 0."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare and write nothing")
    options = parser.parse_args()
    sys.path.insert(0, str(ROOT))
    # The tests define what is digested, so that the file and the test cannot differ.
    from tests.cell.digest_run import digests  # noqa: PLC0415
    from tests.cell.golden_worlds import GOLDEN  # noqa: PLC0415

    made = dict(zip(GOLDEN, digests(list(GOLDEN.values())), strict=True))
    old = json.loads(GOLDEN_FILE.read_text("utf-8")) if GOLDEN_FILE.exists() else {}
    changed = [
        f"{world}/{table}"
        for world in made
        for table in made[world]
        if old.get(world, {}).get(table) != made[world][table]
    ]
    print("\n".join(f"changed: {name}" for name in changed) or "Golden digests hold")
    if options.check:
        return 1 if changed else 0
    GOLDEN_FILE.write_text(json.dumps(made, indent=2) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
