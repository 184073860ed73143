"""One record batch under construction: NumPy arrays in, a batch of the declared schema out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from payloom.schema import Table

I64 = NDArray[np.int64]
Scramble = Callable[[I64], I64]


class BatchEncoder:
    """Collects the columns of one batch.

    Parameters
    ----------
    table
        Its declaration.
    """

    def __init__(self, table: Table) -> None:
        self._schema, self._dictionaries = _declared(table)
        self._arrays: dict[str, pa.Array] = {}

    def add(self, name: str, array: pa.Array) -> None:
        """Add a finished array."""
        self._arrays[name] = array

    def values(self, name: str, values: NDArray[np.number], *, nullable: bool = False) -> None:
        """Add plain numbers; with `nullable`, -1 is null."""
        present = values >= 0 if nullable else None
        self.add(name, _array(self._schema.field(name).type, values, present))

    def ids(self, name: str, index: I64, scramble: Scramble) -> None:
        """Add opaque ids; -1 is null where the schema allows nulls."""
        present = index >= 0 if self._schema.field(name).nullable else None
        identifier = scramble(index)
        self.add(name, _array(pa.int64(), identifier, present))

    def codes(self, name: str, codes: NDArray[np.int8], values: Sequence[str] = ()) -> None:
        """Add codes as a dictionary, of `values` or the declared ones; -1 is null where the schema allows nulls."""
        field = self._schema.field(name)
        present = codes >= 0 if field.nullable else None
        width = np.dtype(f"i{field.type.index_type.bit_width // 8}")
        dictionary = string_array(values) if values else self._dictionaries[name]
        indices = _array(field.type.index_type, codes.astype(width, copy=False), present)
        self.add(name, pa.DictionaryArray.from_arrays(indices, dictionary, safe=False))

    def floats(self, name: str, values: NDArray[np.float32]) -> None:
        """Add numbers of which NaN is null."""
        self.add(name, _array(self._schema.field(name).type, values, ~np.isnan(values)))

    def flags(self, name: str, flags: NDArray[np.bool_]) -> None:
        """Add booleans."""
        bits = pa.py_buffer(np.packbits(flags, bitorder="little"))
        self.add(name, pa.Array.from_buffers(pa.bool_(), len(flags), [None, bits]))

    def days(self, name: str, days: I64) -> None:
        """Add dates as day numbers; -1 is null where the schema allows nulls."""
        present = days >= 0 if self._schema.field(name).nullable else None
        self.add(name, _array(pa.date32(), days.astype(np.int32), present))

    def batch(self) -> pa.RecordBatch:
        """Give the batch, its columns in the declared order."""
        return pa.RecordBatch.from_arrays([self._arrays[name] for name in self._schema.names], schema=self._schema)


@cache
def _declared(table: Table) -> tuple[pa.Schema, dict[str, pa.Array]]:
    """Schema of a table, and the dictionaries of its codes."""
    return table.arrow_schema(), {c.name: string_array(c.codes) for c in table.columns if c.codes}


def _array(kind: pa.DataType, values: NDArray[np.generic], present: NDArray[np.bool_] | None) -> pa.Array:
    """Wrap a NumPy array without copying it."""
    return pa.Array.from_buffers(kind, len(values), [validity(present), pa.py_buffer(np.ascontiguousarray(values))])


def string_array(texts: Sequence[str], index: I64 | None = None) -> pa.Array:
    """Arrow strings: the texts themselves, or those at some indices, of which -1 is null.

    `pa.array` and Arrow's compute functions would do it too, but they import pandas where it is installed, which takes
    half a second.
    """
    encoded = [text.encode() for text in texts]
    letters = np.frombuffer(b"".join(encoded), dtype=np.uint8)
    length = np.array([len(text) for text in encoded], dtype=np.int64)
    start = np.cumsum(length) - length
    if index is None:
        index = np.arange(len(texts))
    length = np.where(index >= 0, length[index], 0)
    offsets = np.zeros(len(index) + 1, dtype=np.int32)
    np.cumsum(length, out=offsets[1:])
    source = np.repeat(start[index] - offsets[:-1], length) + np.arange(offsets[-1])
    buffers = [validity(index >= 0), pa.py_buffer(offsets), pa.py_buffer(letters[source])]
    return pa.Array.from_buffers(pa.string(), len(index), buffers)


def validity(present: NDArray[np.bool_] | None) -> pa.Buffer | None:
    """Arrow's bitmap of what is not null; None where nothing is."""
    if present is None or present.all():
        return None
    return pa.py_buffer(np.packbits(present, bitorder="little"))
