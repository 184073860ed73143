"""Remote payments: device, network address, 3-D Secure and the checks of address and security code."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from payloom.behaviour.authorisation import SCA_COUNTRIES
from payloom.behaviour.choice import Choice
from payloom.behaviour.rows import NULL, Rows
from payloom.codes import AVS_RESULT, COUNTRY, CVV_RESULT, ENTRY_MODE, RESPONSE_CODE, THREE_DS
from payloom.config import Config
from payloom.streams.hashing import U32, U64, derive, draw2, high, low, threshold32
from payloom.streams.tables import CategoricalTable
from payloom.world.addresses import BUSINESS, HOSTING, MOBILE, VPN
from payloom.world.devices import PHONE
from payloom.world.model import Model

I64 = NDArray[np.int64]
Code = NDArray[np.int8]

AVS_COUNTRIES = frozenset(("US", "CA", "GB"))
"""Countries whose issuers check addresses."""

AVS_SHARES = {"Y": 0.825, "Z": 0.07, "A": 0.035, "N": 0.035, "U": 0.035}
"""Address checks of honest customers (estimate): people move, and mistype."""

CVV_SHARES = {"M": 0.972, "N": 0.009, "P": 0.007, "U": 0.012}
"""Security code checks of honest customers (estimate)."""

FOREIGN_LINE_SHARE = 0.025
"""Remote payments from a line or carrier in another country (estimate)."""
BORROWED_PHONE_SHARE = 0.012
"""Remote payments on a phone that are made on the partner's (estimate)."""

STRANGE_DEVICE_SHARE = 0.032
"""Remote payments from a device of somebody else in the same country: a colleague's, a public or a rented one
(estimate; ThreatMetrix 2013: 13 to 19 % of accounts see three devices or more in a month)."""

STRANGE_DEVICE_US = 5 * 86_400_000_000
"""Such a device is used for some days."""

PUBLIC_SHARE = 0.024
"""Part of the strange devices that are public, a library's or a hotel's (estimate): strangers meet on those."""

PUBLIC_EVERY = 1500
"""Customers for whom there is one public device (estimate)."""

FOREIGN_LINE_US = 7 * 86_400_000_000
"""Such a line is kept for a week."""

_NONE, _ATTEMPTED, _FRICTIONLESS, _CHALLENGED, _FAILED = (np.int8(outcome) for outcome in range(len(THREE_DS)))
_WRONG_CODE = np.int8(RESPONSE_CODE.index("N7"))
_SOFT_DECLINE = np.int8(RESPONSE_CODE.index("1A"))
_REFUSED, _FUNDS, _OVER_LIMIT = (np.int8(RESPONSE_CODE.index(code)) for code in ("05", "51", "61"))
_NO_MATCH = np.int8(CVV_RESULT.index("N"))
_ECOMMERCE = np.int8(ENTRY_MODE.index("ecommerce"))
_STRICT = np.array([code in SCA_COUNTRIES for code in COUNTRY])


@dataclass(slots=True)
class RemoteRows:
    """Remote parts of payments; codes as in `payloom.behaviour.rows`."""

    device: I64
    device_type: Code
    network: Code
    address_bits: U64
    ip_country: Code
    three_ds: Code
    avs: Code
    cvv: Code


@dataclass(frozen=True)
class Remote:
    """Tables of remote payments.

    Attributes
    ----------
    three_ds
        Draws the outcome of 3-D Secure by issuer country.
    avs, cvv
        Draw the checks.
    has_avs
        Whether a country's issuers check addresses.
    """

    model: Model
    three_ds: CategoricalTable
    avs: CategoricalTable
    cvv: CategoricalTable
    has_avs: NDArray[np.bool_]

    @classmethod
    def of(cls, model: Model) -> Remote:
        """Prepare the tables."""
        return cls(
            model=model,
            three_ds=CategoricalTable(_three_ds_weights(model.config)),
            avs=CategoricalTable([AVS_SHARES.get(code, 0.0) for code in AVS_RESULT]),
            cvv=CategoricalTable([CVV_SHARES.get(code, 0.0) for code in CVV_RESULT]),
            has_avs=np.array([code in AVS_COUNTRIES for code in COUNTRY]),
        )

    def pay(self, choice: Choice, rows: NDArray[np.intp], response: Code) -> RemoteRows:
        """Make the remote parts of honest payments.

        Parameters
        ----------
        choice, rows
            The payments, and which of them are remote.
        response
            The issuer's answer to them, with which the security code's check agrees.
        """
        model, keys = self.model, self.model.plan.keys
        customer, group, time_us = choice.customer.take(rows), choice.group.take(rows), choice.time_us.take(rows)
        country = model.geography.home_country.take(group)
        kept = choice.stored.take(rows) | choice.recurring.take(rows)
        bits = choice.bits.take(rows)
        own = model.devices.bits(customer)
        slot = model.devices.choose_slot(own, low(choice.instrument_bits.take(rows)))
        draws = derive(bits, keys["remote.network"])
        network = model.addresses.choose_network(slot, high(draws))
        hides = np.flatnonzero(low(model.people.detail_bits(customer)) < threshold32(model.config.spending.vpn_share))
        network[hides] = VPN
        address = model.addresses.bits(customer, network, group, time_us, low(draws))
        ip_country = country.astype(np.int8)
        exits = np.flatnonzero(network >= HOSTING)
        ip_country[exits] = model.addresses.exit_country(address[exits])
        self._go_abroad(customer, network, time_us, bits, address, ip_country)
        device, owner = self._borrow(customer, slot, time_us, bits)
        checks = derive(bits, keys["remote.checks"])
        avs = self.avs(low(checks)).astype(np.int8, copy=False)
        np.copyto(avs, NULL, where=~self.has_avs.take(country) | kept)
        cvv = self.cvv(high(derive(checks, keys["remote.cvv"]))).astype(np.int8)
        # A wrong code is what the answer N7 says.
        np.copyto(cvv, _NO_MATCH, where=response == _WRONG_CODE)
        np.copyto(cvv, NULL, where=kept)
        three_ds = self.three_ds(high(checks), country).astype(np.int8, copy=False)
        # Whoever is sent back for authentication has not been authenticated.
        np.copyto(three_ds, _NONE, where=response == _SOFT_DECLINE)
        return RemoteRows(
            device=device,
            device_type=model.devices.kind(model.devices.bits(owner), country, slot),
            network=network,
            address_bits=address,
            ip_country=ip_country,
            three_ds=three_ds,
            avs=avs,
            cvv=cvv,
        )

    def _go_abroad(self, customer: I64, network: Code, time_us: I64, bits: U64, address: U64, ip_country: Code) -> None:
        """Let a few people come from abroad: guests on fixed lines, phones on foreign carriers."""
        model, keys = self.model, self.model.plan.keys
        draws = derive(bits, keys["remote.abroad"])
        away = np.flatnonzero((low(draws) < threshold32(FOREIGN_LINE_SHARE)) & (network <= BUSINESS))
        guests = away[network[away] != MOBILE]
        address[guests] = draw2(keys["remote.line"], customer[guests], time_us[guests] // FOREIGN_LINE_US)
        ip_country[guests] = model.addresses.exit_country(address[guests])
        roaming = away[network[away] == MOBILE]
        there = high(draws[roaming]).astype(np.int64) * len(model.plan.groups) >> 32
        address[roaming] = model.addresses.bits(
            customer[roaming], network[roaming], there, time_us[roaming], low(bits[roaming])
        )
        ip_country[roaming] = model.geography.home_country[there]

    def _borrow(self, customer: I64, slot: I64, time_us: I64, bits: U64) -> tuple[I64, I64]:
        """Give the device of each payment and who owns it: now and then the partner's phone, or a stranger's."""
        devices, cohorts, keys = self.model.devices, self.model.plan.cohorts, self.model.plan.keys
        draws = derive(bits, keys["remote.borrowed"])
        borrows = high(draws) < threshold32(BORROWED_PHONE_SHARE)
        partner = customer ^ 1
        borrows &= (slot == PHONE) & (partner < cohorts.customers)
        owner = np.where(borrows, partner, customer)
        strange = np.flatnonzero(low(draws) < threshold32(STRANGE_DEVICE_SHARE))
        cohort = cohorts.of_customer(customer[strange])
        which = draw2(keys["remote.strange"], customer[strange], time_us[strange] // STRANGE_DEVICE_US)
        owner[strange] = cohorts.base[cohort] + (high(which).astype(np.int64) * cohorts.size[cohort] >> 32)
        slot[strange] = devices.choose_slot(devices.bits(owner[strange]), low(which))
        shared = derive(which, keys["remote.public"])
        public = high(shared) < threshold32(PUBLIC_SHARE)
        self._go_public(strange[public], low(shared[public]), cohort[public], owner, slot)
        return devices.index(owner, slot, time_us), owner

    def _go_public(self, rows: NDArray[np.intp], draws: U32, cohort: NDArray[np.intp], owner: I64, slot: I64) -> None:
        """Use one of a region's public devices at some rows: in place. Who is listed as its owner hardly pays."""
        cohorts, devices = self.model.plan.cohorts, self.model.devices
        base, size = (column[cohorts.group[cohort]] for column in self._stayers)
        rows, draws, base, size = rows[size > 0], draws[size > 0], base[size > 0], size[size > 0]
        number = draws.astype(np.int64) * (size // PUBLIC_EVERY + 1) >> 32
        owner[rows] = base + number
        own = devices.bits(owner[rows])
        slot[rows] = devices.choose_slot(own, low(own))

    @cached_property
    def _stayers(self) -> tuple[I64, I64]:
        """First customer, and number of customers, of those of each group who stay all the time; 0 for none."""
        cohorts = self.model.plan.cohorts
        base, size = np.zeros(cohorts.groups, dtype=np.int64), np.zeros(cohorts.groups, dtype=np.int64)
        stay = np.flatnonzero((cohorts.join_epoch == 0) & (cohorts.leave_epoch == cohorts.epochs))
        base[cohorts.group[stay]], size[cohorts.group[stay]] = cohorts.base[stay], cohorts.size[stay]
        return base, size


def agree(rows: Rows) -> None:
    """Make answers that fraudsters provoke agree with the checks: in place.

    A wrong code (N7) fails its check, or is an ordinary refusal where no code was sent; only an issuer who must ask for
    strong authentication does so (1A), and only of whoever has not authenticated; who asks for nothing lacks no funds.
    """
    wrong, soft = rows.response == _WRONG_CODE, rows.response == _SOFT_DECLINE
    np.copyto(rows.cvv, _NO_MATCH, where=wrong & (rows.cvv != NULL))
    asked = soft & _STRICT.take(rows.issuer_country) & (rows.entry_mode == _ECOMMERCE)
    np.copyto(rows.three_ds, _NONE, where=asked)
    lacks = (rows.amount_minor == 0) & ((rows.response == _FUNDS) | (rows.response == _OVER_LIMIT))
    np.copyto(rows.response, _REFUSED, where=(wrong & (rows.cvv == NULL)) | (soft & ~asked) | lacks)


def _three_ds_weights(config: Config) -> NDArray[np.float64]:
    settings = config.authorisation
    weights = np.zeros((len(COUNTRY), len(THREE_DS)))
    for row, code in enumerate(COUNTRY):
        used = settings.sca_three_ds_share if code in SCA_COUNTRIES else settings.other_three_ds_share
        weights[row, _NONE] = 1 - used
        weights[row, _ATTEMPTED] = used * 0.04
        weights[row, _FRICTIONLESS] = used * settings.frictionless_share
        weights[row, _FAILED] = used * 0.02
        weights[row, _CHALLENGED] = max(used * (0.94 - settings.frictionless_share), 0.0)
    return weights
