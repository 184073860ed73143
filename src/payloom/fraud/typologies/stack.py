"""Stack: money goes through layers of accounts, each layer paying the next (AMLworld, Altman et al. 2023)."""

from __future__ import annotations

from payloom.behaviour import shapes
from payloom.fraud.mules import COLLECT, FORWARD, MuleShape


class Stack(MuleShape):
    """Bipartite graphs one after the other: who receives in one stage pays in the next."""

    name = "stack"
    shape = shapes.stack
    stage_roles = (COLLECT, FORWARD)
    pot_ln_median = 8.0
