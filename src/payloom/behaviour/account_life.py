"""The genuine transfers: salaries, rents, bills, savings, support, and what friends, sellers and customers send."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from payloom.behaviour.circles import Circles, Moments
from payloom.behaviour.identity import Identity
from payloom.behaviour.monthly import Dues, dues_between
from payloom.behaviour.positions import ORDINAL_BITS, Stream, position_index
from payloom.behaviour.rows import Rows
from payloom.behaviour.transfers import Orders, Transfers, online_business
from payloom.plan.daytables import DayTables
from payloom.plan.periods import DAY_US
from payloom.streams.hashing import U64, derive, draw, draw2, high, low, unit
from payloom.streams.tables import F64, CategoricalTable
from payloom.world.accounts import SLOTS
from payloom.world.merchants import TRADES
from payloom.world.model import Model

I64 = NDArray[np.int64]


class Purpose(IntEnum):
    """What a transfer is for."""

    SALARY = 0
    RENT = 1
    BILL = 2
    SAVING = 3
    SUPPORT = 4
    FRIENDS = 5
    FAMILY = 6
    PRIVATE_SALE = 7
    PAYOUT = 8
    INVOICE = 9
    OWN_ACCOUNTS = 10


STANDING_SHARES = {
    Purpose.SALARY: 0.10,
    Purpose.RENT: 0.20,
    Purpose.BILL: 0.38,
    Purpose.SAVING: 0.18,
    Purpose.SUPPORT: 0.14,
}
"""Standing transfers by purpose, on an ordinary day of the month (estimate)."""

PAYDAY_SHARES = {
    Purpose.SALARY: 0.62,
    Purpose.RENT: 0.11,
    Purpose.BILL: 0.14,
    Purpose.SAVING: 0.08,
    Purpose.SUPPORT: 0.05,
}
"""On paydays (Berka: 85 % of salary-type transfers on 8 days of the month)."""

PAYDAYS = (1, 5, 10, 15, 20, 25, 28, 31)

AD_HOC_SHARES = {
    Purpose.FRIENDS: 0.36, Purpose.FAMILY: 0.14, Purpose.PRIVATE_SALE: 0.13, Purpose.PAYOUT: 0.12,
    Purpose.INVOICE: 0.13, Purpose.OWN_ACCOUNTS: 0.12,
}  # fmt: skip
"""Transfers on the spur of the moment by purpose (estimate)."""

_SIZES = {
    Purpose.SALARY: (7.85, 0.45, 0.0), Purpose.RENT: (6.85, 0.40, 10.0), Purpose.BILL: (4.2, 0.65, 0.0),
    Purpose.SAVING: (5.0, 0.9, 25.0), Purpose.SUPPORT: (5.2, 0.7, 10.0), Purpose.FRIENDS: (3.1, 0.95, 0.0),
    Purpose.FAMILY: (4.6, 1.0, 5.0), Purpose.PRIVATE_SALE: (3.9, 1.1, 1.0), Purpose.PAYOUT: (4.4, 1.1, 0.0),
    Purpose.INVOICE: (5.2, 1.2, 0.0), Purpose.OWN_ACCOUNTS: (5.6, 1.1, 50.0),
}  # fmt: skip
"""ln(median in dollars), standard deviation of ln, and the step of amounts, by purpose (estimates)."""

CIRCLE = 6
"""Friends who split bills among each other (estimate)."""

CIRCLE_ROUND_SHARE = 0.6
"""Transfers among friends of whole units (estimate)."""

EMPLOYERS_PER_PLACE = 24
"""Employers that pay on a day of the month in a city (estimate); a few employ many."""

BILLERS = ("utilities", "telecom", "insurance")
PAYOUT_TRADE = "marketplace"


@dataclass(frozen=True)
class AccountLife:
    """Functions of the transfer stream."""

    model: Model
    identity: Identity
    transfers: Transfers
    standing: CategoricalTable
    ad_hoc: CategoricalTable
    ln_median: F64
    sigma: F64
    step: F64
    billers: CategoricalTable
    employers: CategoricalTable
    line_base: I64
    circles: Circles

    @classmethod
    def of(cls, model: Model, identity: Identity, transfers: Transfers) -> AccountLife:
        """Prepare the tables."""
        size = model.plan.quotas.standing_lines.size
        sizes = np.array([_SIZES[purpose] for purpose in Purpose])
        weights = np.array([[shares.get(p, 0.0) for p in Purpose] for shares in (STANDING_SHARES, PAYDAY_SHARES)])
        return cls(
            model=model,
            identity=identity,
            transfers=transfers,
            standing=CategoricalTable(weights),
            ad_hoc=CategoricalTable([AD_HOC_SHARES.get(p, 0.0) for p in Purpose]),
            ln_median=sizes[:, 0],
            sigma=sizes[:, 1],
            step=sizes[:, 2],
            billers=CategoricalTable([float(t.trade in BILLERS) for t in TRADES]),
            employers=CategoricalTable([t.merchant_weight * (t.kind != "cash") for t in TRADES]),
            line_base=np.cumsum(size) - size,
            circles=Circles(model, identity),
        )

    def between(self, tables: DayTables, start_us: int, end_us: int) -> Rows:
        """Finished transfers in [start_us, end_us), not sorted."""
        plan = self.model.plan
        dues = dues_between(plan, plan.quotas.standing_lines, plan.quotas.standing, start_us, end_us)
        orders = Orders.concatenate([self._standing(dues), self._ad_hoc(tables, start_us, end_us)])
        # In tiny cohorts somebody may be their own friend: they pay a shop.
        alone = np.flatnonzero(orders.account == orders.payee)
        nowhere = np.zeros(len(alone), dtype=np.int64)
        orders.payee[alone] = online_business(self.model, orders.group[alone], nowhere, low(orders.bits[alone]))
        return self.transfers.settle(tables, orders)

    def _standing(self, dues: Dues) -> Orders:
        """Make the orders that return every month."""
        model, plan, keys = self.model, self.model.plan, self.model.plan.keys
        size = plan.cohorts.size[dues.cohort]
        ordinal = self.line_base[dues.cohort] + dues.member
        own = draw(keys["standing"], ordinal)
        # A step that has no factor in common with most sizes: nearly everybody has the same number of orders.
        customer = plan.cohorts.base[dues.cohort] + dues.member * 1_000_003 % np.maximum(size, 1)
        day_of_month = plan.quotas.standing_lines.calendar.day_of_month(dues.phase)
        payday = np.isin(day_of_month, PAYDAYS).astype(np.int64)
        purpose = self.standing(high(own), payday).astype(np.int64)
        index = position_index(dues.time_us // DAY_US, Stream.TRANSFER, ordinal)
        group = plan.cohorts.group[dues.cohort]
        bits = draw(keys["row"], index)
        # The same amount every month; bills and salaries vary a little.
        ticket = derive(own, keys["standing.ticket"])
        orders = self._orders(dues.time_us, index, bits, customer, group, purpose, ticket)
        varies = (purpose == Purpose.BILL) | (purpose == Purpose.SALARY)
        orders.dollars *= np.where(varies, 0.94 + 0.12 * unit(high(derive(bits, keys["standing.vary"]))), 1.0)
        orders.standing[:] = True
        partner = self._relation(customer, dues.cohort, own)
        shop_bits = derive(own, keys["standing.shop"])
        home = model.people.home_place(model.people.bits(customer), group)
        employer = self._employer(home, day_of_month, own)
        biller = online_business(model, group, self.billers(high(shop_bits)).astype(np.int64), low(shop_bits))
        accounts = model.accounts
        self._pay(orders, purpose == Purpose.SALARY, accounts.business(employer), accounts.current(customer))
        landlord = self._landlord(customer, dues.cohort, own)
        self._pay(orders, purpose == Purpose.RENT, accounts.current(customer), accounts.current(landlord))
        self._pay(orders, purpose == Purpose.BILL, accounts.current(customer), biller)
        self._pay(orders, purpose == Purpose.SUPPORT, accounts.current(customer), accounts.current(partner))
        self._save(orders, purpose == Purpose.SAVING, partner)
        return orders

    def _ad_hoc(self, tables: DayTables, start_us: int, end_us: int) -> Orders:
        """Make the orders of the moment."""
        model, plan, keys = self.model, self.model.plan, self.model.plan.keys
        moments = self._moments(tables, start_us, end_us)
        index, time_us = moments.index, moments.time_us
        bits = draw(keys["row"], index)
        who = derive(bits, keys["transfer.who"])
        draws = derive(who, keys["transfer.customer"])
        row, mass = tables.mass_before(time_us)
        awake = tables.group(row, mass, high(draws))
        customer, group = self.identity.customer(awake, row + tables.first_day, low(draws), high(who))
        cohort = plan.cohorts.of_customer(customer)
        what = derive(bits, keys["transfer.what"])
        purpose = self.ad_hoc(high(what)).astype(np.int64)
        orders = self._orders(time_us, index, bits, customer, group, purpose, derive(bits, keys["transfer.ticket"]))
        friends = purpose == Purpose.FRIENDS
        orders.step_dollars[friends & (unit(low(what)) < CIRCLE_ROUND_SHARE)] = 1.0
        shop_bits = derive(bits, keys["transfer.shop"])
        marketplace = np.full(len(index), _trade(PAYOUT_TRADE))
        site = online_business(model, group, marketplace, low(shop_bits))
        biller = online_business(model, group, self.employers(high(shop_bits)).astype(np.int64), low(shop_bits))
        accounts = model.accounts
        own, relation = accounts.current(customer), self._relation(customer, cohort, draw(keys["kin"], customer))
        self._pay(orders, friends, own, accounts.current(self._friend(customer, cohort, high(shop_bits))))
        self._pay(orders, purpose == Purpose.FAMILY, own, accounts.current(relation))
        self._pay(orders, purpose == Purpose.PRIVATE_SALE, own, accounts.current(self._seller(cohort, shop_bits)))
        self._pay(orders, purpose == Purpose.PAYOUT, site, own)
        self._pay(orders, purpose == Purpose.INVOICE, own, biller)
        orders.standing[purpose == Purpose.PAYOUT] = True
        self._save(orders, purpose == Purpose.OWN_ACCOUNTS, relation)
        back = (purpose == Purpose.OWN_ACCOUNTS) & (low(what) >> np.uint32(31) == 1)
        orders.account[back], orders.payee[back] = orders.payee[back], orders.account[back]
        # Who has no savings here gets money from the family instead, and is then not the one who pays.
        orders.customer[back] = orders.account[back] // SLOTS
        self.circles.join(tables, moments, orders)
        return orders

    def _moments(self, tables: DayTables, start_us: int, end_us: int) -> Moments:
        """Positions and times of the orders of the moment in a window."""
        plan = self.model.plan
        parts: list[tuple[I64, ...]] = [(np.zeros(0, dtype=np.int64),) * 5]
        for day in range(start_us // DAY_US, (end_us - 1) // DAY_US + 1):
            total = int(plan.quotas.ad_hoc[day - plan.period.first_day])
            number = np.arange(total)
            index = position_index(day, Stream.TRANSFER, number | 1 << ORDINAL_BITS - 1)
            mass = (number + unit(high(draw(plan.keys["transfer.time"], index)))) / max(total, 1)
            time_us = tables.time_us(np.full(total, day - tables.first_day), mass)
            inside = (time_us >= start_us) & (time_us < end_us)
            columns = (index, time_us, np.full(total, day), number, np.full(total, total))
            parts.append(tuple(column[inside] for column in columns))
        return Moments(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))

    def _orders(
        self, time_us: I64, index: I64, bits: U64, customer: I64, group: I64, purpose: I64, ticket: U64
    ) -> Orders:
        """Make orders with amounts; who pays whom is filled in afterwards."""
        functions, people = self.model.plan.functions, self.model.people
        size = functions.normal(high(ticket)) * self.sigma[purpose] + self.ln_median[purpose]
        size += people.affluence(people.bits(customer))
        return Orders(
            time_us=time_us,
            index=index,
            bits=bits,
            customer=customer,
            group=group,
            account=np.zeros(len(index), dtype=np.int64),
            payee=np.zeros(len(index), dtype=np.int64),
            dollars=functions.exp(size),
            step_dollars=self.step[purpose],
            standing=np.zeros(len(index), dtype=np.bool_),
        )

    @staticmethod
    def _pay(orders: Orders, rows: NDArray[np.bool_], account: I64, payee: I64) -> None:
        """Say who pays whom at some rows."""
        np.copyto(orders.account, account, where=rows)
        np.copyto(orders.payee, payee, where=rows)

    def _save(self, orders: Orders, rows: NDArray[np.bool_], relation: I64) -> None:
        """Put money aside; who has no savings account here gives it to somebody in the family."""
        accounts = self.model.accounts
        has = accounts.has_savings(orders.customer)
        aside = np.where(has, accounts.savings(orders.customer), accounts.current(relation))
        self._pay(orders, rows, accounts.current(orders.customer), aside)

    def _relation(self, customer: I64, cohort: NDArray[np.integer], bits: U64) -> I64:
        """Somebody else for good: a landlord, a parent, a child."""
        cohorts = self.model.plan.cohorts
        size, base = cohorts.size[cohort], cohorts.base[cohort]
        other = (
            high(draw2(self.model.plan.keys["relation"], customer, bits >> np.uint64(40))).astype(np.int64) * size
        ) >> 32
        return base + np.where(base + other == customer, (other + 1) % size, other)

    def _landlord(self, customer: I64, cohort: NDArray[np.integer], bits: U64) -> I64:
        """A landlord: a few have many tenants."""
        cohorts = self.model.plan.cohorts
        size, base = cohorts.size[cohort], cohorts.base[cohort]
        place = unit(high(derive(bits, self.model.plan.keys["landlord"])))
        # From the most active down: who owns houses spends.
        rank = size - 1 - (place * place * size).astype(np.int64)
        return base + np.where(base + rank == customer, (rank + 1) % size, rank)

    def _friend(self, customer: I64, cohort: NDArray[np.integer], bits: NDArray[np.uint32]) -> I64:
        """Another of the customer's circle: everybody in it sends to everybody."""
        cohorts = self.model.plan.cohorts
        size, base = cohorts.size[cohort], cohorts.base[cohort]
        circles = np.maximum(size // CIRCLE, 1)
        rank = customer - base
        members = (size - 1 - rank % circles) // circles + 1
        seat = rank // circles
        step = 1 + (bits.astype(np.int64) * np.maximum(members - 1, 1) >> 32)
        return base + rank % circles + circles * ((seat + step) % members)

    def _seller(self, cohort: NDArray[np.integer], bits: U64) -> I64:
        """A private seller: a few sell much."""
        cohorts = self.model.plan.cohorts
        place = unit(high(bits))
        size = cohorts.size[cohort]
        return cohorts.base[cohort] + size - 1 - (place * place * place * size).astype(np.int64)

    def _employer(self, place: I64, day_of_month: I64, bits: U64) -> I64:
        """Employer of people in a place who are paid on a day of the month: whoever pays that day pays many."""
        keys = self.model.plan.keys
        place_in_list = unit(high(derive(bits, keys["employer.which"])))
        number = (place_in_list * place_in_list * place_in_list * EMPLOYERS_PER_PLACE).astype(np.int64)
        which = draw2(keys["employer"], place * 64 + day_of_month, number)
        trade = self.employers(high(which)).astype(np.int64)
        return self.model.merchants.pick(self.model.plan, place, trade, low(which))[0]


def _trade(name: str) -> int:
    return next(number for number, trade in enumerate(TRADES) if trade.trade == name)
