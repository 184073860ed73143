"""Reduced or full counts, chosen by PAYLOOM_FULL (set by `make test-full`)."""

import os

FULL = os.environ.get("PAYLOOM_FULL") == "1"


def count(reduced: int, full: int) -> int:
    """How many, or how large, in this run; for decorators. Tests use the fixture of this name."""
    return full if FULL else reduced
