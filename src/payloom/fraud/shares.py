"""Shares by name, turned into weights and tables."""

from __future__ import annotations

import numpy as np

from payloom.streams.tables import F64, CategoricalTable
from payloom.world.merchants import TRADES


def trade_weights(shares: dict[str, float]) -> F64:
    """Weights of all trades from shares by short name, which need not sum to 1.

    Raises
    ------
    KeyError
        If a name is not a trade of the reference data.
    """
    number = {trade.trade: index for index, trade in enumerate(TRADES)}
    weights = np.zeros(len(TRADES))
    for name, share in shares.items():
        weights[number[name]] = share
    return weights


def code_weights(codes: tuple[str, ...], shares: dict[str, float]) -> F64:
    """Weights of all codes from shares of some, which need not sum to 1.

    Raises
    ------
    ValueError
        If a share is for a code that does not exist.
    """
    weights = np.zeros(len(codes))
    for code, share in shares.items():
        weights[codes.index(code)] = share
    return weights


def code_table(codes: tuple[str, ...], shares: dict[str, float]) -> CategoricalTable:
    """Table that draws codes with given shares."""
    return CategoricalTable(code_weights(codes, shares))
