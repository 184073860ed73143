"""Positions: (day, stream, ordinal) packed into an index below 2**53."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

I64 = NDArray[np.int64]

ORDINAL_BITS = 34
"""A day has fewer than 2**34 payments in each stream (the config allows 2 * 10**9 in the mean)."""
_STREAM_BITS = 3


class Stream(IntEnum):
    """Streams of payments; the order decides which comes first in the same microsecond."""

    SPENDING = 0
    SUBSCRIPTION = 1
    REFUND = 2
    FRAUD = 3
    PLANTED = 4
    TRANSFER = 5


def position_index(day: I64 | int, stream: Stream, ordinal: I64) -> I64:
    """Pack positions; days are numbered from 1970, below 2**16."""
    head = (np.asarray(day, dtype=np.int64) << _STREAM_BITS | int(stream)) << ORDINAL_BITS
    return head | ordinal
