"""The worlds whose digests are committed in ``tests/golden``."""

from __future__ import annotations

from typing import Any

from tests.cell.worlds import ODD_WORLD

GOLDEN: dict[str, tuple[dict[str, Any], str | None, str | None]] = {
    "default": ({"world": {"rows": 20_000}}, None, None),
    "odd": (ODD_WORLD, None, None),
    "one_day": ({"world": {"rows": 500_000}}, "2025-03-30", "2025-03-31"),
}
"""By name: config, and the days to make if not all of them."""
