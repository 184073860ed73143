"""Entity tables: customers, accounts, cards, devices and merchants whose life overlaps the world's period."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from payloom.behaviour.present import EARTH_ROUND
from payloom.behaviour.pricing import COUNTRY_CURRENCY
from payloom.cell.encoder import BatchEncoder, string_array
from payloom.cell.names import merchant_names
from payloom.codes import ACCOUNT_KIND, AFFLUENCE_BAND
from payloom.plan.periods import DAY_US
from payloom.schema import ACCOUNTS, CARDS, CUSTOMERS, DEVICES, MERCHANTS
from payloom.streams.bijection import IdScrambler
from payloom.streams.hashing import draw, high, low
from payloom.streams.tables import CategoricalTable
from payloom.world.accounts import BUSINESS_BASE, CURRENT, SAVINGS
from payloom.world.accounts import SLOTS as ACCOUNT_SLOTS
from payloom.world.cards import GENERATIONS, REISSUE_OVERLAP_DAYS, SLOTS, VALID_DAYS
from payloom.world.devices import SLOTS as DEVICE_SLOTS
from payloom.world.devices import TABLET
from payloom.world.lives import OLDEST_ACCOUNT_DAYS, Lives, lives_of
from payloom.world.merchants import terminal_count
from payloom.world.model import Model
from payloom.world.people import AGE_SHARES
from payloom.world.reissues import Reissues

if TYPE_CHECKING:
    import pyarrow as pa

I64 = NDArray[np.int64]

PART_ENTITIES = 500_000
"""Customers or merchants that one part covers."""

_GENERATIONS = 64
"""Devices number their generations below this."""

_KIND_OF_SLOT = np.full(ACCOUNT_SLOTS, ACCOUNT_KIND.index("card"))
_KIND_OF_SLOT[[CURRENT, SAVINGS]] = ACCOUNT_KIND.index("current"), ACCOUNT_KIND.index("savings")


def entity_counts(model: Model) -> dict[str, int]:
    """Give the number of customers or merchants behind each table; accounts count both, customers first."""
    customers, merchants = model.plan.cohorts.customers, model.merchants.total
    return {
        CUSTOMERS.name: customers,
        ACCOUNTS.name: customers + merchants,
        CARDS.name: customers,
        DEVICES.name: customers,
        MERCHANTS.name: merchants,
    }


@dataclass(frozen=True)
class Entities:
    """Makes batches of the entity tables."""

    model: Model
    reissues: Reissues

    def makers(self) -> dict[str, Callable[[I64], pa.RecordBatch]]:
        """Give what makes the batch of some customers or merchants, by table."""
        return {
            CUSTOMERS.name: self.customers,
            ACCOUNTS.name: self.accounts,
            CARDS.name: self.cards,
            DEVICES.name: self.devices,
            MERCHANTS.name: self.merchants,
        }

    def customers(self, customer: I64) -> pa.RecordBatch:
        """Make a batch of the customers table."""
        model, column = self.model, BatchEncoder(CUSTOMERS)
        customer = _shuffled(customer, model.people.ids)
        group = self._group(customer)
        bits, details = model.people.bits(customer), model.people.detail_bits(customer)
        place = model.people.home_place(bits, group)
        home = draw(model.plan.keys["customer.home"], customer)
        north, east = (model.plan.functions.normal.step(part(home)) for part in (high, low))
        spread = model.geography.spread_degrees[place]
        lives = lives_of(model, customer)
        column.ids("customer_id", customer, model.people.ids)
        column.codes("home_country", model.geography.home_country[group].astype(np.int8))
        column.add("home_city", self._cities(place))
        column.values("home_latitude", (model.geography.latitude[place] + north * spread).astype(np.float32))
        column.values(
            "home_longitude", (model.geography.longitude[place] + east * spread * EARTH_ROUND).astype(np.float32)
        )
        column.codes("affluence_band", (high(bits).astype(np.int64) * len(AFFLUENCE_BAND) >> 32).astype(np.int8))
        column.codes("age_band", CategoricalTable(AGE_SHARES)(high(details)).astype(np.int8))
        column.days("opened_on", lives.opened)
        column.days("closed_on", lives.closed)
        return column.batch()

    def accounts(self, number: I64) -> pa.RecordBatch:
        """Make a batch of the accounts table: those of customers, then, from their number on, those of merchants."""
        model, column = self.model, BatchEncoder(ACCOUNTS)
        customers = model.plan.cohorts.customers
        customer, merchant = number[number < customers], number[number >= customers] - customers
        slots = self._card_slots(customer)
        saves = customer[model.accounts.has_savings(customer)]
        own = [model.accounts.of_card(slots // SLOTS, slots % SLOTS), model.accounts.savings(saves)]
        account = _shuffled(np.concatenate([*own, model.accounts.business(merchant)]), model.people.account_ids)
        business = account >= BUSINESS_BASE
        owner = np.where(business, 0, account // ACCOUNT_SLOTS)
        shop = np.where(business, account - BUSINESS_BASE, 0)
        lives = lives_of(model, owner)
        home = model.geography.home_country[self._group(owner)]
        country = np.where(business, model.merchants.site_country[model.merchants.site_of(shop)[0]], home)
        years = high(draw(model.plan.keys["business.life"], shop)).astype(np.int64) * OLDEST_ACCOUNT_DAYS >> 32
        kind = np.where(business, ACCOUNT_KIND.index("business"), _KIND_OF_SLOT[account % ACCOUNT_SLOTS])
        column.ids("account_id", account, model.people.account_ids)
        column.codes("account_kind", kind.astype(np.int8))
        column.ids("customer_id", np.where(business, -1, owner), model.people.ids)
        column.ids("merchant_id", np.where(business, shop, -1), model.merchants.ids)
        column.codes("currency", COUNTRY_CURRENCY[country])
        first_day = model.plan.period.first_day
        column.days("opened_on", np.where(business, first_day - 1 - years, lives.opened))
        column.days("closed_on", np.where(business, -1, lives.closed))
        return column.batch()

    def cards(self, customer: I64) -> pa.RecordBatch:
        """Make a batch of the cards table, each reissue a row, on schedule or after a block."""
        model, column = self.model, BatchEncoder(CARDS)
        slots = self._card_slots(customer)
        first, last = self._presence(lives_of(model, slots // SLOTS))
        oldest, _ = model.cards.generation(slots, first)
        newest, _ = model.cards.generation(slots, last)
        row, generation = _count_up(oldest, newest)
        begins = np.maximum(model.cards.issued_day(slots[row], generation), first[row]) * DAY_US
        blocked_row, blocked_us = self.reissues.of_holders(slots)
        inside = (blocked_us > first[blocked_row] * DAY_US) & (blocked_us < (last[blocked_row] + 1) * DAY_US)
        row = np.concatenate([row, blocked_row[inside]])
        begins = np.concatenate([begins, blocked_us[inside]])
        holder = slots[row]
        scheduled, _ = model.cards.generation(holder, begins // DAY_US)
        blocks, block_us = self.reissues.before(holder, begins)
        card = holder * GENERATIONS + scheduled + blocks
        order = np.lexsort((begins, holder))
        following = np.full(len(card), -1)
        same = holder[order][1:] == holder[order][:-1]
        following[order[:-1][same]] = card[order[1:][same]]
        order = np.argsort(model.cards.ids(card))
        card, holder, scheduled, following = card[order], holder[order], scheduled[order], following[order]
        blocked = np.where(blocks > 0, block_us // DAY_US, 0)[order]
        owner = holder // SLOTS
        country = model.geography.home_country[self._group(owner)]
        bin_id, issuer_id, brand, kind = model.cards.product(holder, country)
        issued = model.cards.issued_day(holder, scheduled)
        column.ids("card_id", card, model.cards.ids)
        column.ids("account_id", model.accounts.of_card(owner, holder % SLOTS), model.people.account_ids)
        column.ids("customer_id", owner, model.people.ids)
        column.values("bin_id", bin_id)
        column.values("issuer_id", issuer_id)
        column.codes("card_brand", brand)
        column.codes("card_type", kind)
        column.codes("issuer_country", country.astype(np.int8))
        column.days("issued_on", np.maximum(np.maximum(issued, blocked), lives_of(model, owner).opened))
        column.days("expires_on", issued + VALID_DAYS + REISSUE_OVERLAP_DAYS)
        column.ids("replaced_by_card_id", following, model.cards.ids)
        return column.batch()

    def devices(self, customer: I64) -> pa.RecordBatch:
        """Make a batch of the devices table, each upgrade a row."""
        model, column = self.model, BatchEncoder(DEVICES)
        slot = np.tile(np.arange(TABLET + 1), len(customer))
        owners = np.repeat(customer, TABLET + 1)
        owned = slot < model.devices.count(owners)
        slot, owners = slot[owned], owners[owned]
        first, last = self._presence(lives_of(model, owners))
        slots = owners * DEVICE_SLOTS + slot
        oldest, _ = model.devices.generation(slots, slot, first)
        newest, _ = model.devices.generation(slots, slot, last)
        row, generation = _count_up(oldest, newest)
        device = _shuffled(slots[row] * _GENERATIONS + generation, model.devices.ids)
        holder, generation = device // _GENERATIONS, device % _GENERATIONS
        owner, slot = holder // DEVICE_SLOTS, holder % DEVICE_SLOTS
        last_day = self._presence(lives_of(model, owner))[1]
        replaced = generation < model.devices.generation(holder, slot, last_day)[0]
        country = model.geography.home_country[self._group(owner)]
        column.ids("device_id", device, model.devices.ids)
        column.ids("customer_id", owner, model.people.ids)
        column.codes("device_type", model.devices.kind(model.devices.bits(owner), country, slot))
        column.days("activated_on", model.devices.first_day(holder, slot, generation))
        retired = model.devices.first_day(holder, slot, generation + 1)
        column.days("retired_on", np.where(replaced, retired, -1))
        return column.batch()

    def merchants(self, merchant: I64) -> pa.RecordBatch:
        """Make a batch of the merchants table."""
        model, column = self.model, BatchEncoder(MERCHANTS)
        merchant = _shuffled(merchant, model.merchants.ids)
        site, trade = model.merchants.site_of(merchant)
        bits = model.merchants.bits(merchant)
        online = site >= model.geography.places
        place = np.where(online, 0, site)
        country = model.merchants.site_country[site]
        north, east = model.merchants.offsets(model.plan, bits)
        spread = model.geography.spread_degrees[place]
        latitude = np.where(online, np.nan, model.geography.latitude[place] + north * spread)
        longitude = np.where(online, np.nan, model.geography.longitude[place] + east * spread * EARTH_ROUND)
        column.ids("merchant_id", merchant, model.merchants.ids)
        column.add("name", merchant_names(draw(model.plan.keys["merchant.name"], merchant), trade))
        column.codes("mcc", trade.astype(np.int8))
        column.codes("country", country.astype(np.int8))
        column.add("city", self._cities(np.where(online, -1, place)))
        column.floats("latitude", latitude.astype(np.float32))
        column.floats("longitude", longitude.astype(np.float32))
        column.flags("is_online", online)
        column.values("acquirer_id", model.merchants.acquirer(bits, country))
        column.values("terminals", np.where(online, 0, terminal_count(bits)).astype(np.int32))
        return column.batch()

    def _group(self, customer: I64) -> I64:
        cohorts = self.model.plan.cohorts
        return cohorts.group[cohorts.of_customer(customer)]

    def _card_slots(self, customer: I64) -> I64:
        """Card slots of customers: their number by `SLOTS` is the holder."""
        second = self.model.cards.has_second(customer)
        return np.concatenate([customer * SLOTS, customer[second] * SLOTS + 1])

    def _presence(self, lives: Lives) -> tuple[I64, I64]:
        """First and last day of the period on which customers are there."""
        period = self.model.plan.period
        gone = np.where(lives.closed < 0, period.end_day, np.minimum(lives.closed, period.end_day))
        return np.maximum(lives.opened, period.first_day), gone - 1

    def _cities(self, place: I64) -> pa.Array:
        """Names of places; -1 is null."""
        return string_array([city.name for city in self.model.geography.cities], place)


def _shuffled(index: I64, ids: IdScrambler) -> I64:
    """Put indices in order of their opaque ids, so that the order of the rows says nothing."""
    return index[np.argsort(ids(index))]


def _count_up(first: I64, last: I64) -> tuple[I64, I64]:
    """List first..last of each row, as pairs of row and number."""
    count = last - first + 1
    row = np.repeat(np.arange(len(first)), count)
    number = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count) + first[row]
    return row, number
