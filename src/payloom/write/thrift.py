"""Thrift's compact protocol, as much as Parquet's headers and footer need."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Self

_TRUE: Final = 1
_FALSE: Final = 2
_I8: Final = 3
_I16: Final = 4
_I32: Final = 5
_I64: Final = 6
_BINARY: Final = 8
_LIST: Final = 9
_STRUCT: Final = 12


def varint(number: int) -> bytes:
    """Return an unsigned number, seven bits to a byte, the low ones first."""
    text = bytearray()
    while number > 0x7F:
        text.append(number & 0x7F | 0x80)
        number >>= 7
    text.append(number)
    return bytes(text)


def zigzag(number: int) -> bytes:
    """Return a signed 64-bit number as a varint in which small magnitudes are short."""
    return varint(number << 1 if number >= 0 else (-number << 1) - 1)


class Struct:
    """A struct under construction; fields come in the order of their ids."""

    def __init__(self) -> None:
        self._text = bytearray()
        self._last = 0

    def i8(self, field: int, number: int) -> Self:
        """Add a byte."""
        return self._add(field, _I8, number.to_bytes(1, "little", signed=True))

    def i16(self, field: int, number: int) -> Self:
        """Add a 16-bit number."""
        return self._add(field, _I16, zigzag(number))

    def i32(self, field: int, number: int) -> Self:
        """Add a 32-bit number."""
        return self._add(field, _I32, zigzag(number))

    def i64(self, field: int, number: int) -> Self:
        """Add a 64-bit number."""
        return self._add(field, _I64, zigzag(number))

    def boolean(self, field: int, flag: bool) -> Self:
        """Add a flag."""
        return self._add(field, _TRUE if flag else _FALSE, b"")

    def binary(self, field: int, data: bytes) -> Self:
        """Add bytes or text."""
        return self._add(field, _BINARY, _sized(data))

    def struct(self, field: int, value: Struct) -> Self:
        """Add a struct."""
        return self._add(field, _STRUCT, value.to_bytes())

    def structs(self, field: int, values: Sequence[Struct]) -> Self:
        """Add a list of structs."""
        return self._list(field, _STRUCT, [value.to_bytes() for value in values])

    def i32s(self, field: int, numbers: Sequence[int]) -> Self:
        """Add a list of 32-bit numbers."""
        return self._list(field, _I32, [zigzag(number) for number in numbers])

    def binaries(self, field: int, texts: Sequence[bytes]) -> Self:
        """Add a list of texts."""
        return self._list(field, _BINARY, [_sized(text) for text in texts])

    def to_bytes(self) -> bytes:
        """Return the struct with its end mark."""
        return bytes(self._text) + b"\0"

    def _list(self, field: int, kind: int, items: list[bytes]) -> Self:
        count = len(items)
        head = bytes([count << 4 | kind]) if count < 15 else bytes([0xF0 | kind]) + varint(count)
        return self._add(field, _LIST, head + b"".join(items))

    def _add(self, field: int, kind: int, value: bytes) -> Self:
        step = field - self._last
        assert 0 < step < 16, "fields come in order"
        self._text.append(step << 4 | kind)
        self._text += value
        self._last = field
        return self


def _sized(data: bytes) -> bytes:
    return varint(len(data)) + data
