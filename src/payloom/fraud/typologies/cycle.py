"""Cycle: money goes from account to account and comes back to where it began (AMLworld, Altman et al. 2023)."""

from __future__ import annotations

from payloom.behaviour import shapes
from payloom.fraud.mules import FORWARD, MuleShape


class Cycle(MuleShape):
    """A ring of mules, each of whom passes on a little less than it got."""

    name = "cycle"
    shape = shapes.cycle
    stage_roles = (FORWARD,)
    pot_ln_median = 6.6
