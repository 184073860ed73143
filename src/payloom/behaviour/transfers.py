"""Transfers from account to account: how they are made and answered."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from payloom.behaviour.pricing import COUNTRY_CURRENCY, MINOR_PER_USD, amount_usd
from payloom.behaviour.rows import NULL, Rows
from payloom.behaviour.settlement import APP, ONLINE, WEB
from payloom.codes import RESPONSE_CODE, TRANSACTION_TYPE
from payloom.plan.clock import LocalTime
from payloom.streams.hashing import U64, derive, high, low, threshold32
from payloom.streams.tables import F64, CategoricalTable
from payloom.world.addresses import HOSTING, VPN
from payloom.world.model import Model

I64 = NDArray[np.int64]
Code = NDArray[np.int8]

TRANSFER = np.int8(TRANSACTION_TYPE.index("transfer"))

ANSWERS = {"00": 0.975, "51": 0.013, "05": 0.003, "57": 0.001, "61": 0.004, "91": 0.003, "96": 0.001}
"""Answers to genuine transfers (estimate)."""


@dataclass(slots=True)
class Orders:
    """What is to be transferred; arrays of length n.

    Attributes
    ----------
    time_us, index, bits
        When, position in the world, and random bits drawn from it.
    customer, group
        The person concerned, and their group: the payer, or the receiver where a business pays.
    account, payee
        Accounts that pay and receive, as indices of `payloom.world.accounts`.
    dollars
        Amount in US dollars, before it is rounded to the currency's habits.
    step_dollars
        Amounts are whole multiples of about this many dollars (ten dollars are a thousand yen); 0 for any cents.
    standing
        Carried out by the bank on a standing order or in a batch, so that no device takes part.
    """

    time_us: I64
    index: I64
    bits: U64
    customer: I64
    group: I64
    account: I64
    payee: I64
    dollars: F64
    step_dollars: F64
    standing: NDArray[np.bool_]

    def __len__(self) -> int:
        """Give the number of orders."""
        return len(self.index)

    def take(self, rows: NDArray[np.intp]) -> Orders:
        """Copy some orders."""
        return Orders(*(getattr(self, name)[rows] for name in ORDER_FIELDS))

    @staticmethod
    def concatenate(parts: list[Orders]) -> Orders:
        """Join orders end to end."""
        return Orders(*(np.concatenate([getattr(part, name) for part in parts]) for name in ORDER_FIELDS))


ORDER_FIELDS = tuple(field.name for field in fields(Orders))


@dataclass(frozen=True)
class Transfers:
    """Functions that carry transfers out."""

    model: Model
    answers: CategoricalTable

    @classmethod
    def of(cls, model: Model) -> Transfers:
        """Prepare the tables."""
        return cls(model, CategoricalTable([ANSWERS.get(code, 0.0) for code in RESPONSE_CODE]))

    def settle(self, clock: LocalTime, orders: Orders) -> Rows:
        """Carry out genuine orders, from the payer's own device unless they stand."""
        # long because: it lists every column once, in the order of the schema
        model, total = self.model, len(orders)
        country = model.geography.home_country.take(orders.group)
        currency = COUNTRY_CURRENCY.take(country)
        amount = round_amount(orders.dollars, orders.step_dollars, currency)
        zone = model.geography.home_timezone.take(orders.group)
        nowhere = np.full(total, np.nan, dtype=np.float32)
        rows = Rows(
            time_us=orders.time_us,
            index=orders.index,
            offset_min=clock.offset_min(orders.time_us, zone),
            kind=np.full(total, TRANSFER),
            amount_minor=amount,
            currency=currency,
            amount_usd=amount_usd(amount, currency),
            customer=orders.customer,
            account=orders.account,
            payee=orders.payee,
            card=np.full(total, NULL, dtype=np.int64),
            bin_id=np.full(total, NULL, dtype=np.int32),
            issuer_id=np.full(total, NULL, dtype=np.int32),
            acquirer_id=np.full(total, NULL, dtype=np.int32),
            brand=_nulls(total),
            funding=_nulls(total),
            issuer_country=_nulls(total),
            merchant=np.full(total, NULL, dtype=np.int64),
            terminal=np.full(total, NULL, dtype=np.int64),
            trade=_nulls(total),
            merchant_country=_nulls(total),
            latitude=nowhere,
            longitude=nowhere,
            channel=np.full(total, ONLINE),
            entry_mode=_nulls(total),
            cvm=_nulls(total),
            wallet=_nulls(total),
            device=np.full(total, NULL, dtype=np.int64),
            device_type=_nulls(total),
            network=_nulls(total),
            address_bits=np.zeros(total, dtype=np.uint64),
            ip_country=_nulls(total),
            three_ds=_nulls(total),
            avs=_nulls(total),
            cvv=_nulls(total),
            recurring=orders.standing,
            response=self.answers(high(derive(orders.bits, model.plan.keys["transfer.response"]))).astype(np.int8),
            original=np.full(total, NULL, dtype=np.int64),
            is_fraud=np.zeros(total, dtype=np.bool_),
        )
        self._from_own_device(orders, rows)
        return rows

    def _from_own_device(self, orders: Orders, rows: Rows) -> None:
        """Fill device and network of who orders by hand."""
        model, places = self.model, np.flatnonzero(~orders.standing)
        customer, group, bits = orders.customer[places], orders.group[places], orders.bits[places]
        draws = derive(bits, model.plan.keys["transfer.device"])
        own = model.devices.bits(customer)
        slot = model.devices.choose_slot(own, low(draws))
        network = model.addresses.choose_network(slot, high(draws))
        hides = np.flatnonzero(low(model.people.detail_bits(customer)) < threshold32(model.config.spending.vpn_share))
        network[hides] = VPN
        address = model.addresses.bits(customer, network, group, rows.time_us[places], low(bits))
        country = model.geography.home_country.take(group)
        exits = model.addresses.exit_country(address)
        kind = model.devices.kind(own, country, slot)
        rows.device[places] = model.devices.index(customer, slot, rows.time_us[places])
        rows.device_type[places] = kind
        rows.channel[places] = np.where(kind == WEB, ONLINE, APP)
        rows.network[places], rows.address_bits[places] = network, address
        rows.ip_country[places] = np.where(network >= HOSTING, exits, country)
        missing = high(derive(bits, model.plan.keys["transfer.missing"])) < threshold32(model.config.missing.device_id)
        unknown = places[missing]
        rows.device[unknown], rows.device_type[unknown] = NULL, NULL


def online_business(model: Model, group: I64, trade: I64, bits: NDArray[np.uint32]) -> I64:
    """Account of a business of a trade that sells online in a group's country."""
    site = model.merchants.online_site[model.geography.home_country[group]]
    return model.accounts.business(model.merchants.pick(model.plan, site, trade, bits)[0])


def round_amount(dollars: F64, step_dollars: F64, currency: NDArray[np.int8]) -> I64:
    """Turn dollars into minor units of a currency, in whole steps where there are any; at least one step or unit."""
    raw = dollars * MINOR_PER_USD.take(currency)
    # A step of ten is ten of every currency with cents, and a thousand of one without.
    step = np.maximum(step_dollars * 100.0, 1.0)
    return (np.maximum(np.floor(raw / step + 0.5), 1.0) * step).astype(np.int64)


def _nulls(total: int) -> Code:
    return np.full(total, NULL, dtype=np.int8)
