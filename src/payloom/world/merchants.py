"""Merchants: an index is the base of its (place, trade) plus a rank by popularity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from payloom.codes import COUNTRY
from payloom.config import Config
from payloom.plan.world_plan import Plan
from payloom.reference import load_math_tables, load_trades
from payloom.streams.bijection import IdScrambler
from payloom.streams.hashing import U32, U64, derive, draw, high, low, unit
from payloom.streams.tables import F64, CategoricalTable
from payloom.world.geography import Geography

I64 = NDArray[np.int64]

TRADES = load_trades()
"""All trades; an index into them is also the code of the MCC."""

TRADE_COUNT = len(TRADES)
CASH_TRADE = next(i for i, trade in enumerate(TRADES) if trade.kind == "cash")
ONLINE_MERCHANT_SHARE = 0.12
"""Share of acceptors that sell only online (estimate)."""

LEAN = 0.75
"""How much popular merchants win over others beyond Zipf (purchasing cards: the top 1 % of merchants hold 59 %)."""

ACQUIRERS_PER_COUNTRY = 8
MAX_TERMINALS = 16
TERMINALS = (1, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 4, 5, 7, 10, 16)
"""Terminals of a shop, equally likely (estimate): most have one or two, supermarkets many."""


@dataclass(frozen=True)
class Merchants:
    """Layout of all merchants.

    Attributes
    ----------
    base, count, log_count
        Arrays (sites, trades): first merchant index, number of merchants, ln(number + 1). Sites are the places,
        then one online site for each country that has customers.
    substitute
        Array (sites, trades): the trade itself, or the site's commonest where it has no such merchant.
    total
        Number of merchants.
    online_site
        Site of each country in `payloom.codes.COUNTRY`; of the first country where it has none of its own.
    site_country
        Country of each site.
    """

    base: I64
    count: I64
    log_count: F64
    substitute: I64
    total: int
    online_site: I64
    site_country: I64
    places: int
    ids: IdScrambler
    terminal_ids: IdScrambler
    key: np.uint64
    acquirers: CategoricalTable

    def pick(self, plan: Plan, site: NDArray[np.integer], trade: NDArray[np.integer], bits: U32) -> tuple[I64, I64]:
        """Pick a merchant of a trade at a site, popular ones more often (Zipf with exponent 1).

        Returns
        -------
        merchant, trade
            Merchant index, and the trade it really has.
        """
        place = site * TRADE_COUNT
        place += trade
        actual = self.substitute.reshape(-1).take(place)
        place += actual
        place -= trade
        exponent = unit(bits)
        # Steeper than Zipf's exponent 1 at the top: the mean of the draw and its square.
        exponent *= (1.0 - LEAN) + LEAN * exponent
        exponent *= self.log_count.reshape(-1).take(place)
        rank = plan.functions.exp(exponent).astype(np.int64)
        rank -= 1
        np.minimum(rank, self.count.reshape(-1).take(place) - 1, out=rank)
        rank += self.base.reshape(-1).take(place)
        return rank, actual

    def bits(self, merchant: I64) -> U64:
        """Own random bits of each merchant: price level in the upper half, bank and size in the lower."""
        return draw(self.key, merchant)

    def offsets(self, plan: Plan, bits: U64) -> tuple[F64, F64]:
        """Where in town shops are: north and east of the centre, standard normal."""
        place = derive(bits, plan.keys["merchant.place"])
        return plan.functions.normal.step(high(place)), plan.functions.normal.step(low(place))

    def acquirer(self, bits: U64, country: NDArray[np.integer]) -> NDArray[np.int32]:
        """Bank of each merchant, by country."""
        acquirer = self.acquirers(low(bits)).astype(np.int32)
        acquirer += country.astype(np.int32) * ACQUIRERS_PER_COUNTRY
        acquirer += 1
        return acquirer

    def site_of(self, merchant: I64) -> tuple[I64, I64]:
        """Site and trade of merchant indices."""
        flat = np.flatnonzero(self.count.reshape(-1) > 0)
        cell = flat[np.searchsorted(self.base.reshape(-1)[flat], merchant, side="right") - 1]
        return cell // TRADE_COUNT, cell % TRADE_COUNT


def price_level_bits(bits: U64) -> U32:
    """Bits of a merchant that set its price level."""
    return high(bits)


def terminal_count(bits: U64) -> I64:
    """Terminals of each shop; its bits 8 to 11 decide."""
    return np.array(TERMINALS).take(((bits >> np.uint64(8)) & np.uint64(15)).astype(np.intp))


def build_merchants(config: Config, plan: Plan, geography: Geography) -> Merchants:
    """Spread the merchants over places and trades."""
    countries = sorted({int(c) for c in geography.home_country})
    region_share = {COUNTRY.index(r.country): r.share for r in config.regions}
    trade_weight = np.array([t.merchant_weight for t in TRADES])
    online_share = np.array([t.online_share for t in TRADES])
    in_place = geography.weight[:, None] * (trade_weight * (1 - 0.9 * online_share)) * (1 - ONLINE_MERCHANT_SHARE)
    # Everybody buys online, so that even small trades are there: their number falls off more slowly.
    online = np.array([region_share[c] for c in countries])[:, None] * (
        online_share * (trade_weight + 0.01) * ONLINE_MERCHANT_SHARE * 4.0
    )
    weights = np.concatenate([in_place, online])
    count = _one_at_least(spread(config.world.merchant_count, weights), weights)
    busiest = count.argmax(axis=1)
    own = np.broadcast_to(np.arange(TRADE_COUNT), count.shape)
    base = (np.cumsum(count) - count.reshape(-1)).reshape(count.shape)
    substitute = np.where(count > 0, own, busiest[:, None])
    logs = load_math_tables().log_integer
    return Merchants(
        base=base,
        count=count,
        log_count=_log_plus_one(count, logs),
        substitute=substitute,
        total=int(count.sum()),
        online_site=_online_sites(countries, geography.places),
        site_country=np.concatenate([geography.country, np.array(countries)]),
        places=geography.places,
        ids=IdScrambler(plan.keys["merchant.id"]),
        terminal_ids=IdScrambler(plan.keys["terminal.id"]),
        key=plan.keys["merchant"],
        acquirers=CategoricalTable([1.0 / (rank + 1) for rank in range(ACQUIRERS_PER_COUNTRY)]),
    )


def _one_at_least(count: I64, weights: F64) -> I64:
    """Give every site a merchant, taken from where there are most; a world has more merchants than sites."""
    for site in np.flatnonzero(count.sum(axis=1) == 0).tolist():
        richest = np.unravel_index(int(count.argmax()), count.shape)
        count[richest] -= 1
        count[site, int(weights[site].argmax())] += 1
    return count


def _online_sites(countries: list[int], places: int) -> I64:
    sites = np.full(len(COUNTRY), places, dtype=np.int64)
    for index, country in enumerate(countries):
        sites[country] = places + index
    return sites


def _log_plus_one(count: I64, logs: F64) -> F64:
    """ln(count + 1): exact up to 4,095; above, by the line between powers of two, where it hardly matters."""
    small = logs.take(np.minimum(count, len(logs) - 1))
    rest, doublings = count.copy(), np.zeros(count.shape)
    while (rest >= len(logs)).any():
        larger = rest >= len(logs)
        rest[larger] //= 2
        doublings += larger
    return np.where(count < len(logs), small, logs.take(rest) + doublings * logs[1])


def spread(total: int, weights: F64) -> I64:
    """Split `total` over an array of weights by largest remainders; the same shape, exact sum."""
    scaled = (weights / weights.max() * 2.0**40).astype(np.int64).reshape(-1)
    exact = scaled / int(scaled.sum()) * float(total)
    count = exact.astype(np.int64)
    missing = total - int(count.sum())
    order = np.argsort(count - exact, kind="stable")
    count[order[:missing]] += 1
    return count.reshape(weights.shape)
