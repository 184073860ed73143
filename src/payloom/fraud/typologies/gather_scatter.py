"""Gather-scatter: an account is paid by many and then pays many others (AMLworld, Altman et al. 2023)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from payloom.fraud.events import Events
from payloom.fraud.mules import COLLECT, DISPERSE, Legs, MuleShape

I64 = NDArray[np.int64]


class GatherScatter(MuleShape):
    """The first half of the legs fills a hub, the second half empties it, less what the hub's mule keeps."""

    name = "gather_scatter"
    pot_ln_median = 8.0

    def legs(self, events: Events, place: I64, length: I64) -> Legs:
        """Mules 1, 3, 5, ... pay mule 0, which pays mules 2, 4, 6, ...."""
        gathered = (length + 1) // 2
        gathers, later = place < gathered, place - gathered
        hub = np.zeros_like(place)
        out = self.part(events, later, length - gathered, salt=1) * self.kept(events, hub)
        return Legs(
            payer=np.where(gathers, 2 * place + 1, hub),
            payee=np.where(gathers, hub, 2 * later + 2),
            share=np.where(gathers, self.part(events, place, gathered), out),
            role=np.where(gathers, COLLECT, DISPERSE),
        )
