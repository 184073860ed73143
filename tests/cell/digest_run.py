"""Prints the digests of worlds as JSON, for a process whose surroundings a test has chosen.

Arguments: how to treat the clock (``clock`` or ``frozen``), then a JSON list of [values, first day, end day].
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any


def freeze_the_clock() -> None:
    """Stand still in 1999 from the first import on."""
    for name, value in (("time", 946_598_400.0), ("monotonic", 1.0), ("perf_counter", 1.0)):
        setattr(time, name, lambda value=value: value)
        setattr(time, f"{name}_ns", lambda value=value: int(value * 1e9))


def digests(worlds: list[tuple[dict[str, Any], str | None, str | None]]) -> list[dict[str, str]]:
    """Digest of every table of every world."""
    from tests.cell.logical_digest import world_digest
    from tests.cell.worlds import build

    return [world_digest(build(values, first, end).tables) for values, first, end in worlds]


if __name__ == "__main__":
    if sys.argv[1] == "frozen":
        freeze_the_clock()
    print(json.dumps(digests(json.loads(sys.argv[2]))))
