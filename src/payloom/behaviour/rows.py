"""Finished rows: one NumPy array for each stored quantity, still with indices instead of ids."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from payloom.streams.hashing import U64

I64 = NDArray[np.int64]
I32 = NDArray[np.int32]
Code = NDArray[np.int8]
F32 = NDArray[np.float32]

NULL = -1
"""A missing code or index; coordinates that are missing are NaN."""


@dataclass(slots=True)
class Rows:
    """Payments as columns of length n.

    Indices (`index`, `customer`, `account`, `payee`, `card`, `merchant`, `terminal`, `device`, `original`) are
    arguments of the id bijections; codes index the tuples of `payloom.codes`; -1 is null.
    """

    time_us: I64
    index: I64
    offset_min: NDArray[np.int16]
    kind: Code
    amount_minor: I64
    currency: Code
    amount_usd: NDArray[np.float64]
    customer: I64
    account: I64
    payee: I64
    card: I64
    bin_id: I32
    issuer_id: I32
    acquirer_id: I32
    brand: Code
    funding: Code
    issuer_country: Code
    merchant: I64
    terminal: I64
    trade: Code
    merchant_country: Code
    latitude: F32
    longitude: F32
    channel: Code
    entry_mode: Code
    cvm: Code
    wallet: Code
    device: I64
    device_type: Code
    network: Code
    address_bits: U64
    ip_country: Code
    three_ds: Code
    avs: Code
    cvv: Code
    recurring: NDArray[np.bool_]
    response: Code
    original: I64
    is_fraud: NDArray[np.bool_]

    def __len__(self) -> int:
        """Give the number of payments."""
        return len(self.time_us)

    def take(self, rows: NDArray[np.intp] | slice) -> Rows:
        """Copy some rows, or share a run of them."""
        return Rows(*(getattr(self, name)[rows] for name in ROW_FIELDS))

    def put(self, places: NDArray[np.intp], rows: Rows) -> None:
        """Overwrite the rows at some places."""
        for name in ROW_FIELDS:
            getattr(self, name)[places] = getattr(rows, name)

    @staticmethod
    def merge(parts: list[tuple[NDArray[np.intp], Rows]], total: int) -> Rows:
        """Put the rows of each part at its places in a new whole."""
        whole = Rows(*(np.empty(total, dtype=getattr(parts[0][1], name).dtype) for name in ROW_FIELDS))
        for places, part in parts:
            whole.put(places, part)
        return whole

    @staticmethod
    def concatenate(parts: list[Rows]) -> Rows:
        """Join rows end to end."""
        if len(parts) == 1:
            return parts[0]
        return Rows(*(np.concatenate([getattr(part, name) for part in parts]) for name in ROW_FIELDS))


ROW_FIELDS = tuple(field.name for field in fields(Rows))
