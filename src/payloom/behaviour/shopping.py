"""Where people buy: favourites and exploration, trades and their hours, in person and online."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from payloom.behaviour.dayparts import acceptance, mean_acceptance
from payloom.codes import COUNTRY
from payloom.config import Config
from payloom.reference import load_countries, load_math_tables
from payloom.streams.hashing import U32, U64, derive, draw2, high, low, threshold32
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

TRIES = 4
"""Shops that a payment considers when the first ones are closed at its hour."""

AT_HOME, TRAVELLING = 0, 1


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
        Draws a favourite's slot (Zipf).
    trades
        Draws a trade, at home or travelling.
    online
        Array (countries, trades): 32-bit thresholds of the online share.
    accepts
        Array (trades, 24): 16-bit thresholds of acceptance in person by local hour.
    """

    model: Model
    slots: CategoricalTable
    trades: CategoricalTable
    online: U32
    accepts: U16
    abroad: CategoricalTable

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
        return cls(
            model=model,
            slots=CategoricalTable(_zipf(config.spending.favourites, config.spending.favourite_slope, model)),
            trades=CategoricalTable(_trade_weights(online)),
            online=(np.minimum(online, 1.0) * (2.0**32 - 1)).astype(np.uint32),
            accepts=(acceptance() * 65535.0).astype(np.uint16),
            abroad=CategoricalTable(abroad),
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
        travelling = np.zeros(len(customer), dtype=np.int64)
        travelling[away] = TRAVELLING
        must_be_remote = np.zeros(len(customer), dtype=np.bool_)
        must_be_remote[remote_only] = True
        shop, trade, online, favourite, mood = self._consider(0, customer, country, bits, travelling)
        for attempt in range(1, TRIES + 1):
            willing = mood <= self.accepts.reshape(-1).take(trade * 24 + hour)
            closed = np.flatnonzero(~(willing & ~must_be_remote | online))
            if attempt == TRIES or not closed.size:
                break
            again = self._consider(attempt, customer[closed], country[closed], bits[closed], travelling[closed])
            shop[closed], trade[closed], online[closed], favourite[closed], mood[closed] = again
        return self._visit(country, place, shop, trade, online | must_be_remote, favourite)

    def _consider(
        self, attempt: int, customer: I64, country: I64, bits: U64, travelling: I64
    ) -> tuple[U64, I64, Bool, Bool, U16]:
        """Give the shop's own random bits, its trade, whether it is remote and a favourite, and a mood to go."""
        keys = self.model.plan.keys
        own = derive(bits, keys[f"shop.choice.{attempt}"])
        explores = (high(own) < threshold32(self.model.config.spending.explore_share)) | (travelling > 0)
        shop = draw2(keys["shop.favourite"], customer, self.slots(low(own)))
        shop = np.where(explores, derive(own, keys["shop.explore"]), shop)
        trade = self.trades(high(shop), travelling).astype(np.int64)
        online = low(shop) <= self.online.reshape(-1).take(country * TRADE_COUNT + trade)
        # The lowest 16 bits hardly matter to the slot, so they are free to decide on the visit.
        return shop, trade, online, ~explores, own.astype(np.uint16)

    def _visit(self, country: I64, place: I64, shop: U64, trade: I64, online: Bool, favourite: Bool) -> Shop:
        """Find the merchant of that trade in town, or online at home or abroad."""
        bits = derive(shop, self.model.plan.keys["shop.merchant"])
        merchants = self.model.merchants
        site = np.where(online, merchants.online_site.take(country), place)
        abroad = np.flatnonzero(online & (low(bits) < threshold32(ABROAD_ONLINE_SHARE)))
        if abroad.size:
            elsewhere = self.abroad(low(derive(bits[abroad], self.model.plan.keys["shop.abroad"])), country[abroad])
            site[abroad] = merchants.online_site.take(elsewhere)
        merchant, trade = merchants.pick(self.model.plan, site, trade, high(bits))
        return Shop(trade, online, favourite, merchant, site)


def _zipf(slots: int, slope: float, model: Model) -> F64:
    """Zipf weights rank**-slope."""
    return model.plan.functions.exp(-slope * load_math_tables().log_integer[:slots])


def _online_shares(config: Config) -> F64:
    """Online share by (country, trade), scaled so that their mean over the config's regions is as asked for."""
    share = np.array([t.share for t in TRADES]) * (1 - CASH_SHARE)
    base = np.array([t.online_share for t in TRADES])
    factor = np.array([load_countries()[code].online_factor for code in COUNTRY])
    weight = np.zeros(len(COUNTRY))
    for region in config.regions:
        weight[COUNTRY.index(region.country)] = region.share
    open_share = mean_acceptance()
    low_scale, high_scale = 0.0, 1024.0
    for _ in range(60):
        scale = (low_scale + high_scale) / 2
        shares = np.minimum(base * factor[:, None] * scale, 1.0)
        # Visits that opening hours turn away make room for remote purchases.
        came = shares / (open_share * (1 - shares) + shares)
        mean = sequential_sum((weight[:, None] * share * came).reshape(-1))
        low_scale, high_scale = (scale, high_scale) if mean < config.spending.online_share else (low_scale, scale)
    return np.minimum(base * factor[:, None] * high_scale, 1.0)


def _trade_weights(online: F64) -> F64:
    """Weights of trades at home and travelling, made up for the visits that opening hours turn away."""
    share = np.array([t.share for t in TRADES]) * (1 - CASH_SHARE)
    share[CASH_TRADE] = CASH_SHARE
    typical = online[COUNTRY.index("US")]
    taken = mean_acceptance() * (1 - typical) + typical
    at_home = share / taken
    return np.stack([at_home, at_home * np.array([t.travel_weight for t in TRADES])])
