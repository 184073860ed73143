"""Scatter-gather: money goes from one account through several to one other (AMLworld, Altman et al. 2023)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from payloom.behaviour import shapes
from payloom.behaviour.shapes import Legs
from payloom.fraud.events import Events
from payloom.fraud.mules import COLLECT, DISPERSE, MuleShape
from payloom.streams.tables import F64


class ScatterGather(MuleShape):
    """A source pays mules, and each passes on to the same destination what it got, less its cut."""

    name = "scatter_gather"
    shape = shapes.scatter_gather
    stage_roles = (DISPERSE, COLLECT)
    pot_ln_median = 8.0

    def _cut(self, events: Events, legs: Legs, number: NDArray[np.int64]) -> F64:
        """Cut the sum alike at both stages: a mule passes on its own part, and not another's."""
        return super()._cut(events, replace(legs, stage=np.zeros_like(legs.stage)), number)
