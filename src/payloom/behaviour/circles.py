"""Circles: clubs, families and friends who pay each other in one go, in the shapes in which money mules do."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from payloom.behaviour import shapes
from payloom.behaviour.identity import Identity
from payloom.behaviour.limits import fitted_dollars, limit_units
from payloom.behaviour.pricing import COUNTRY_CURRENCY
from payloom.behaviour.shapes import Legs, Shape
from payloom.behaviour.transfers import Orders
from payloom.plan.daytables import DayTables
from payloom.streams.hashing import U64, derive, draw2, high, low, threshold32, unit
from payloom.streams.tables import F64, CategoricalTable
from payloom.world.model import Model

I64 = NDArray[np.int64]

CIRCLE_SHARE = 0.10
"""Transfers of the moment that may belong to a circle and do (estimate)."""

SHAPES: tuple[tuple[Shape, float], ...] = (
    (shapes.gather_scatter, 0.22),
    (shapes.fan_in, 0.12),
    (shapes.fan_out, 0.08),
    (shapes.scatter_gather, 0.13),
    (shapes.cycle, 0.10),
    (shapes.bipartite, 0.12),
    (shapes.stack, 0.15),
    (shapes.instalments, 0.08),
)
"""What circles do (estimate): collect and pay out; collect; share out; parents give to children who pay the same club;
a round of favours; those who owe pay those who advanced; a class pays its speakers, who pay the organisers; something
dear is paid in parts that the app's limit allows."""

INSTALMENTS = len(SHAPES) - 1

MOST_LEGS, FEWEST_LEGS = 12, 4
"""Transfers of a circle in one go (estimate)."""

PARTS_OF_DAY = 3
"""A circle is done within such a part of the day."""

MEMBERS = 24
"""People from whom a circle's members come (estimate)."""

LN_HEAD, HEAD_SIGMA = 3.4, 1.1
"""ln of the median that one member pays in dollars, and its standard deviation between circles (estimates)."""

DOUBLE_SHARE = 0.15
"""Members who pay for two (estimate)."""

WHOLE_SHARE = 0.6
"""Circles that collect whole units (estimate)."""


@dataclass(frozen=True)
class Moments:
    """Positions of transfers of the moment; arrays of length n.

    Attributes
    ----------
    index, time_us
        Position in the world, and when.
    day, number, total
        Day, place in the day, and how many the day has.
    """

    index: I64
    time_us: I64
    day: I64
    number: I64
    total: I64


@dataclass(frozen=True)
class _Runs:
    """Transfers that belong to circles: which, random bits of the circle, middle of its time, and place in it."""

    rows: NDArray[np.intp]
    bits: U64
    mass: F64
    place: I64
    length: I64


@dataclass(frozen=True)
class Circles:
    """Functions that turn some transfers of the moment into those of circles."""

    model: Model
    identity: Identity

    def join(self, tables: DayTables, moments: Moments, orders: Orders) -> None:
        """Say, in place, who pays whom and how much where circles settle."""
        model, keys = self.model, self.model.plan.keys
        runs = self._runs(moments)
        who = derive(runs.bits, keys["circle.who"])
        row = moments.day[runs.rows] - tables.first_day
        awake = tables.group(row, runs.mass, high(derive(who, keys["circle.group"])))
        leader, group = self.identity.customer(awake, row + tables.first_day, low(who), high(who))
        shape, legs, first_parts = self._legs(runs)
        payer, payee = self._member(leader, legs.payer), self._member(leader, legs.payee)
        at = runs.rows
        orders.customer[at], orders.group[at] = payer, group
        orders.account[at], orders.payee[at] = model.accounts.current(payer), model.accounts.current(payee)
        orders.standing[at] = False
        whole = unit(low(derive(runs.bits, keys["circle.whole"]))) < WHOLE_SHARE
        orders.dollars[at] = self._dollars(runs, leader, legs, first_parts, orders.bits[at])
        orders.step_dollars[at] = np.where(whole & (legs.stage == 0), 1.0, 0.0)
        self._fit(runs, orders, np.flatnonzero(shape == INSTALMENTS))

    def _dollars(self, runs: _Runs, leader: I64, legs: Legs, first_parts: I64, own_bits: U64) -> F64:
        """Amounts: what a stage took in, the next passes on."""
        functions, people, keys = self.model.plan.functions, self.model.people, self.model.plan.keys
        head = functions.normal(high(derive(runs.bits, keys["circle.size"]))) * HEAD_SIGMA + LN_HEAD
        dollars = functions.exp(head + people.affluence(people.bits(leader))) * first_parts / legs.parts
        for_two = (legs.stage == 0) & (high(derive(own_bits, keys["circle.two"])) < threshold32(DOUBLE_SHARE))
        return np.where(for_two, 2.0 * dollars, dollars)

    def _fit(self, runs: _Runs, orders: Orders, here: NDArray[np.intp]) -> None:
        """Keep instalments below the limit of the payer's app."""
        keys, at = self.model.plan.keys, runs.rows[here]
        limit = limit_units(derive(runs.bits[here], keys["circle.limit"]))
        currency = COUNTRY_CURRENCY[self.model.geography.home_country[orders.group[at]]]
        own = orders.bits[at]
        amount, step = derive(own, keys["circle.amount"]), derive(own, keys["circle.step"])
        orders.dollars[at] = fitted_dollars(limit, currency, amount, step)
        orders.step_dollars[at] = 0.0

    def _runs(self, moments: Moments) -> _Runs:
        """Find the circles: the places of one lie as far apart in a part of the day as there are circles."""
        number, total = moments.number, moments.total
        parts = np.clip(total // MOST_LEGS, 1, PARTS_OF_DAY)
        part = number * parts // total
        start, end = -(-part * total // parts), -(-(part + 1) * total // parts)
        circles = -(-(end - start) // MOST_LEGS)
        longest = (end - start) // circles
        inside = number - start
        bits = draw2(self.model.plan.keys["circle"], moments.day * PARTS_OF_DAY + part, inside % circles)
        span = MOST_LEGS - FEWEST_LEGS + 1
        length = FEWEST_LEGS + (low(bits).astype(np.int64) * span >> 32)
        length = np.minimum(length, longest)
        place = inside // circles
        chosen = (high(bits) < threshold32(CIRCLE_SHARE)) & (place < length) & (length >= FEWEST_LEGS)
        rows = np.flatnonzero(chosen)
        mass = (part[rows] + 0.5) / parts[rows]
        return _Runs(rows, bits[rows], mass, place[rows], length[rows])

    def _legs(self, runs: _Runs) -> tuple[I64, Legs, I64]:
        """Shapes of the circles, their legs, and how many parts each circle's first stage has."""
        keys = self.model.plan.keys
        what = derive(runs.bits, keys["circle.shape"])
        shape = CategoricalTable([share for _, share in SHAPES])(high(what))
        variant = low(what).astype(np.int64)
        fields = {name: np.zeros(len(runs.rows), dtype=np.int64) for name in Legs.__dataclass_fields__}
        first = np.ones(len(runs.rows), dtype=np.int64)
        for number, (made, _) in enumerate(SHAPES):
            here = np.flatnonzero(shape == number)
            legs = made(runs.place[here], runs.length[here], variant[here])
            for name, column in fields.items():
                column[here] = getattr(legs, name)
            first[here] = made(np.zeros(len(here), dtype=np.int64), runs.length[here], variant[here]).parts
        return shape.astype(np.int64), Legs(**fields), first

    def _member(self, leader: I64, number: I64) -> I64:
        """People of the leader's circle by number: who belongs to one belongs to it for good."""
        cohorts = self.model.plan.cohorts
        cohort = cohorts.of_customer(leader)
        size, base = cohorts.size[cohort], cohorts.base[cohort]
        circles = np.maximum(size // MEMBERS, 1)
        rank = leader - base
        members = (size - 1 - rank % circles) // circles + 1
        return base + rank % circles + circles * ((rank // circles + number) % members)
