"""What typologies buy, and how they change a payment: honest shops, prices and trades, with drift."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from payloom.behaviour.choice import Choice
from payloom.behaviour.pricing import COUNTRY_CURRENCY, amount_usd
from payloom.behaviour.refunds import REFUND, strip_refunds
from payloom.behaviour.rows import NULL, Rows
from payloom.behaviour.settlement import MANUAL, MOTO, NO_THREE_DS
from payloom.behaviour.spending import CASH, PURCHASE, Spending
from payloom.codes import IP_TYPE
from payloom.fraud.drift import Drift, MonthlyTable
from payloom.fraud.shares import code_weights, trade_weights
from payloom.streams.hashing import U32, U64, derive, draw2, high, low, unit
from payloom.streams.tables import F64, CategoricalTable, sequential_sum
from payloom.world.addresses import NETWORK_USE
from payloom.world.devices import PHONE
from payloom.world.merchants import CASH_TRADE, TRADES
from payloom.world.model import Model

I64 = NDArray[np.int64]
Code = NDArray[np.int8]

_UPPER_HALF = np.uint64(0xFFFF_FFFF << 32)
_LAST_QUARTER = np.uint64(3 << 62)


ORDINARY_SHARE = 0.6
"""Part of what fraudsters buy that is what honest people buy: it resells, and it does not stand out (estimate)."""


@dataclass(frozen=True)
class Shops:
    """Random draws, shops and prices for typologies.

    Attributes
    ----------
    model
        Plan and entities.
    spending
        Honest choices.
    """

    model: Model
    spending: Spending

    def draws(self, bits: U64, purpose: str) -> U64:
        """64 fresh bits for each event or campaign, by purpose."""
        return derive(bits, self.model.plan.keys[f"fraud.{purpose}"])

    def pair_draws(self, bits: U64, number: I64, purpose: str) -> U64:
        """64 bits for each pair of random bits and a number: the same for the same pair."""
        return draw2(self.model.plan.keys[f"fraud.{purpose}"], bits, number)

    def shop_online(
        self,
        choice: Choice,
        places: NDArray[np.intp],
        trade: I64,
        bits: U64,
        factor: F64,
        abroad_share: float | F64 = 0.0,
        abroad: I64 | None = None,
    ) -> None:
        """Buy something remote instead, at a merchant of a trade, dearer by a factor.

        The merchant is in the victim's country, or, in a share of the events, in another country of the world: in the
        country `abroad` of each, where that is another one.
        """
        model = self.model
        country = model.geography.home_country[choice.group[places]]
        draws = self.draws(bits, "abroad")
        away = np.flatnonzero(unit(high(draws)) < abroad_share)
        home = country[away]
        country[away] = self.spending.shopping.abroad(low(draws[away]), home)
        if abroad is not None:
            country[away] = np.where(abroad[away] == home, country[away], abroad[away])
        self.buy_at(choice, places, model.merchants.online_site[country], trade, bits, factor)

    def buy_at(self, choice: Choice, places: NDArray[np.intp], site: I64, trade: I64, bits: U64, factor: F64) -> None:
        """Buy something remote at a merchant of a trade at an online site."""
        model = self.model
        merchant, trade = model.merchants.pick(model.plan, site, trade, high(bits))
        merchant_bits = model.merchants.bits(merchant)
        currency = COUNTRY_CURRENCY[model.merchants.site_country[site]]
        ticket = self.draws(bits, "ticket")
        pricing = self.spending.pricing
        raw = pricing.amount_minor(trade, merchant_bits, np.zeros(len(places)), currency, ticket)
        amount = pricing.with_ending(raw * factor, trade, currency, ticket)
        for column, value in (
            (choice.site, site),
            (choice.trade, trade),
            (choice.merchant, merchant),
            (choice.merchant_bits, merchant_bits),
            (choice.kind, PURCHASE),
            (choice.online, True),
            (choice.stored, False),
        ):
            column[places] = value
        self.set_amount(choice, places, amount)

    @staticmethod
    def basket(shop: U64, item: U64) -> U64:
        """Bits for `buy_at`: the upper half picks the shop, the lower half makes the ticket differ."""
        return (shop & _UPPER_HALF) | low(item)

    @staticmethod
    def backstreet(shop: U64) -> U64:
        """Bits that pick a merchant whom few customers know instead of a popular one."""
        return shop | _LAST_QUARTER

    def buy_in_person(
        self, choice: Choice, places: NDArray[np.intp], site: I64, trade: I64, bits: U64, factor: F64
    ) -> None:
        """Buy something, or draw cash, in person at a merchant of a trade in a place."""
        self.buy_at(choice, places, site, trade, bits, factor)
        choice.online[places] = False
        choice.kind[places] = np.where(choice.trade[places] == CASH_TRADE, CASH, PURCHASE)

    def set_amount(self, choice: Choice, places: NDArray[np.intp], amount_minor: I64) -> None:
        """Set amounts in the acceptor's currency."""
        currency = COUNTRY_CURRENCY[self.model.merchants.site_country[choice.site[places]]]
        choice.amount_minor[places] = amount_minor
        choice.amount_usd[places] = amount_usd(amount_minor, currency)

    @staticmethod
    def by_phone(rows: Rows, places: NDArray[np.intp]) -> None:
        """Make remote payments with entered card data orders that the merchant keys in: no device, no address."""
        rows.channel[places], rows.entry_mode[places], rows.three_ds[places] = MOTO, MANUAL, NO_THREE_DS
        for column in (rows.device, rows.device_type, rows.network, rows.ip_country):
            column[places] = NULL

    @staticmethod
    def give_back(rows: Rows, places: NDArray[np.intp], original: I64) -> None:
        """Make approved refunds of earlier payments of some rows."""
        rows.kind[places], rows.original[places] = REFUND, original
        strip_refunds(rows, places)

    def trades(
        self,
        purpose: str,
        drift: Drift,
        shares: dict[str, float],
        *,
        ordinary: float = ORDINARY_SHARE,
        in_person: bool = False,
    ) -> MonthlyTable:
        """Table that draws trades by their short names, with shares that drift.

        A part of the draws, `ordinary`, follows what honest people buy, online or in person.
        """
        honest = np.array([t.share * (1 - t.online_share if in_person else t.online_share) for t in TRADES])
        honest[CASH_TRADE] = 0.0
        wanted = trade_weights(shares)
        weights = honest * (ordinary / sequential_sum(honest)) + wanted * ((1 - ordinary) / sequential_sum(wanted))
        return MonthlyTable.of(drift, f"{purpose}.trades", weights)

    def networks(self, typology: str, drift: Drift, shares: dict[str, float]) -> MonthlyTable:
        """Table that draws networks (codes of `IP_TYPE`), with shares that drift; half are those of honest phones."""
        weights = code_weights(IP_TYPE, shares)
        honest = np.array(NETWORK_USE[PHONE]) * sequential_sum(weights)
        return MonthlyTable.of(drift, f"{typology}.networks", weights + honest)

    @staticmethod
    def redraw(column: Code, places: NDArray[np.intp], table: CategoricalTable, bits: U32) -> None:
        """Draw a code anew where there is one."""
        shown = places[column[places] != NULL]
        column[shown] = table(bits[column[places] != NULL])
