"""Write ``docs/schema.md`` from the declared tables.

``python scripts/write_schema_doc.py`` writes the page; ``--check`` compares it with the declaration and writes nothing.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from payloom.schema import TABLES, Column, Table

PAGE = Path(__file__).resolve().parent.parent / "docs/schema.md"

_HEAD = """\
# Tables and columns

Written by `scripts/write_schema_doc.py` from `payloom.schema`: change the declaration, not this page.
`payloom schema` prints the same in a terminal, `payloom schema --json` for programs.

- **enum** is a dictionary-encoded string in Parquet and `pl.Enum` in Polars. Its values are listed below the table.
- **known**: whether a value exists when the issuer decides, or only *after*. A model may read what is known before.
- **role**: `feature` may be given to a model, `outcome` is the issuer's answer, `label` is the target.
"""


def page() -> str:
    """Text of the whole page."""
    return "\n".join([_HEAD, *(line for table in TABLES.values() for line in _section(table))])


def _section(table: Table) -> Iterator[str]:
    folder = f"{table.name}/year=YYYY/month=MM/" if table.by_month else f"{table.name}/"
    yield f"## {table.name}"
    yield ""
    yield f"{table.description}. Files in `{folder}`, rows in each sorted by {', '.join(table.sort_by)}."
    yield ""
    yield "| column | type | meaning | null | standard | role | known |"
    yield "|---|---|---|---|---|---|---|"
    yield from map(_row, table.columns)
    yield ""
    for column in table.columns:
        if column.codes:
            yield f"- `{column.name}`: {', '.join(f'`{code}`' for code in column.codes)}"
    yield ""


def _row(column: Column) -> str:
    meaning = f"{column.description} ({column.unit})" if column.unit else column.description
    cells = (
        f"`{column.name}`",
        column.type_text,
        meaning,
        column.null,
        column.standard,
        column.role,
        column.known,
    )
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def main(arguments: Sequence[str] | None = None, target: Path = PAGE) -> int:
    """Write the page, or compare it; give 1 when it differs, else 0."""
    parser = argparse.ArgumentParser(description="Write docs/schema.md from payloom.schema.")
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    check = parser.parse_args(arguments).check
    text = page().rstrip() + "\n"
    if not check:
        target.write_text(text, "utf-8")
        return 0
    if target.is_file() and target.read_text("utf-8") == text:
        return 0
    print(f"{target.name} differs from payloom.schema: run python scripts/write_schema_doc.py")
    return 1


if __name__ == "__main__":
    sys.exit(main())
