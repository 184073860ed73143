"""Packing of small numbers into bits, as Parquet's encodings want them: lowest bit first."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from payloom.write.thrift import varint, zigzag

U8 = NDArray[np.uint8]
U64 = NDArray[np.uint64]
I64 = NDArray[np.int64]
Flags = NDArray[np.bool_]

_BLOCK = 128
_MINIBLOCK = 32


def packed(numbers: U8 | NDArray[np.uint16], width: int) -> bytes:
    """Pack numbers of `width` bits, filled up with zeros to a multiple of eight.

    Parameters
    ----------
    numbers
        At most 8 or 16 bits each.
    width
        1 to 8, or 1 to 16.
    """
    if fill := -len(numbers) % 8:
        numbers = np.concatenate([numbers, np.zeros(fill, numbers.dtype)])
    if width == 8 * numbers.itemsize:
        return numbers.tobytes()
    if width == 1:
        return np.packbits(numbers.astype(np.bool_), bitorder="little").tobytes()
    lane = 8 * numbers.itemsize
    words = numbers.view(np.uint64)
    # Neighbours move together until a word holds its numbers without gaps.
    while lane < 64:
        low = np.uint64(sum(((1 << lane) - 1) << at for at in range(0, 64, 2 * lane)))
        words = (words & low) | ((words & ~low) >> np.uint64(lane - width))
        lane, width = 2 * lane, 2 * width
    if numbers.itemsize == 2:
        words, width = _joined(words, width), 2 * width
    return words.view(np.uint8).reshape(-1, 8 * numbers.itemsize)[:, : width // 8].tobytes()


def _joined(words: U64, width: int) -> U64:
    """Return pairs of words of `width` bits as one run of bits in two words."""
    pairs = words.reshape(-1, 2).copy()
    if width < 64:
        low, high = pairs[:, 0].copy(), pairs[:, 1].copy()
        pairs[:, 0] = low | (high << np.uint64(width))
        pairs[:, 1] = high >> np.uint64(64 - width)
    return pairs.reshape(-1)


def hybrid(numbers: U8 | NDArray[np.uint16], width: int) -> bytes:
    """Return numbers as one bit-packed run of the RLE / bit-packing hybrid; nothing for no numbers."""
    return varint(-(-len(numbers) // 8) << 1 | 1) + packed(numbers, width) if len(numbers) else b""


def definition_levels(present: Flags | None, rows: int) -> bytes:
    """Return which of the rows hold a value; None for all of them."""
    if present is None or present.all():
        run = varint(rows << 1) + b"\1"
    elif not present.any():
        run = varint(rows << 1) + b"\0"
    else:
        run = varint(-(-rows // 8) << 1 | 1) + np.packbits(present, bitorder="little").tobytes()
    return len(run).to_bytes(4, "little") + run


def delta_binary_packed(numbers: I64) -> bytes:
    """Return numbers as differences: Parquet's DELTA_BINARY_PACKED.

    The format lets each block choose a base and each miniblock a width in bits. Here all of them share
    one base and a width that an integer has: sorted times gain little from more, and this is a copy.
    """
    count = len(numbers)
    head = varint(_BLOCK) + varint(_BLOCK // _MINIBLOCK) + varint(count) + zigzag(int(numbers[0]) if count else 0)
    if count < 2:
        return head
    deltas = numbers[1:] - numbers[:-1]
    base = int(deltas.min())
    most = int(deltas.max()) - base
    width = next(size for size in (1, 2, 4, 8) if most < 1 << 8 * size)
    rest = np.zeros(-(-len(deltas) // _MINIBLOCK) * _MINIBLOCK, f"u{width}")
    rest[: len(deltas)] = deltas - base
    minis = rest.view(np.uint8).reshape(-1, _MINIBLOCK * width)
    blocks, used = divmod(len(minis), _BLOCK // _MINIBLOCK)
    opening = np.frombuffer(zigzag(base) + bytes([8 * width] * 4), np.uint8)
    whole = minis[: 4 * blocks].reshape(blocks, 4 * _MINIBLOCK * width)
    text = np.hstack([np.broadcast_to(opening, (blocks, len(opening))), whole]).tobytes()
    if used:
        text += zigzag(base) + bytes([8 * width] * used + [0] * (4 - used)) + minis[4 * blocks :].tobytes()
    return head + text
