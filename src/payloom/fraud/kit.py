"""What typologies share: honest behaviour to depart from, and the fraudster's own devices, addresses and shops."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from payloom.behaviour.choice import Choice
from payloom.behaviour.pricing import COUNTRY_CURRENCY, amount_usd
from payloom.behaviour.rows import NULL, Rows
from payloom.behaviour.settlement import APP, ONLINE, WEB
from payloom.behaviour.spending import PURCHASE, Spending
from payloom.fraud.events import Events
from payloom.fraud.victims import Band, Victims
from payloom.plan.periods import DAY_US
from payloom.plan.profiles import HOUR_SHARE_PERCENT
from payloom.streams.hashing import U32, U64, derive, draw2, high, low, threshold32
from payloom.streams.tables import F64, INTERVALS, CategoricalTable, UniformTable
from payloom.world.addresses import HOSTING
from payloom.world.merchants import TRADES
from payloom.world.model import Model

I64 = NDArray[np.int64]
Code = NDArray[np.int8]


@dataclass(frozen=True)
class Kit:
    """Tools for typologies.

    Attributes
    ----------
    model
        Plan and entities.
    spending
        Honest choices.
    victims
        Customers by slot.
    """

    model: Model
    spending: Spending
    victims: Victims

    def draws(self, bits: U64, purpose: str) -> U64:
        """64 fresh bits for each event or campaign, by purpose."""
        return derive(bits, self.model.plan.keys[f"fraud.{purpose}"])

    def pair_draws(self, bits: U64, number: I64, purpose: str) -> U64:
        """64 bits for each pair of random bits and a number: the same for the same pair."""
        return draw2(self.model.plan.keys[f"fraud.{purpose}"], bits, number)

    def waits(self, bits: U64, mean: float) -> F64:
        """Exponential waiting times with a mean: half the sum of two squared normal numbers."""
        first, second = self.model.plan.functions.normal(high(bits)), self.model.plan.functions.normal(low(bits))
        return (first * first + second * second) * (mean / 2.0)

    def usual_times(self, events: Events, bits: U32, offset_us: I64) -> I64:
        """Times of the victims' local day at which people pay."""
        return self.local_times(events, self._hours(bits), offset_us)

    @cached_property
    def _hours(self) -> UniformTable:
        """Local hour, with fraction, from a uniform draw."""
        share = np.array(HOUR_SHARE_PERCENT)
        before = np.concatenate([[0.0], np.cumsum(share)])
        target = np.arange(INTERVALS + 1) / INTERVALS * before[-1]
        hour = np.minimum(np.searchsorted(before, target, side="right") - 1, len(share) - 1)
        # Not np.interp: a compiler may fuse its multiplication and addition, which rounds differently.
        return UniformTable(hour + (target - before[hour]) / share[hour])

    @staticmethod
    def local_times(events: Events, hour: F64, offset_us: I64) -> I64:
        """Times at a local hour of the day (with fraction) in each event's UTC day."""
        return events.midnight_us + ((hour * 3.6e9).astype(np.int64) - offset_us) % DAY_US

    @staticmethod
    def within_day(events: Events, time_us: I64) -> I64:
        """Reflect times that run over midnight back into their day."""
        last = events.midnight_us + DAY_US - 1
        over = np.maximum(time_us - last, 0)
        return np.clip(time_us - 2 * over, events.midnight_us, last)

    def accomplice(self, events: Events, number: I64 | int = 0) -> I64:
        """Customer whose devices and lines a campaign uses: an ordinary person, with an ordinary past."""
        numbers = np.broadcast_to(np.asarray(number, dtype=np.int64), events.index.shape)
        slot = high(self.pair_draws(events.campaign_bits, numbers, "accomplice")).astype(np.int64)
        return self.victims.of_campaigns(events, np.full(len(events), int(Band.ANYBODY)), slot)

    def group_of(self, customer: I64) -> I64:
        """Group of customers."""
        cohorts = self.model.plan.cohorts
        return cohorts.group[cohorts.of_customer(customer)]

    def use_device(self, rows: Rows, places: NDArray[np.intp], holder: I64, slot: int) -> None:
        """Pay from a device of `holder`; rows that show no device still show none."""
        seen = rows.device[places] != NULL
        places, holder = places[seen], holder[seen]
        devices = self.model.devices
        country = self.model.geography.home_country[self.group_of(holder)]
        slots = np.full(len(places), slot)
        rows.device[places] = devices.index(holder, slots, rows.time_us[places])
        kind = devices.kind(devices.bits(holder), country, slots)
        rows.device_type[places] = kind
        # Apps run on phones and tablets.
        on_web = places[(kind == WEB) & (rows.channel[places] == APP)]
        rows.channel[on_web] = ONLINE

    def use_network(self, rows: Rows, places: NDArray[np.intp], holder: I64, network: Code, bits: U64) -> None:
        """Come from a network of `holder`; rows that show no address still show none."""
        seen = rows.network[places] != NULL
        places, holder, network, bits = places[seen], holder[seen], network[seen], bits[seen]
        group = self.group_of(holder)
        rows.network[places] = network
        address = self.model.addresses.bits(holder, network, group, rows.time_us[places], low(bits))
        rows.address_bits[places] = address
        country = self.model.geography.home_country[group].astype(np.int8)
        exits = self.model.addresses.exit_country(address)
        rows.ip_country[places] = np.where(network >= HOSTING, exits, country)

    def shop_online(
        self, choice: Choice, places: NDArray[np.intp], trade: I64, bits: U64, factor: F64, abroad_share: float = 0.0
    ) -> None:
        """Buy something remote instead, at a merchant of a trade, dearer by a factor.

        The merchant is in the victim's country, or, in a share of the events, in another country of the world.
        """
        model = self.model
        country = model.geography.home_country[choice.group[places]]
        draws = self.draws(bits, "abroad")
        away = np.flatnonzero(high(draws) < threshold32(abroad_share))
        country[away] = self.spending.shopping.abroad(low(draws[away]), country[away])
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

    def set_amount(self, choice: Choice, places: NDArray[np.intp], amount_minor: I64) -> None:
        """Set amounts in the acceptor's currency."""
        currency = COUNTRY_CURRENCY[self.model.merchants.site_country[choice.site[places]]]
        choice.amount_minor[places] = amount_minor
        choice.amount_usd[places] = amount_usd(amount_minor, currency)

    @staticmethod
    def redraw(column: Code, places: NDArray[np.intp], table: CategoricalTable, bits: U32) -> None:
        """Draw a code anew where there is one."""
        shown = places[column[places] != NULL]
        column[shown] = table(bits[column[places] != NULL])


def trade_table(shares: dict[str, float]) -> CategoricalTable:
    """Table that draws trades by their short names; shares need not sum to 1.

    Raises
    ------
    KeyError
        If a name is not a trade of the reference data.
    """
    number = {trade.trade: index for index, trade in enumerate(TRADES)}
    weights = np.zeros(len(TRADES))
    for name, share in shares.items():
        weights[number[name]] = share
    return CategoricalTable(weights)


def code_table(codes: tuple[str, ...], shares: dict[str, float]) -> CategoricalTable:
    """Table that draws codes with given shares; shares need not sum to 1.

    Raises
    ------
    ValueError
        If a share is for a code that does not exist.
    """
    weights = np.zeros(len(codes))
    for code, share in shares.items():
        weights[codes.index(code)] = share
    return CategoricalTable(weights)
