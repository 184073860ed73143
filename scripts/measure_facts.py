"""Print how near a world comes to what is known of real payments, as the tables of ``docs/realism.md``.

    payloom generate --out data
    python scripts/measure_facts.py data            # print
    python scripts/measure_facts.py data --write    # put the tables into docs/realism.md

The intervals are those of a million rows of the default world.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# The script's own folder is on the path, not the one above it.
sys.path.insert(0, str(ROOT))

from scripts.realism_facts import World, measure  # noqa: E402
from scripts.realism_targets import BEYOND, TARGETS, Target  # noqa: E402

PAGE = ROOT / "docs" / "realism.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


def main() -> int:
    """Measure a data set; 1 if a fact is missed that should hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="data set, as written by payloom generate")
    parser.add_argument("--write", action="store_true", help="write the tables into docs/realism.md")
    arguments = parser.parse_args()
    found = measure(World.read(arguments.folder))
    text = tables(found)
    if arguments.write:
        page = PAGE.read_text(encoding="utf-8")
        if BEGIN not in page or END not in page:
            raise SystemExit(f"{PAGE.name} has no place for the tables: {BEGIN} ... {END}")
        block = f"{BEGIN}\n\n{text}\n\n{END}"
        pattern = re.escape(BEGIN) + ".*" + re.escape(END)
        PAGE.write_text(re.sub(pattern, lambda _: block, page, flags=re.DOTALL), encoding="utf-8")
    else:
        print(text)
    missed = [t.key for part in TARGETS.values() for t in part if not t.missed and not holds(t, found)]
    if missed:
        print(f"missed: {', '.join(missed)}", file=sys.stderr)
    return 1 if missed else 0


def holds(target: Target, found: dict[str, float]) -> bool:
    """Whether a measured number is in its interval."""
    low, high = target.interval(many_rows=True)
    return low <= found[target.key] <= high


def tables(found: dict[str, float]) -> str:
    """Give the Markdown of one table per section, and one of what is out of reach."""
    blocks: list[str] = []
    for section, targets in TARGETS.items():
        lines = [f"### {section}", "", "| fact | source | accepted | measured |", "|---|---|---|---|"]
        lines += [_line(target, found[target.key]) for target in targets]
        blocks.append("\n".join(lines))
    lines = ["### Out of reach", "", "| fact | measured | why |", "|---|---|---|"]
    lines += [f"| {fact} | {number(found[key])} | {why} |" for key, fact, why in BEYOND]
    return "\n\n".join([*blocks, "\n".join(lines)])


def _line(target: Target, value: float) -> str:
    low, high = target.interval(many_rows=True)
    note = f"{number(value)} (missed: {target.missed})" if target.missed else number(value)
    return f"| {target.fact} | {target.source} | {number(low)} to {number(high)} | {note} |"


def number(value: float) -> str:
    """Write a number with three significant digits."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


if __name__ == "__main__":
    sys.exit(main())
