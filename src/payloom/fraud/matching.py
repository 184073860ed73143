"""Matching: of some candidates, the customer who fits a campaign best."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from payloom.fraud.events import Events

I64 = NDArray[np.int64]


def best_fitting(
    events: Events, tries: int, candidate: Callable[[Events, I64], I64], misfit: Callable[[Events, I64], I64]
) -> I64:
    """Give each event the customer who fits its campaign best.

    Parameters
    ----------
    events, tries
        The events, and how many candidates each campaign has.
    candidate
        Candidates of campaigns by number, 0 to `tries` - 1.
    misfit
        How badly customers fit campaigns; of those who fit equally, the first is taken. Like `candidate`, it may
        only look at what all events of a campaign have in common.
    """
    _, first, back = np.unique(events.campaign, return_index=True, return_inverse=True)
    wide = events.take(np.repeat(first, tries))
    found = candidate(wide, np.tile(np.arange(tries), len(first)))
    best = misfit(wide, found).reshape(len(first), tries).argmin(axis=1)
    chosen: I64 = found.reshape(len(first), tries)[np.arange(len(first)), best][back]
    return chosen
