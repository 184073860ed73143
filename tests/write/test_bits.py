"""Bit packing against arithmetic on whole numbers, and as pyarrow reads it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from payloom.write.bits import definition_levels, delta_binary_packed, packed
from payloom.write.thrift import Struct, varint, zigzag


@pytest.mark.parametrize(
    ("kind", "width"), [(np.uint8, w) for w in range(1, 9)] + [(np.uint16, w) for w in range(1, 17)]
)
@given(data=st.data())
def test_packed_numbers_are_one_large_number(kind, width, data):
    """Number i begins at bit i × width; the end is filled up to eight numbers."""
    numbers = data.draw(st.lists(st.integers(0, 2**width - 1), max_size=70))
    whole = sum(number << width * place for place, number in enumerate(numbers))
    assert packed(np.array(numbers, kind), width) == whole.to_bytes(-(-len(numbers) // 8) * width, "little")


@given(st.lists(st.booleans(), min_size=1, max_size=40))
def test_definition_levels_give_each_row_its_flag(flags):
    """One run of equal levels, or eight flags to a byte, after the length."""
    levels = definition_levels(np.array(flags), len(flags))
    assert int.from_bytes(levels[:4], "little") == len(levels) - 4
    if len(set(flags)) == 1:
        assert levels[4:] == varint(len(flags) << 1) + bytes([flags[0]])
    else:
        groups = -(-len(flags) // 8)
        assert levels[4:-groups] == varint(groups << 1 | 1)
        bits = int.from_bytes(levels[-groups:], "little")
        assert [bool(bits >> place & 1) for place in range(len(flags))] == flags
    assert definition_levels(None, len(flags))[4:] == varint(len(flags) << 1) + b"\1"


def read_varint(data: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        number |= (data[at] & 0x7F) << shift
        shift, at = shift + 7, at + 1
        if data[at - 1] < 0x80:
            return number, at


def unzigzag(number: int) -> int:
    return number >> 1 if number % 2 == 0 else -(number + 1 >> 1)


def read_deltas(data: bytes) -> list[int]:
    """A reader written from the format's description."""
    block, at = read_varint(data, 0)
    minis, at = read_varint(data, at)
    count, at = read_varint(data, at)
    first, at = read_varint(data, at)
    numbers = [unzigzag(first)][:count]
    while len(numbers) < count:
        base, at = read_varint(data, at)
        widths, at = data[at : at + minis], at + minis
        for width in widths:
            if len(numbers) == count:
                break
            size = block // minis * width // 8
            bits, at = int.from_bytes(data[at : at + size], "little"), at + size
            for place in range(min(block // minis, count - len(numbers))):
                numbers.append(numbers[-1] + unzigzag(base) + (bits >> place * width & (1 << width) - 1))
    assert at == len(data)
    return numbers


@given(st.lists(st.integers(-(2**61), 2**61), max_size=300))
def test_differences_come_back(numbers):
    """Any order, any size, blocks that are not full."""
    assert read_deltas(delta_binary_packed(np.array(numbers, np.int64))) == numbers


@given(st.integers(-(2**63), 2**63 - 1))
def test_zigzag_keeps_small_numbers_short(number):
    """Signs alternate, and a reader gets the number back."""
    coded, length = read_varint(zigzag(number), 0)
    assert unzigzag(coded) == number
    assert length == len(zigzag(number)) == max(1, -(-coded.bit_length() // 7))


def test_a_struct_looks_as_the_compact_protocol_says():
    """Written by hand from the specification: field steps and kinds, zigzag numbers, an end mark."""
    inner = Struct().boolean(1, True).boolean(2, False)
    struct = Struct().i32(1, -1).binary(4, b"ab").struct(5, inner).i32s(6, [1, 2]).structs(7, [inner] * 15).i8(9, -2)
    assert struct.to_bytes() == (
        b"\x15\x01\x38\x02ab\x1c\x11\x12\x00\x19\x25\x02\x04\x19\xfc\x0f" + b"\x11\x12\x00" * 15 + b"\x23\xfe\x00"
    )
