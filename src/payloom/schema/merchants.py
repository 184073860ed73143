"""The merchants table: who accepts cards, and where."""

from __future__ import annotations

from typing import Final

from payloom import codes
from payloom.schema.column import Column, Table
from payloom.schema.kinds import code, degrees, key, token

_ONLINE: Final = "for an online merchant"

MERCHANTS: Final = Table(
    name="merchants",
    description="One row per acceptor, operators of cash machines included",
    columns=(
        key("merchant_id", "Token of the acceptor (MID)"),
        Column(name="name", kind="string", description="Made-up name, no real brand"),
        code("mcc", codes.MCC, "Its trade", standard="ISO 18245", wide=True),
        code("country", codes.COUNTRY, "Its country", standard="ISO 3166-1", wide=True),
        Column(name="city", kind="string", description="Its city", null=_ONLINE),
        degrees("latitude", "Latitude of the shop", null=_ONLINE),
        degrees("longitude", "Longitude of the shop", null=_ONLINE),
        Column(name="is_online", kind="bool", description="Sells without a shop"),
        token("acquirer_id", "Token of its bank"),
        Column(
            name="terminals",
            kind="int32",
            description="Terminals in use; 0 for an online merchant",
            unit="terminal",
        ),
    ),
    sort_by=("merchant_id",),
)
