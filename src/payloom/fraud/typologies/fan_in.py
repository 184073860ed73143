"""Fan-in: many accounts pay into one within days (AMLworld, Altman et al. 2023)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from payloom.fraud.events import Events
from payloom.fraud.mules import COLLECT, Legs, MuleShape

I64 = NDArray[np.int64]


class FanIn(MuleShape):
    """A collector account is paid by a new mule at every leg."""

    name = "fan_in"

    def legs(self, events: Events, place: I64, length: I64) -> Legs:
        """Mules 1, 2, ... pay mule 0."""
        share = self.part(events, place, length)
        return Legs(place + 1, np.zeros_like(place), share, np.full(len(place), COLLECT))
