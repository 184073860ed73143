"""The spending stream: everyday purchases and cash withdrawals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from payloom.behaviour.choice import Choice
from payloom.behaviour.identity import STRATUM, Identity, Payers
from payloom.behaviour.pricing import COUNTRY_CURRENCY, Pricing, amount_usd
from payloom.behaviour.shopping import Shopping
from payloom.behaviour.trips import Trips
from payloom.codes import TRANSACTION_TYPE
from payloom.plan.clock import LocalTime
from payloom.plan.daytables import DayTables
from payloom.streams.hashing import derive, high, threshold32
from payloom.world.merchants import CASH_TRADE
from payloom.world.model import Model

I64 = NDArray[np.int64]

PURCHASE, CASH, VERIFICATION = (
    np.int8(TRANSACTION_TYPE.index(name)) for name in ("purchase", "cash_withdrawal", "account_verification")
)

VERIFICATION_SHARE = 0.02
"""Remote payments that only check a card: new wallets, hotels, free trials (estimate)."""

UNIT_CHECK_SHARE = 0.5
"""Of these, those that charge one unit instead of 0 (ULB: 4.7 % of genuine payments are for exactly 1.00)."""

STORED_SHARE = 0.42
"""Remote payments at a favourite with a credential that the merchant keeps (estimate)."""

HOUR_US = 3_600_000_000


@dataclass(frozen=True)
class Spending:
    """Functions of the spending stream.

    Attributes
    ----------
    identity, trips, shopping, pricing
        See their classes.
    """

    model: Model
    identity: Identity
    trips: Trips
    shopping: Shopping
    pricing: Pricing

    @classmethod
    def of(cls, model: Model) -> Spending:
        """Prepare the tables."""
        return cls(model, Identity.of(model), Trips.of(model), Shopping.of(model), Pricing.of(model))

    def strata(self, tables: DayTables, row: I64, stratum: I64) -> tuple[I64, I64, I64]:
        """Times of whole strata of positions: row of the day, ordinal, time; sorted within a day."""
        mass, valid = self.identity.masses(tables, row, stratum)
        ordinal = stratum[:, None] * STRATUM + np.arange(STRATUM)
        rows = np.repeat(row, STRATUM).reshape(valid.shape)
        keep: NDArray[np.bool_] | slice = slice(None) if valid.all() else valid.reshape(-1)
        rows = rows.reshape(-1)[keep]
        return rows, ordinal.reshape(-1)[keep], tables.time_us(rows, mass.reshape(-1)[keep])

    def times(self, tables: DayTables, row: I64, ordinal: I64) -> I64:
        """Times of single positions."""
        mass, _ = self.identity.masses(tables, row, ordinal // STRATUM)
        return tables.time_us(row, mass[np.arange(len(row)), ordinal % STRATUM])

    def choose(self, tables: DayTables, row: I64, ordinal: I64, time_us: I64) -> Choice:
        """Decide the payments at these positions and times."""
        payers = self.identity.payers(tables, row, ordinal, time_us)
        return self.buy(tables, time_us, payers)

    def buy(self, clock: LocalTime, time_us: I64, payers: Payers) -> Choice:
        """Decide what given customers buy at given times: row(customer, time, key)."""
        bits, customer, group = payers.bits, payers.customer, payers.group
        model, keys = self.model, self.model.plan.keys
        geography = model.geography
        country = geography.home_country.take(group)
        person = model.people.bits(customer)
        place = model.people.home_place(person, group)
        away, away_place, on_the_road = self.trips.whereabouts(customer, country, time_us)
        place[away] = away_place
        hour = local_hour(clock, time_us, geography.timezone.take(place))
        shop = self.shopping.choose(customer, country, place, hour, bits, away, on_the_road)
        merchant_bits = model.merchants.bits(shop.merchant)
        currency = COUNTRY_CURRENCY.take(model.merchants.site_country.take(shop.site))
        affluence = model.people.affluence(person)
        amount = self.pricing.amount_minor(shop.trade, merchant_bits, affluence, currency, derive(bits, keys["amount"]))
        kind = np.where(shop.trade == CASH_TRADE, CASH, PURCHASE)
        how = derive(bits, keys["remote.how"])
        checks = np.flatnonzero(shop.online & (high(how) < threshold32(VERIFICATION_SHARE)))
        charged = (how[checks] & np.uint64(0xFFFF)) < np.uint64(int(UNIT_CHECK_SHARE * 65536))
        kind[checks] = np.where(charged, PURCHASE, VERIFICATION)
        amount[checks] = np.where(charged, 100, 0)
        stored = shop.online & shop.favourite & (how.astype(np.uint32) < threshold32(STORED_SHARE))
        stored[checks] = False
        return Choice(
            time_us=time_us,
            index=payers.index,
            bits=bits,
            customer=customer,
            group=group,
            instrument_bits=derive(bits, keys["instrument"]),
            site=shop.site,
            trade=shop.trade,
            merchant=shop.merchant,
            merchant_bits=merchant_bits,
            amount_minor=amount,
            amount_usd=amount_usd(amount, currency),
            kind=kind,
            online=shop.online,
            recurring=np.zeros(len(bits), dtype=np.bool_),
            stored=stored,
        )


def local_hour(clock: LocalTime, time_us: I64, timezone: NDArray[np.integer]) -> I64:
    """Local hour of the day, 0 to 23."""
    local = clock.offset_min(time_us, timezone).astype(np.int64)
    local *= 60_000_000
    local += time_us
    local //= HOUR_US
    return local % 24
