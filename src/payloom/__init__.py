"""Coherent synthetic payments with exact fraud counts, the same rows on every machine."""

__version__ = "0.1.0"

__all__ = ["__version__"]
