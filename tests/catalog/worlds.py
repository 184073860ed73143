"""A data set on disk that tests of this folder read."""

from pathlib import Path

from payloom import World

CONFIG = {"world": {"rows": 5_000, "start": "2025-11-20", "end": "2026-02-10", "fraud_rate": "0.02"}}
"""Four months of two years."""


def write_world(folder: Path) -> Path:
    """Generate it into `folder`."""
    World(CONFIG).generate(folder, workers=1)
    return folder
