"""Pages of one column in one row group: Arrow arrays in, compressed and checksummed bytes out."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from payloom.schema import Column
from payloom.write.bits import Flags, definition_levels, delta_binary_packed, hybrid
from payloom.write.thrift import Struct

if TYPE_CHECKING:
    import pyarrow as pa

PLAIN: Final = 0
RLE: Final = 3
DELTA_BINARY_PACKED: Final = 5
RLE_DICTIONARY: Final = 8

_DATA_PAGE: Final = 0
_DICTIONARY_PAGE: Final = 2

_ARROW_KIND: Final[dict[str, str]] = {
    "int64": "i8",
    "timestamp": "i8",
    "int32": "i4",
    "date": "i4",
    "int16": "i2",
    "float64": "f8",
    "float32": "f4",
}
_STORED_KIND: Final = _ARROW_KIND | {"int16": "i4"}


_PREFIX: Final = 8
"""Bytes of a text that are compared at once."""


@dataclass(slots=True)
class Page:
    """A page as it lies in the file, and its size before compression, header included."""

    data: bytes
    plain_bytes: int


@dataclass(slots=True)
class Range:
    """Least and greatest value so far."""

    least: Any = None
    greatest: Any = None

    def widen(self, least: Any, greatest: Any) -> None:
        """Include another range."""
        self.least = least if self.least is None else min(self.least, least)
        self.greatest = greatest if self.greatest is None else max(self.greatest, greatest)


@dataclass(slots=True)
class ColumnPages:
    """The pages of a column, as they come.

    Attributes
    ----------
    column
        Its declaration.
    codec
        Compresses the pages.
    pages
        Data pages so far.
    values, nulls
        Rows so far, and those without a value.
    range
        Least and greatest value so far.
    """

    column: Column
    codec: pa.Codec
    pages: list[Page] = field(default_factory=list)
    values: int = 0
    nulls: int = 0
    range: Range = field(default_factory=Range)

    encoding = PLAIN

    def add(self, array: pa.Array) -> None:
        """Encode the next rows as one page."""
        present = presence(array)
        rows = len(array)
        body = self.body(array, present)
        if self.column.nullable:
            body = definition_levels(present, rows) + body
            self.nulls += array.null_count
        elif array.null_count:
            raise ValueError(f"{self.column.name} holds a null, which its declaration rules out")
        self.values += rows
        header = Struct().i32(1, rows).i32(2, self.encoding).i32(3, RLE).i32(4, RLE)
        self.pages.append(_page(_DATA_PAGE, 5, header, body, self.codec))

    def body(self, array: pa.Array, present: Flags | None) -> bytes:
        """Encode the values that are present, and note their range."""
        raise NotImplementedError

    def dictionary(self) -> Page | None:
        """Return the dictionary page, if the column has one."""
        return None

    def bounds(self) -> tuple[bytes, bytes] | None:
        """Return least and greatest value as the footer wants them; None if there is neither."""
        raise NotImplementedError


class NumberPages(ColumnPages):
    """Numbers, times and dates, plain or as differences."""

    __slots__ = ()

    def body(self, array: pa.Array, present: Flags | None) -> bytes:
        """Encode numbers."""
        found = numbers(array, _ARROW_KIND[self.column.kind], present)
        if len(found):
            self._note(found)
        if self.encoding == DELTA_BINARY_PACKED:
            return delta_binary_packed(found)
        return found.astype(_STORED_KIND[self.column.kind], copy=False).tobytes()

    def bounds(self) -> tuple[bytes, bytes] | None:
        """Return the range as stored; a zero counts as both zeros."""
        least, greatest = self.range.least, self.range.greatest
        if least is None:
            return None
        stored = np.dtype(_STORED_KIND[self.column.kind])
        if stored.kind == "f":
            least, greatest = (-0.0 if least == 0 else least), (0.0 if greatest == 0 else greatest)
        return stored.type(least).tobytes(), stored.type(greatest).tobytes()

    def _note(self, found: NDArray[Any]) -> None:
        least = found.min()
        if np.isnan(least):
            found = found[~np.isnan(found)]
            if not len(found):
                return
            least = found.min()
        self.range.widen(least, found.max())


class DeltaPages(NumberPages):
    """Sorted times as differences."""

    __slots__ = ()
    encoding = DELTA_BINARY_PACKED


class FlagPages(ColumnPages):
    """True or false, a bit each."""

    __slots__ = ()

    def body(self, array: pa.Array, present: Flags | None) -> bytes:
        """Encode flags."""
        flags = _bits(array.buffers()[1], array.offset, len(array))
        if present is not None:
            flags = flags[present]
        if len(flags):
            self.range.widen(bool(flags.all()), bool(flags.any()))
        return np.packbits(flags, bitorder="little").tobytes()

    def bounds(self) -> tuple[bytes, bytes] | None:
        """Return the range, a byte each."""
        if self.range.least is None:
            return None
        return bytes([self.range.least]), bytes([self.range.greatest])


class TextPages(ColumnPages):
    """Texts, each after its length."""

    __slots__ = ()

    def body(self, array: pa.Array, present: Flags | None) -> bytes:
        """Encode texts."""
        ends = np.frombuffer(array.buffers()[1], np.int32)[array.offset : array.offset + len(array) + 1]
        text = np.frombuffer(array.buffers()[2] or b"", np.uint8)[ends[0] : ends[-1]]
        all_sizes = np.diff(ends)
        sizes = all_sizes if present is None else all_sizes[present]
        if present is not None and sizes.sum() < len(text):
            text = text[np.repeat(present, all_sizes)]  # Arrow lets a null have text
        if not len(sizes):
            return b""
        starts = np.cumsum(sizes, dtype=np.int32) - sizes
        self.range.widen(*_text_range(text, starts, sizes))
        places = starts + np.arange(0, 4 * len(sizes), 4, dtype=np.int32)
        is_text = np.ones(len(text) + 4 * len(sizes), np.bool_)
        out = np.zeros(len(is_text), np.uint8)
        for at in range(4):
            is_text[places + at] = False
            if not at or sizes.max() >> 8 * at:
                out[places + at] = sizes >> 8 * at & 0xFF
        out[is_text] = text
        return out.tobytes()

    def bounds(self) -> tuple[bytes, bytes] | None:
        """Return the range."""
        return None if self.range.least is None else (self.range.least, self.range.greatest)


class CodePages(ColumnPages):
    """Codes of a declared list, as indices into a dictionary."""

    __slots__ = ("_last_first", "_seen", "_texts")
    encoding = RLE_DICTIONARY

    def body(self, array: pa.Array, present: Flags | None) -> bytes:
        """Encode codes."""
        texts = array.dictionary
        if not self.pages:
            self._texts = texts
            self._seen = np.zeros(len(texts), np.bool_)
            words = texts.to_pylist()
            self._last_first = (words.index(max(words)), words.index(min(words)))
        elif not texts.equals(self._texts):
            raise ValueError(f"{self.column.name}: the dictionary changes inside a row group")
        codes = numbers(array.indices, "u1" if self.column.index_bits == 8 else "u2", present)
        if len(codes) and codes.max() >= len(texts):
            raise ValueError(f"{self.column.name} holds a code that is not in its list")
        # Once both ends were seen, the range is known.
        if not self._seen[[*self._last_first]].all():
            self._seen[codes] = True
        if len(texts) <= 256:
            codes = codes.astype(np.uint8, copy=False)
        width = _width(len(texts))
        return bytes([width]) + hybrid(codes, width)

    def dictionary(self) -> Page | None:
        """Return the list as plain texts."""
        return _dictionary_page(b"".join(map(_sized, self._words())), len(self._texts), self.codec)

    def bounds(self) -> tuple[bytes, bytes] | None:
        """Return the range of the codes that occur."""
        words = self._words()
        found = [words[code] for code in np.flatnonzero(self._seen)]
        return (min(found), max(found)) if found else None

    def _words(self) -> list[bytes]:
        return [word.encode() for word in self._texts.to_pylist()]


class FewNumbersPages(NumberPages):
    """16-bit numbers of which few differ, as indices into a dictionary that grows."""

    __slots__ = ("_code_of", "_found")
    encoding = RLE_DICTIONARY

    def body(self, array: pa.Array, present: Flags | None) -> bytes:
        """Encode numbers by their place among those seen so far."""
        found = numbers(array, "u2", present)
        if not self.pages:
            self._code_of = np.full(1 << 16, -1, np.int32)
            self._found: list[int] = []
        codes = self._code_of[found]
        if len(codes) and codes.min() < 0:
            new = np.unique(found[codes < 0])
            self._code_of[new] = np.arange(len(self._found), len(self._found) + len(new))
            self._found += new.astype(np.int16).tolist()
            self.range.widen(min(self._found), max(self._found))
            codes = self._code_of[found]
        width = _width(len(self._found))
        return bytes([width]) + hybrid(codes.astype(np.uint8 if width <= 8 else np.uint16), width)

    def dictionary(self) -> Page | None:
        """Return the numbers in the order in which they came."""
        return _dictionary_page(np.array(self._found, "i4").tobytes(), len(self._found), self.codec)


def pages_for(column: Column, codec: pa.Codec) -> ColumnPages:
    """Return the encoder that a column's declaration asks for."""
    if column.kind == "enum":
        return CodePages(column, codec)
    if column.kind == "int16" and column.encoding == "dictionary":
        return FewNumbersPages(column, codec)
    if column.kind == "bool":
        return FlagPages(column, codec)
    if column.kind == "string":
        return TextPages(column, codec)
    return (DeltaPages if column.encoding == "delta" else NumberPages)(column, codec)


def presence(array: pa.Array) -> Flags | None:
    """Return which rows hold a value; None if all do."""
    return _bits(array.buffers()[0], array.offset, len(array)) if array.null_count else None


def _bits(buffer: pa.Buffer, offset: int, rows: int) -> Flags:
    first = offset // 8
    data = np.frombuffer(buffer, np.uint8)[first : (offset + rows + 7) // 8]
    return np.unpackbits(data, bitorder="little")[offset - 8 * first :][:rows].view(np.bool_)


def numbers(array: pa.Array, kind: str, present: Flags | None = None) -> NDArray[Any]:
    """Look at the numbers of an array without loading pandas, as `to_numpy` would."""
    found = np.frombuffer(array.buffers()[1], kind)[array.offset : array.offset + len(array)]
    return found if present is None else found[present]


def _width(count: int) -> int:
    return max(1, (count - 1).bit_length())


def _sized(text: bytes) -> bytes:
    return len(text).to_bytes(4, "little") + text


def _dictionary_page(body: bytes, count: int, codec: pa.Codec) -> Page:
    return _page(_DICTIONARY_PAGE, 7, Struct().i32(1, count).i32(2, PLAIN), body, codec)


def _page(kind: int, field_id: int, header: Struct, body: bytes, codec: pa.Codec) -> Page:
    data = codec.compress(body, asbytes=True)
    checksum = zlib.crc32(data)
    head = (
        Struct()
        .i32(1, kind)
        .i32(2, len(body))
        .i32(3, len(data))
        .i32(4, checksum - (1 << 32) if checksum >> 31 else checksum)
        .struct(field_id, header)
        .to_bytes()
    )
    return Page(head + data, len(head) + len(body))


def _text_range(text: NDArray[np.uint8], starts: NDArray[np.int32], sizes: NDArray[np.int32]) -> tuple[bytes, bytes]:
    """Return the least and the greatest text: their first bytes decide, the few that tie are compared."""
    padded = np.concatenate([text, np.zeros(_PREFIX, np.uint8)])
    prefixes = padded[starts[:, None] + np.arange(_PREFIX, dtype=np.int32)]
    if sizes.min() < _PREFIX:
        prefixes[sizes[:, None] <= np.arange(_PREFIX)] = 0
    keys = prefixes.view(np.uint64).byteswap().ravel()

    def texts(key: np.uint64) -> set[bytes]:
        rows = np.flatnonzero(keys == key)
        spans = zip(starts[rows].tolist(), sizes[rows].tolist(), strict=True)
        return {padded[start : start + size].tobytes() for start, size in spans}

    return min(texts(keys.min())), max(texts(keys.max()))
