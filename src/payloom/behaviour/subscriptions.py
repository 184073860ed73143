"""The subscription stream: the same merchant and amount every month, started by the merchant."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from payloom.behaviour.choice import Choice
from payloom.behaviour.identity import Identity
from payloom.behaviour.monthly import dues_between
from payloom.behaviour.positions import Stream, position_index
from payloom.behaviour.pricing import COUNTRY_CURRENCY, Pricing, amount_usd
from payloom.behaviour.shopping import Shopping
from payloom.behaviour.spending import PURCHASE
from payloom.plan.periods import DAY_US
from payloom.streams.hashing import derive, draw, draw2, high, low, threshold32
from payloom.streams.tables import CategoricalTable
from payloom.world.merchants import TRADES
from payloom.world.model import Model

I64 = NDArray[np.int64]

LIFE_MONTHS = (5, 9, 14, 23, 36, 60, 60, 60)
"""Months until a subscription gives way to another or changes its price, equally likely (estimate)."""

ABROAD_SHARE = 0.08
"""Contracts with a company abroad, such as a streaming service (estimate)."""

METERED_TRADES = frozenset(("utilities",))
"""Trades that bill what was used, so that the amount differs from month to month."""


@dataclass(frozen=True)
class Subscriptions:
    """Functions of the subscription stream.

    Attributes
    ----------
    trades
        Draws the trade.
    line_base
        First ordinal of each cohort's line.
    """

    model: Model
    identity: Identity
    shopping: Shopping
    pricing: Pricing
    trades: CategoricalTable
    metered: NDArray[np.bool_]
    line_base: I64

    @classmethod
    def of(cls, model: Model, identity: Identity, shopping: Shopping, pricing: Pricing) -> Subscriptions:
        """Prepare the tables."""
        size = model.plan.quotas.subscription_lines.size
        return cls(
            model=model,
            identity=identity,
            shopping=shopping,
            pricing=pricing,
            trades=CategoricalTable([t.subscription_weight for t in TRADES]),
            metered=np.array([t.trade in METERED_TRADES for t in TRADES]),
            line_base=np.cumsum(size) - size,
        )

    def between(self, start_us: int, end_us: int) -> Choice:
        """Charges in [start_us, end_us), not sorted."""
        plan = self.model.plan
        dues = dues_between(plan, plan.quotas.subscription_lines, plan.quotas.subscription, start_us, end_us)
        return self._charge(dues.cohort, dues.member, dues.month, dues.time_us)

    def _charge(self, cohort: I64, member: I64, month: I64, time_us: I64) -> Choice:
        model, keys = self.model, self.model.plan.keys
        plan = model.plan
        ordinal = self.line_base[cohort] + member
        own = draw(keys["subscription"], ordinal)
        size = plan.cohorts.size[cohort]
        rank = (self.identity.rank(high(own)) * size).astype(np.int64)
        customer = plan.cohorts.base[cohort] + np.minimum(rank, size - 1)
        group = plan.cohorts.group[cohort]
        life = np.array(LIFE_MONTHS)[(own & np.uint64(7)).astype(np.intp)]
        era = (month + (ordinal & 63)) // life
        contract = draw2(keys["subscription.contract"], ordinal, era)
        trade = self.trades(high(contract)).astype(np.int64)
        country = model.geography.home_country[group]
        where = derive(contract, keys["subscription.where"])
        away = np.flatnonzero(high(where) < threshold32(ABROAD_SHARE))
        country[away] = self.shopping.abroad(low(where[away]), country[away])
        site = model.merchants.online_site[country]
        merchant, trade = model.merchants.pick(plan, site, trade, low(contract))
        merchant_bits = model.merchants.bits(merchant)
        currency = COUNTRY_CURRENCY[country]
        price = derive(contract, keys["subscription.price"])
        metered = np.flatnonzero(self.metered[trade])
        price[metered] = draw2(keys["subscription.meter"], ordinal[metered], month[metered])
        affluence = model.people.affluence(model.people.bits(customer))
        amount = self.pricing.amount_minor(trade, merchant_bits, affluence, currency, price)
        index = position_index(time_us // DAY_US, Stream.SUBSCRIPTION, ordinal)
        yes = np.ones(len(index), dtype=np.bool_)
        return Choice(
            time_us=time_us,
            index=index,
            bits=draw(keys["row"], index),
            customer=customer,
            group=group,
            instrument_bits=derive(own, keys["instrument"]),
            site=site,
            trade=trade,
            merchant=merchant,
            merchant_bits=merchant_bits,
            amount_minor=amount,
            amount_usd=amount_usd(amount, currency),
            kind=np.full(len(index), PURCHASE),
            online=yes,
            recurring=yes,
            stored=yes,
        )
