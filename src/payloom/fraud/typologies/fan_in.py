"""Fan-in: many accounts pay into one within days (AMLworld, Altman et al. 2023)."""

from __future__ import annotations

from payloom.behaviour import shapes
from payloom.fraud.mules import COLLECT, MuleShape


class FanIn(MuleShape):
    """A collector is paid by another mule at every leg."""

    name = "fan_in"
    shape = shapes.fan_in
    stage_roles = (COLLECT,)
