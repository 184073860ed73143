"""Scatter-gather: money goes from one account through several to one other (AMLworld, Altman et al. 2023)."""

from __future__ import annotations

from payloom.behaviour import shapes
from payloom.fraud.mules import COLLECT, DISPERSE, MuleShape


class ScatterGather(MuleShape):
    """A source pays mules, and each passes on to the same destination what it got, less its cut."""

    name = "scatter_gather"
    shape = shapes.scatter_gather
    stage_roles = (DISPERSE, COLLECT)
    pot_ln_median = 8.0
