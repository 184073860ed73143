"""Texts from data that stand in pages whose library escapes nothing."""

from __future__ import annotations

from typing import Final

from payloom.realism.page_text import shown

_LOOKALIKES: Final = str.maketrans(
    dict(zip("<>&\"'`{}", "\u2039\u203a\uff06\u201d\u2019\u02cb\u2774\u2775", strict=True))
)
"""Signs that look alike and mean nothing to a browser, whether it escapes once, twice or never."""


def harmless(text: str) -> str:
    """Return a text that no HTML, attribute, script or template can take for its own; see `shown` for the rest."""
    return shown(text.translate(_LOOKALIKES))
