"""What a feature is: a name, a meaning, a group, and how it is made of the past."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from payloom.features.history import Floats
from payloom.features.past import Past

if TYPE_CHECKING:
    import polars as pl

Group = Literal["amount", "row", "rfm", "risk", "linkage"]
"""``row``: the payment itself; ``rfm``: recency, frequency and money of payer and card; ``risk``: what is known of
merchant and terminal; ``linkage``: who else shares devices, addresses and payees."""


@dataclass(frozen=True, slots=True)
class Feature:
    """One number or code of a payment, known when the issuer has to answer.

    Attributes
    ----------
    name
        Column of the feature frame; carries its unit.
    group
        Kind of knowledge that it takes.
    meaning
        One line.
    needs
        Columns of the payments without which it can't be made.
    make
        Gives the values of the rows that ask.
    """

    name: str
    group: Group
    meaning: str
    needs: tuple[str, ...]
    make: Callable[[Past], Floats | pl.Series]


def of_row(name: str, group: Group, meaning: str, needs: tuple[str, ...], expression: pl.Expr) -> Feature:
    """Return a feature that needs the payment itself only."""
    return Feature(name, group, meaning, needs, lambda past: past.asking.select(expression.alias(name)).to_series())
