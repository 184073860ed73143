"""Fan-out: one account pays many within days (AMLworld, Altman et al. 2023)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from payloom.fraud.events import Events
from payloom.fraud.mules import DISPERSE, Legs, MuleShape

I64 = NDArray[np.int64]


class FanOut(MuleShape):
    """A distributor account pays a new mule at every leg."""

    name = "fan_out"

    def legs(self, events: Events, place: I64, length: I64) -> Legs:
        """Mule 0 pays mules 1, 2, ...."""
        share = self.part(events, place, length)
        return Legs(np.zeros_like(place), place + 1, share, np.full(len(place), DISPERSE))
