"""Documents have one text for each content, and notice any change to it."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payloom.write.documents import canonical, sealed, unsealed
from payloom.write.units import Unit

BODIES = st.dictionaries(st.text(max_size=8), st.integers() | st.text(max_size=8) | st.none() | st.lists(st.integers()))


@given(BODIES)
def test_what_was_sealed_comes_back(body):
    """Key order does not matter; the bytes are ASCII and end in a line feed."""
    data = sealed(body)
    assert unsealed(data) == body
    assert sealed(dict(reversed(body.items()))) == data
    assert data.isascii()
    assert data.endswith(b"\n")


@given(BODIES, st.integers(min_value=0), st.integers(0, 7))
def test_any_flipped_bit_breaks_the_seal(body, place, bit):
    """A receipt or manifest with one wrong bit is no receipt."""
    data = bytearray(sealed(body))
    data[place % len(data)] ^= 1 << bit
    assert unsealed(bytes(data)) is None


@pytest.mark.parametrize("data", [None, b"", b"{}", b"[]", b"null", b"[" * 100_000, b"\xff", canonical({"a": 1})])
def test_other_bytes_are_not_sealed(data):
    """No exception leaves, whatever is in the file."""
    assert unsealed(data) is None


def day(number: int) -> date:
    return date.fromordinal(date(2025, 1, 1).toordinal() + number)


@given(st.integers(0, 20), st.integers(1, 9), st.integers(0, 20), st.integers(1, 9))
def test_units_overlap_when_they_share_a_day(first, days, other_first, other_days):
    """Compared with sets of days; a full run overlaps everything."""
    unit, other = Unit(day(first), day(first + days)), Unit(day(other_first), day(other_first + other_days))
    shared = set(range(first, first + days)) & set(range(other_first, other_first + other_days))
    assert unit.overlaps(other) == other.overlaps(unit) == bool(shared)
    assert unit.overlaps(Unit())
    assert Unit().overlaps(unit)
    assert Unit.from_document(unit.document()) == unit


def test_units_have_names_that_files_can_have():
    """A day by its date, more by both ends, all of it `full`."""
    assert Unit().name == "full"
    assert Unit(date(2025, 6, 20), date(2025, 6, 21)).name == "2025-06-20"
    assert Unit(date(2025, 6, 1), date(2025, 7, 1)).name == "2025-06-01_2025-07-01"


def test_a_unit_has_both_ends_and_at_least_a_day():
    """Half a range or an empty one is a mistake."""
    for ends in ((date(2025, 1, 1), None), (date(2025, 1, 2), date(2025, 1, 1)), (date(2025, 1, 1), date(2025, 1, 1))):
        with pytest.raises(ValueError, match="unit"):
            Unit(*ends)
