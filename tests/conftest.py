"""Counts and profiles that every test shares."""

from collections.abc import Callable

import pytest
from hypothesis import settings

from tests import counts
from tests.servers.seaweed import s3_proxy, s3_server

#: Fixtures of every folder.
__all__ = ["s3_proxy", "s3_server"]

# Derandomized: a run gives the same verdict everywhere. The full run tries more, and new, examples.
settings.register_profile("ci", derandomize=True, database=None, deadline=None, max_examples=50, print_blob=True)
settings.register_profile("full", database=None, deadline=None, max_examples=500, print_blob=True)
settings.load_profile("full" if counts.FULL else "ci")


@pytest.fixture(scope="session")
def count() -> Callable[[int, int], int]:
    """``count(reduced, full)``: how many, or how large, in this run."""
    return counts.count
