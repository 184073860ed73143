"""What a row has decided before cards, devices and issuers come in."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from payloom.streams.hashing import U64

I64 = NDArray[np.int64]
Bool = NDArray[np.bool_]


@dataclass(slots=True)
class Choice:
    """Decisions of n payments; every field is an array of length n.

    Attributes
    ----------
    time_us
        Microseconds since 1970-01-01 UTC.
    index
        Position in the world, below 2**53; the argument of the transaction id's bijection.
    bits
        Random bits of the row, drawn from `index`.
    customer, group
        Who pays, and their group.
    instrument_bits
        Bits that choose card and device; a subscription keeps its own.
    site
        Place, or online site, of `payloom.world.merchants`.
    trade, merchant, merchant_bits
        Index of the trade, merchant index and its random bits.
    amount_minor, amount_usd
        Minor units of the acceptor's currency, and US dollars.
    kind
        Code of `payloom.codes.TRANSACTION_TYPE`.
    online, recurring, stored
        Remote purchase; charge of a subscription; credential kept by the merchant.
    """

    time_us: I64
    index: I64
    bits: U64
    customer: I64
    group: I64
    instrument_bits: U64
    site: I64
    trade: I64
    merchant: I64
    merchant_bits: U64
    amount_minor: I64
    amount_usd: NDArray[np.float64]
    kind: NDArray[np.int8]
    online: Bool
    recurring: Bool
    stored: Bool

    def __len__(self) -> int:
        """Give the number of payments."""
        return len(self.time_us)

    def take(self, rows: NDArray[np.intp]) -> Choice:
        """Copy some rows."""
        return Choice(*(getattr(self, name).take(rows) for name in CHOICE_FIELDS))

    def view(self, rows: slice) -> Choice:
        """Share a run of rows: changes in the view are changes here."""
        return Choice(*(getattr(self, name)[rows] for name in CHOICE_FIELDS))

    def put(self, places: NDArray[np.intp], rows: Choice) -> None:
        """Overwrite the rows at some places."""
        for name in CHOICE_FIELDS:
            getattr(self, name)[places] = getattr(rows, name)

    @staticmethod
    def interleave(parts: list[tuple[NDArray[np.intp], Choice]], rows: int) -> Choice:
        """Put the rows of each part at the given places of a new whole."""
        merged: list[NDArray[np.generic]] = []
        for name in CHOICE_FIELDS:
            whole = np.empty(rows, dtype=getattr(parts[0][1], name).dtype)
            for places, part in parts:
                whole[places] = getattr(part, name)
            merged.append(whole)
        return Choice(*merged)  # type: ignore[arg-type]  # the fields' types follow their order


CHOICE_FIELDS = tuple(field.name for field in fields(Choice))
