"""Numbers and sizes as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payloom.cli.values import count, size_bytes, size_text


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1000000", 1_000_000),
        ("1_000_000", 1_000_000),
        ("1e6", 1_000_000),
        ("1E+6", 1_000_000),
        ("1M", 1_000_000),
        ("1.5k", 1_500),
        ("2.5e3", 2_500),
        ("1B", 10**9),
        ("1G", 10**9),
        ("0.001M", 1_000),
        ("-5", -5),
        (" 7 ", 7),
        ("9223372036854775807", 2**63 - 1),
    ],
)
def test_a_count_is_read(text: str, number: int):
    """Underscores, exponents and suffixes all mean the number they look like, exactly."""
    assert count(text) == number


@pytest.mark.parametrize(
    "text", ["", "1.5", "1,000", "1e-3", "nan", "inf", "0x10", "1 000", "M", "1MM", "\u0663", "9" * 60]
)
def test_what_is_no_count_stays_text(text: str):
    """Text that is no whole number is left for the config to refuse."""
    assert count(text) == text


@given(st.text(max_size=80))
def test_any_text_is_a_count_or_itself(text: str):
    """Reading a count never fails."""
    assert isinstance(count(text), int) or count(text) == text
    size = size_bytes(text)
    assert size is None or size >= 0


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("512MB", 512_000_000),
        ("512 mb", 512_000_000),
        ("1GiB", 2**30),
        ("1.5G", 1_500_000_000),
        ("64000000", 64_000_000),
    ],
)
def test_a_size_is_read(text: str, size: int):
    """MB is a million bytes, MiB is 2^20."""
    assert size_bytes(text) == size


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (999, "999 B"), (1_000, "1 kB"), (95_240_000, "95.2 MB"), (999_700, "1 MB"), (2 * 10**12, "2 TB")],
)
def test_a_size_is_written(size: int, text: str):
    """Three digits and a unit."""
    assert size_text(size) == text
