"""Scatter-gather: money goes from one account through several to one other (AMLworld, Altman et al. 2023)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from payloom.fraud.events import Events
from payloom.fraud.mules import COLLECT, DISPERSE, Legs, MuleShape

I64 = NDArray[np.int64]


class ScatterGather(MuleShape):
    """A source pays mules, and each passes on to the same destination what it got, less its cut."""

    name = "scatter_gather"
    pot_ln_median = 8.0

    def legs(self, events: Events, place: I64, length: I64) -> Legs:
        """Mule 0 pays mules 2, 3, ..., which pay mule 1; of an odd number the last keeps the money."""
        scattered = (length + 1) // 2
        scatters = place < scattered
        between = np.where(scatters, place, place - scattered)
        share = self.part(events, between, scattered)
        passed = np.where(scatters, share, share * self.kept(events, between))
        return Legs(
            payer=np.where(scatters, 0, between + 2),
            payee=np.where(scatters, between + 2, 1),
            share=passed,
            role=np.where(scatters, DISPERSE, COLLECT),
        )
