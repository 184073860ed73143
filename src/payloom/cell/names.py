"""Made-up merchant names: a colour, an animal or plant, and the trade; no real brand is meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from payloom.cell.encoder import string_array
from payloom.streams.hashing import U64
from payloom.world.merchants import TRADES

if TYPE_CHECKING:
    import pyarrow as pa

FIRST_WORDS = (
    "Amber", "Ashen", "Auburn", "Azure", "Brindle", "Bronze", "Burnt", "Cerise", "Cobalt", "Copper", "Coral", "Crimson",
    "Dappled", "Dusky", "Ebon", "Fallow", "Flaxen", "Frosted", "Gilded", "Hazel", "Indigo", "Ivory", "Jasper", "Lilac",
    "Mauve", "Mellow", "Misty", "Mottled", "Ochre", "Olive", "Opal", "Pewter", "Quiet", "Russet", "Saffron", "Sepia",
    "Silent", "Slate", "Speckled", "Sunlit", "Tawny", "Teal", "Umber", "Verdant", "Violet", "Waking", "Woven", "Zinc",
)  # fmt: skip
SECOND_WORDS = (
    "Alder", "Badger", "Bittern", "Bramble", "Briar", "Cedar", "Clover", "Cormorant", "Curlew", "Dormouse", "Egret",
    "Elder", "Fern", "Finch", "Gannet", "Gorse", "Hare", "Hawthorn", "Heath", "Heron", "Ibis", "Juniper", "Kestrel",
    "Lapwing", "Larch", "Lark", "Linnet", "Marten", "Meadow", "Moorhen", "Moth", "Nettle", "Newt", "Osprey", "Otter",
    "Plover", "Quail", "Raven", "Reed", "Rowan", "Sedge", "Shrike", "Sorrel", "Stoat", "Tern", "Thistle", "Thrush",
    "Vole", "Willow", "Wren",
)  # fmt: skip


def merchant_names(bits: U64, trade: NDArray[np.integer]) -> pa.Array:
    """Name merchants by their random bits and trade; names repeat, as chains do."""
    kinds = [trade.trade.replace("_", " ").title() for trade in TRADES]
    chain = (bits >> np.uint64(11)) % np.uint64(len(FIRST_WORDS) * len(SECOND_WORDS))
    # Only the names that occur are written out.
    used, index = np.unique(chain.astype(np.int64) * len(kinds) + trade, return_inverse=True)
    chains, kind = np.divmod(used, len(kinds))
    names = [
        f"{FIRST_WORDS[one]} {SECOND_WORDS[two]} {kinds[what]}"
        for one, two, what in zip(*np.divmod(chains, len(SECOND_WORDS)), kind, strict=True)
    ]
    return string_array(names, index)
