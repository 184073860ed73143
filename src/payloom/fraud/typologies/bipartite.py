"""Bipartite: some accounts pay some others, every one to every one (AMLworld, Altman et al. 2023)."""

from __future__ import annotations

from payloom.behaviour import shapes
from payloom.fraud.mules import FORWARD, MuleShape


class Bipartite(MuleShape):
    """A group of senders spreads its money over a group of receivers."""

    name = "bipartite"
    shape = shapes.bipartite
    stage_roles = (FORWARD,)
    pot_ln_median = 8.2
