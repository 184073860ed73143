"""Cycle: money goes from account to account and comes back to where it began (AMLworld, Altman et al. 2023)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from payloom.fraud.events import Events
from payloom.fraud.mules import CUT_MAX, CUT_MIN, FORWARD, Legs, MuleShape
from payloom.streams.hashing import high

I64 = NDArray[np.int64]

SHORTEST, LENGTHS = 3, 4
"""Rings have three to six accounts (estimate)."""


class Cycle(MuleShape):
    """A ring of mules; in long campaigns the money goes round more than once."""

    name = "cycle"
    pot_ln_median = 6.6

    def legs(self, events: Events, place: I64, length: I64) -> Legs:
        """Mule k pays mule k + 1, the last mule 0, each a little less than it got."""
        bits = high(self.kit.draws(events.campaign_bits, "cycle.ring")).astype(np.int64)
        # A campaign with fewer legs than the ring has accounts closes a smaller ring.
        ring = np.clip(length, 2, SHORTEST + (bits * LENGTHS >> 32))
        share = 1.0 - (CUT_MIN + CUT_MAX) / 2 * (place % ring).astype(np.float64)
        return Legs(place % ring, (place + 1) % ring, share, np.full(len(place), FORWARD))
