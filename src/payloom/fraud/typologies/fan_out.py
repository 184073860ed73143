"""Fan-out: one account pays many within days (AMLworld, Altman et al. 2023)."""

from __future__ import annotations

from payloom.behaviour import shapes
from payloom.fraud.mules import DISPERSE, MuleShape


class FanOut(MuleShape):
    """A distributor pays another mule at every leg."""

    name = "fan_out"
    shape = shapes.fan_out
    stage_roles = (DISPERSE,)
