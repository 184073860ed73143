"""Write ``deploy/terraform/modules/catalog/tables.json`` from the declared tables, as Terraform makes them in Glue.

``python scripts/write_glue_tables.py`` writes the file; ``--check`` compares it and writes nothing.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from payloom.catalog.glue import Item, table_input
from payloom.catalog.hive import DATABASE_COMMENT
from payloom.catalog.names import ANY_YEAR, Location
from payloom.schema import TABLES

FILE = Path(__file__).resolve().parent.parent / "deploy/terraform/modules/catalog/tables.json"
#: Terraform puts the address of the data set in its place.
PLACE = "s3://LOCATION"


def content() -> str:
    """Text of the whole file."""
    tables = [_entry(table_input(table, Location(PLACE), ANY_YEAR)) for table in TABLES.values()]
    written_by = "scripts/write_glue_tables.py from payloom.schema: change the declaration, not this file"
    declared = {"written_by": written_by, "description": DATABASE_COMMENT, "location": PLACE, "tables": tables}
    return json.dumps(declared, indent=2) + "\n"


def _entry(table: Item) -> dict[str, Any]:
    storage = table["StorageDescriptor"]
    return {
        "name": table["Name"],
        "description": table["Description"],
        "location": storage["Location"],
        "parameters": table["Parameters"],
        "input_format": storage["InputFormat"],
        "output_format": storage["OutputFormat"],
        "serialization_library": storage["SerdeInfo"]["SerializationLibrary"],
        "serialization_parameters": storage["SerdeInfo"]["Parameters"],
        "partition_keys": [_column(column) for column in table["PartitionKeys"]],
        "columns": [_column(column) for column in storage["Columns"]],
    }


def _column(column: Item) -> dict[str, str]:
    return {name.lower(): column[name] for name in ("Name", "Type", "Comment")}


def main() -> int:
    """Write the file, or say whether it is up to date."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare only; exit with 1 when the file is old")
    options = parser.parse_args()
    text = content()
    if options.check:
        if FILE.exists() and FILE.read_text("utf-8") == text:
            return 0
        print(f"error: {FILE.name} is not what payloom declares; run scripts/write_glue_tables.py", file=sys.stderr)
        return 1
    FILE.write_text(text, "utf-8")
    print(f"{len(TABLES)} tables are written", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
