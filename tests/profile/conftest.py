"""A data set on disk that tests of this folder read."""

from pathlib import Path

import pytest

from payloom import World

CONFIG = {"world": {"rows": 30_000, "start": "2025-11-20", "end": "2026-02-10", "fraud_rate": "0.02"}}


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of a small world with plenty of fraud."""
    folder = tmp_path_factory.mktemp("profile") / "data"
    World(CONFIG).generate(folder, workers=1)
    return folder
