"""Bipartite: some accounts pay some others, every one to every one (AMLworld, Altman et al. 2023)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from payloom.fraud.events import Events
from payloom.fraud.mules import FORWARD, Legs, MuleShape

I64 = NDArray[np.int64]


class Bipartite(MuleShape):
    """A group of senders spreads its money over a group of receivers."""

    name = "bipartite"
    pot_ln_median = 8.2

    def legs(self, events: Events, place: I64, length: I64) -> Legs:
        """Senders 0, 2, 4, ... take turns; when all have paid a receiver 1, 3, 5, ..., the next one's turn comes."""
        senders = np.ceil(np.sqrt(length)).astype(np.int64)
        share = self.part(events, place, length)
        return Legs(2 * (place % senders), 2 * (place // senders) + 1, share, np.full(len(place), FORWARD))
