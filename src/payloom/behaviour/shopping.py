"""Where people buy: favourites and exploration, trades and their hours, in person and online."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from payloom.behaviour.dayparts import acceptance, mean_acceptance
from payloom.codes import COUNTRY
from payloom.config import Config
from payloom.plan.profiles import HOUR_SHARE_PERCENT
from payloom.reference import load_countries, load_math_tables
from payloom.streams.hashing import U32, U64, derive, draw, draw2, high, low, threshold32
from payloom.streams.tables import F64, CategoricalTable, sequential_sum
from payloom.world.merchants import CASH_TRADE, TRADE_COUNT, TRADES
from payloom.world.model import Model

I64 = NDArray[np.int64]
Bool = NDArray[np.bool_]
U16 = NDArray[np.uint16]

CASH_SHARE = 0.045
"""Cash withdrawals among choices of trade (estimate; cards are used for cash far less than for purchases)."""

ABROAD_ONLINE_SHARE = 0.15
"""Online merchants that sit in another country (Fed 2022 via ABA: 4.9 % of US-issued payments cross a border)."""

LOCAL_TRADES = frozenset((
    "grocery", "convenience", "bakery", "wholesale_club", "liquor", "restaurant", "fast_food", "bar", "fuel",
    "fuel_pump", "transit", "taxi", "parking", "hairdresser", "cinema", "gym", "doctor", "pharmacy", "telecom",
    "pay_television", "utilities", "insurance", "government", "auto_repair", "furniture", "home_improvement",
    "cash_machine",
))  # fmt: skip
"""Trades whose online customers mostly live nearby."""
LOCAL_ABROAD = 0.1
"""How often they are abroad, against other trades (estimate)."""

TRIES = 2
"""Shops that a payment considers before it takes one that is open at its hour."""

AT_HOME, TRAVELLING, EVERYDAY = range(3)
"""Contexts of the choice of trade; a customer's first favourites are of an everyday trade."""

EVERYDAY_TRADES = frozenset(
    (
        "grocery", "convenience", "fast_food", "restaurant", "bakery", "pharmacy", "discount_store", "marketplace",
        "fuel", "fuel_pump", "transit", "taxi", "wholesale_club", "cash_machine", "parking", "bar",
    )
)  # fmt: skip
EVERYDAY_SLOTS = 3
"""Favourites of everyday trades: nobody's most visited shop sells furniture."""

ERRANDS_SLOPE = 0.3
"""Factor on the favourites' exponent within a round: the next shop is seldom the one just left (estimate)."""

LOYALTY_SLOPES = (-0.4, 0.0, 0.4, 2.6)
LOYALTY_EXPLORES = (2.0, 1.3, 0.5, 0.2)
"""Four equally large classes of customers: steeper favourites and less exploration than the config's, or the reverse.

Fitted to purchasing cards: a card's top merchant has 32 % of its payments in the mean, 24 % in the median; revisits
have quartiles .57 and .84."""


@dataclass(slots=True)
class Shop:
    """Trade, site, merchant and whether the purchase is remote, for n payments."""

    trade: I64
    online: Bool
    favourite: Bool
    merchant: I64
    site: I64


@dataclass(frozen=True)
class Shopping:
    """Tables for the choice of shops.

    Attributes
    ----------
    slots
        Draws a favourite's slot (Zipf) by class of loyalty.
    explores
        32-bit thresholds of exploration by class of loyalty.
    trades
        Draws a trade: at home, travelling, or an everyday one.
    online
        Array (countries, trades): 32-bit thresholds of the online share.
    late_trades, late_online
        Draws a trade by local hour among those that are open; arrays (24 x trades) of thresholds of its online share.
    accepts
        Array (trades, 24): 16-bit thresholds of acceptance in person by local hour.
    abroad, abroad_share
        Draws another country by that of residence; 32-bit thresholds by trade of buying there.
    """

    model: Model
    slots: CategoricalTable
    explores: U32
    trades: CategoricalTable
    online: U32
    accepts: U16
    abroad: CategoricalTable
    abroad_share: U32
    late_trades: CategoricalTable
    late_online: U32

    @classmethod
    def of(cls, model: Model) -> Shopping:
        """Prepare the tables."""
        config = model.config
        shares = [region.share for region in config.regions]
        abroad = np.zeros((len(COUNTRY), len(COUNTRY)))
        for region, share in zip(config.regions, shares, strict=True):
            abroad[:, COUNTRY.index(region.country)] = share
        if len(shares) > 1:
            np.fill_diagonal(abroad, 0.0)
        online = _online_shares(config)
        trades = _trade_weights(online, _everyday_share(model))
        late, remote = _open_late(online, trades[AT_HOME] + trades[EVERYDAY])
        return cls(
            model=model,
            slots=CategoricalTable(_favourite_weights(model)),
            explores=np.array([threshold32(share) for share in _explore_shares(config)], dtype=np.uint32),
            trades=CategoricalTable(trades),
            late_trades=CategoricalTable(late),
            late_online=(remote * (2.0**32 - 1)).astype(np.uint32),
            online=(np.minimum(online, 1.0) * (2.0**32 - 1)).astype(np.uint32),
            accepts=(acceptance() * 65535.0).astype(np.uint16),
            abroad=CategoricalTable(abroad),
            abroad_share=_abroad_shares(online),
        )

    def choose(
        self,
        customer: I64,
        country: I64,
        place: I64,
        hour: I64,
        bits: U64,
        away: NDArray[np.intp],
        remote_only: NDArray[np.intp],
    ) -> Shop:
        """Choose a shop for each payment.

        Parameters
        ----------
        customer, country, place
            Who pays, the country of residence, and where they are now.
        hour
            Local hour, 0 to 23.
        bits
            The rows' random bits.
        away, remote_only
            Rows of those on a trip, and of those who can only buy online.
        """
        keys = self.model.plan.keys
        # The bits that made the payer those of an earlier payment.
        goes_on = low(derive(bits, keys["spending.who"])) < threshold32(self.model.config.spending.session_share)
        loyalty = (draw(keys["shop.loyalty"], customer) >> np.uint64(62)).astype(np.intp)
        loyalty += goes_on * len(LOYALTY_SLOPES)
        travelling = np.zeros(len(customer), dtype=np.int64)
        travelling[away] = TRAVELLING
        must_be_remote = np.zeros(len(customer), dtype=np.bool_)
        must_be_remote[remote_only] = True
        shop, trade, online, favourite, mood = self._consider(0, customer, country, bits, loyalty, travelling)
        for attempt in range(1, TRIES + 1):
            willing = mood <= self.accepts.reshape(-1).take(trade * 24 + hour)
            closed = np.flatnonzero(~(willing & ~must_be_remote | online))
            if not closed.size:
                break
            if attempt == TRIES:
                shop[closed], trade[closed], online[closed] = self._open_now(bits[closed], hour[closed])
                favourite[closed] = False
                break
            again = self._consider(
                attempt, customer[closed], country[closed], bits[closed], loyalty[closed], travelling[closed]
            )
            shop[closed], trade[closed], online[closed], favourite[closed], mood[closed] = again
        return self._visit(country, place, shop, trade, online | must_be_remote, favourite)

    def _consider(
        self, attempt: int, customer: I64, country: I64, bits: U64, loyalty: NDArray[np.intp], travelling: I64
    ) -> tuple[U64, I64, Bool, Bool, U16]:
        """Give the shop's own random bits, its trade, whether it is remote and a favourite, and a mood to go."""
        keys = self.model.plan.keys
        own = derive(bits, keys[f"shop.choice.{attempt}"])
        explores = (high(own) < self.explores.take(loyalty)) | (travelling > 0)
        slot = self.slots(low(own), loyalty)
        shop = draw2(keys["shop.favourite"], customer, slot)
        shop = np.where(explores, derive(own, keys["shop.explore"]), shop)
        everyday = (slot < EVERYDAY_SLOTS) & ~explores
        trade = self.trades(high(shop), np.where(everyday, EVERYDAY, travelling)).astype(np.int64)
        online = low(shop) <= self.online.reshape(-1).take(country * TRADE_COUNT + trade)
        # The lowest 16 bits hardly matter to the slot, so they are free to decide on the visit.
        return shop, trade, online, ~explores, own.astype(np.uint16)

    def _open_now(self, bits: U64, hour: I64) -> tuple[U64, I64, Bool]:
        """Choose a shop that is open at an hour: its random bits, its trade, and whether it is remote."""
        keys = self.model.plan.keys
        own = derive(bits, keys["shop.choice.late"])
        trade = self.late_trades(high(own), hour).astype(np.int64)
        online = low(own) <= self.late_online.reshape(-1).take(hour * TRADE_COUNT + trade)
        return derive(own, keys["shop.explore"]), trade, online

    def _visit(self, country: I64, place: I64, shop: U64, trade: I64, online: Bool, favourite: Bool) -> Shop:
        """Find the merchant of that trade in town, or online at home or abroad."""
        bits = derive(shop, self.model.plan.keys["shop.merchant"])
        merchants = self.model.merchants
        site = np.where(online, merchants.online_site.take(country), place)
        abroad = np.flatnonzero(online & (low(bits) < self.abroad_share.take(trade)))
        if abroad.size:
            elsewhere = self.abroad(low(derive(bits[abroad], self.model.plan.keys["shop.abroad"])), country[abroad])
            site[abroad] = merchants.online_site.take(elsewhere)
        merchant, trade = merchants.pick(self.model.plan, site, trade, high(bits))
        return Shop(trade, online, favourite, merchant, site)


def _favourite_weights(model: Model) -> F64:
    """Weights rank**-slope of favourites by class of loyalty, at first and within a round; each sums to 1."""
    config = model.config.spending
    slopes = [(config.favourite_slope + more) * factor for factor in (1.0, ERRANDS_SLOPE) for more in LOYALTY_SLOPES]
    logs = load_math_tables().log_integer[: config.favourites]
    weights = np.stack([model.plan.functions.exp(-slope * logs) for slope in slopes])
    return weights / np.cumsum(weights, axis=1)[:, -1:]


def _explore_shares(config: Config) -> list[float]:
    """Share of exploration by class of loyalty, at first and within a round; its mean is the config's."""
    mean = config.spending.explore_share
    if mean <= 0.5:
        return [mean * factor for factor in LOYALTY_EXPLORES] * 2
    return [1 - (1 - mean) * factor for factor in reversed(LOYALTY_EXPLORES)] * 2


def _everyday_share(model: Model) -> float:
    """Share of choices that fall on a customer's first favourites."""
    first = np.cumsum(_favourite_weights(model), axis=1)[:, min(EVERYDAY_SLOTS, model.config.spending.favourites) - 1]
    stays = 1 - np.array(_explore_shares(model.config))
    goes_on = model.config.spending.session_share
    return sequential_sum(first * stays * np.repeat([1 - goes_on, goes_on], len(LOYALTY_SLOPES))) / len(LOYALTY_SLOPES)


def _online_shares(config: Config) -> F64:
    """Online share by (country, trade), scaled so that their mean over the config's regions is as asked for."""
    share = np.array([t.share for t in TRADES]) * (1 - CASH_SHARE)
    base = np.array([t.online_share for t in TRADES])
    factor = np.array([load_countries()[code].online_factor for code in COUNTRY])
    weight = np.zeros(len(COUNTRY))
    for region in config.regions:
        weight[COUNTRY.index(region.country)] = region.share
    low_scale, high_scale = 0.0, 1024.0
    for _ in range(60):
        scale = (low_scale + high_scale) / 2
        remote = _remote_shares(np.minimum(base * factor[:, None] * scale, 1.0), share)
        enough = sequential_sum(weight * remote) >= config.spending.online_share
        low_scale, high_scale = (low_scale, scale) if enough else (scale, high_scale)
    return np.minimum(base * factor[:, None] * high_scale, 1.0)


def _remote_shares(online: F64, share: F64) -> F64:
    """Share of remote purchases by country: what opening hours turn away makes room for them, most at night."""
    typical = online[COUNTRY.index("US")]
    mix = share / (mean_acceptance() * (1 - typical) + typical)
    remote = np.cumsum(mix * online, axis=1)[:, -1]
    found = np.zeros(len(COUNTRY))
    for percent, open_now in zip(HOUR_SHARE_PERCENT, acceptance().T, strict=True):
        found += percent / 100.0 * remote / (remote + np.cumsum(mix * (1 - online) * open_now, axis=1)[:, -1])
    return found


def _abroad_shares(online: F64) -> U32:
    """By trade, the 32-bit threshold of online merchants abroad; over all trades it is `ABROAD_ONLINE_SHARE`."""
    reach = np.array([LOCAL_ABROAD if t.trade in LOCAL_TRADES else 1.0 for t in TRADES])
    remote = np.array([t.share for t in TRADES]) * online[COUNTRY.index("US")]
    scale = ABROAD_ONLINE_SHARE * sequential_sum(remote) / sequential_sum(remote * reach)
    return np.array([threshold32(min(scale * share, 1.0)) for share in reach], dtype=np.uint32)


def _trade_weights(online: F64, everyday_share: float) -> F64:
    """Weights of trades by context, made up for visits that opening hours turn away; at home they add up to the mix.

    Parameters
    ----------
    online
        Online share by (country, trade).
    everyday_share
        Share of choices that fall on a customer's first favourites.
    """
    share = np.array([t.share for t in TRADES]) * (1 - CASH_SHARE)
    share[CASH_TRADE] = CASH_SHARE
    typical = online[COUNTRY.index("US")]
    taken = mean_acceptance() * (1 - typical) + typical
    mix = share / taken
    mix /= sequential_sum(mix)
    everyday = np.where([t.trade in EVERYDAY_TRADES for t in TRADES], mix, 0.0)
    reach = sequential_sum(everyday)
    # What the first favourites take of the everyday trades is missing elsewhere.
    at_home = mix - everyday * (min(everyday_share, 0.9 * reach) / reach)
    return np.stack([at_home, mix * np.array([t.travel_weight for t in TRADES]), everyday])


def _open_late(online: F64, mix: F64) -> tuple[F64, F64]:
    """Weights of trades by local hour, as open as they are then, and the online share of each."""
    typical = online[COUNTRY.index("US")]
    open_now = acceptance().T * (1 - typical) + typical
    return mix * open_now, typical / open_now
