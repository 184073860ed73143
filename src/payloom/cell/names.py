"""Made-up merchant names: a colour, an animal or plant, and the trade; no real brand is meant."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from payloom.cell.encoder import index_array, string_array
from payloom.streams.hashing import U64
from payloom.world.merchants import TRADES

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
    first = (bits >> np.uint64(40)) % np.uint64(len(FIRST_WORDS))
    second = (bits & np.uint64(0xFFFFFF)) % np.uint64(len(SECOND_WORDS))
    chains = [f"{one} {two}" for one in FIRST_WORDS for two in SECOND_WORDS]
    kinds = [trade.trade.replace("_", " ").title() for trade in TRADES]
    chain = first * np.uint64(len(SECOND_WORDS)) + second
    return pc.binary_join_element_wise(
        string_array(chains).take(index_array(chain.astype(np.int64))),
        string_array(kinds).take(index_array(trade.astype(np.int64))),
        " ",
    )
