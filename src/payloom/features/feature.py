"""What a feature is: a name, a meaning, what it is made of, and when that is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal

from payloom.errors import ConfigError, Problem
from payloom.features.history import Floats
from payloom.features.past import Past
from payloom.schema import PAYMENTS

if TYPE_CHECKING:
    import polars as pl

Group = Literal["amount", "row", "rfm", "risk", "linkage", "spend"]
"""``row``: the payment itself; ``rfm``: recency, frequency and money of payer and card; ``risk``: what is known of
merchant and terminal; ``linkage``: who else shares devices, addresses and payees; ``spend``: sums, means and maxima in
every window."""

Known = Literal["request", "past", "reports"]
"""``request``: it stands in the request for authorisation; ``past``: it takes earlier payments and the answers to them;
``reports``: it takes reports of fraud that came before the day began."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """One number or code of a payment, known when the issuer has to answer.

    Attributes
    ----------
    name
        Column of the feature frame; carries its unit.
    group
        Kind of knowledge that it takes.
    entity
        Who or what it tells of: ``card``, ``merchant``, ``payment``.
    meaning
        One line.
    unit
        Unit of the value; ``code`` for a category, ``flag`` for 0 or 1.
    window
        How far back it looks, such as ``24h``; ``ever`` for all of the past, empty where it does not look back.
    known
        From when all that it takes is known.
    needs
        Columns of the payments without which it can't be made; of the payment itself, so they are known before the
        answer.
    needs_past
        Columns that it reads of earlier payments alone; the answers to those are known.
    make
        Gives the values of the rows that ask.
    """

    name: str
    group: Group
    entity: str
    meaning: str
    unit: str
    make: Callable[[Past], Floats | pl.Series]
    needs: tuple[str, ...]
    needs_past: tuple[str, ...] = ()
    window: str = ""
    known: Known = "past"

    @property
    def reads(self) -> tuple[str, ...]:
        """All columns that it may read."""
        return (*self.needs, *self.needs_past)

    def check(self) -> None:
        """Refuse a declaration that looks ahead.

        Raises
        ------
        ConfigError
            If it needs a label, a column that the schema does not have, or of the payment itself a value that is only
            known after the answer.
        """
        problems = tuple(self._problems())
        if problems:
            raise ConfigError(problems, hint="a feature is made of what is known when the issuer has to answer")

    def _problems(self) -> Iterator[Problem]:
        for field, names in (("needs", self.needs), ("needs_past", self.needs_past)):
            wrong = partial(Problem, f"features.{self.name}.{field}")
            for name in names:
                if name not in PAYMENTS.names:
                    yield wrong(name, "is no column of payments", "name one of docs/schema.md")
                    continue
                column = PAYMENTS.column(name)
                if column.role == "label":
                    yield wrong(name, "is the label, which no feature may read", "take it out")
                elif column.known == "after" and field == "needs":
                    yield wrong(name, "is known after the answer only", "read it of earlier payments: needs_past")


def of_row(name: str, meaning: str, needs: tuple[str, ...], value: pl.Expr, unit: str, group: Group = "row") -> Feature:
    """Return a feature that needs the payment itself only."""
    return Feature(
        name=name,
        group=group,
        entity="payment",
        meaning=meaning,
        unit=unit,
        known="request",
        needs=needs,
        make=lambda past: past.select(value.alias(name)),
    )
