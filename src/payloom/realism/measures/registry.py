"""Every measure, and which one gives the number of a fact."""

from __future__ import annotations

from typing import Final

from payloom.realism.measures import (
    amounts,
    cards,
    channels,
    fraud_amounts,
    fraud_timing,
    timing,
    transfers,
    typologies,
)
from payloom.realism.measures.measure import Measure

MEASURES: Final[tuple[Measure, ...]] = (
    *amounts.MEASURES,
    *timing.MEASURES,
    *cards.MEASURES,
    *channels.MEASURES,
    *fraud_amounts.MEASURES,
    *fraud_timing.MEASURES,
    *typologies.MEASURES,
    *transfers.MEASURES,
)

BY_FACT: Final[dict[str, Measure]] = {name: measure for measure in MEASURES for name in measure.ids}
