"""Gather-scatter: an account is paid by many and then pays many others (AMLworld, Altman et al. 2023)."""

from __future__ import annotations

from payloom.behaviour import shapes
from payloom.fraud.mules import COLLECT, DISPERSE, MuleShape


class GatherScatter(MuleShape):
    """The first half of the legs fills a hub, the second half empties it, less what the hub's mule keeps."""

    name = "gather_scatter"
    shape = shapes.gather_scatter
    stage_roles = (COLLECT, DISPERSE)
    pot_ln_median = 8.0
