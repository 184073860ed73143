"""Stack: money goes through layers of accounts, each layer paying the next (AMLworld, Altman et al. 2023)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from payloom.fraud.events import Events
from payloom.fraud.mules import COLLECT, CUT_MAX, CUT_MIN, FORWARD, Legs, MuleShape

I64 = NDArray[np.int64]

LAYER_LEGS = 3
"""A layer takes at least so many legs where the campaign has them (estimate)."""

MOST_STAGES = 3

_LAYER = 64
"""Numbers of the mules of a layer."""


class Stack(MuleShape):
    """Bipartite graphs one after the other: who receives in one stage pays in the next."""

    name = "stack"
    pot_ln_median = 8.0

    def legs(self, events: Events, place: I64, length: I64) -> Legs:
        """Two or three stages of as many legs; a layer has about as many accounts as the root of a stage's legs."""
        stages = np.clip(length // LAYER_LEGS, 1, MOST_STAGES)
        stage = place * stages // length
        first = -(-stage * length // stages)
        legs_here = -(-(stage + 1) * length // stages) - first
        width = np.maximum(np.sqrt(length // stages).astype(np.int64), 1)
        number = place - first
        kept = 1.0 - (CUT_MIN + CUT_MAX) / 2 * stage
        return Legs(
            payer=stage * _LAYER + number % width % _LAYER,
            payee=(stage + 1) * _LAYER + number // width % width % _LAYER,
            share=self.part(events, number, legs_here, stage) * kept,
            role=np.where(stage == 0, COLLECT, FORWARD),
        )
