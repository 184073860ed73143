"""Paying in person with somebody else's card: how it is read decides how it is verified."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from payloom.behaviour.present import (
    APPLE,
    CHIP,
    CONTACTLESS,
    FALLBACK,
    GOOGLE,
    LOW_VALUE_USD,
    MAGSTRIPE,
    NO_CVM,
    ON_DEVICE,
    PIN,
    SAMSUNG,
    SAMSUNG_SHARE,
    SIGNATURE,
    SIGNATURE_COUNTRIES,
)
from payloom.behaviour.rows import NULL, Rows
from payloom.behaviour.settlement import ATM, IN_STORE
from payloom.codes import COUNTRY, DEVICE_TYPE
from payloom.world.devices import PHONE
from payloom.world.model import Model

I64 = NDArray[np.int64]
Bool = NDArray[np.bool_]

IOS = np.int8(DEVICE_TYPE.index("ios"))

_SIGNS = np.array([code in SIGNATURE_COUNTRIES for code in COUNTRY])


def in_person(rows: Rows) -> Bool:
    """Rows whose card is present."""
    return (rows.channel == IN_STORE) | (rows.channel == ATM)


def show_card(rows: Rows, places: NDArray[np.intp], entry: NDArray[np.int8]) -> None:
    """Pay at some rows with a card, not a phone, that is read as wished, where that is possible.

    Dear purchases and withdrawals are not tapped. Stripes are signed for, chips where the card's country signs; what
    else is left, and every withdrawal, asks for the PIN.
    """
    cash = rows.channel[places] == ATM
    large = rows.amount_usd[places] >= LOW_VALUE_USD
    entry = np.where((entry == CONTACTLESS) & (large | cash), CHIP, entry)
    signed = (entry == MAGSTRIPE) | (entry == FALLBACK)
    signed |= (entry == CHIP) & _SIGNS[rows.issuer_country[places]]
    cvm = np.where(signed, SIGNATURE, PIN)
    cvm[entry == CONTACTLESS] = NO_CVM
    cvm[cash] = PIN
    rows.entry_mode[places], rows.cvm[places], rows.wallet[places] = entry, cvm, NULL


def spare_pin(rows: Rows, places: NDArray[np.intp], entry: NDArray[np.int8], knows_pin: Bool) -> NDArray[np.int8]:
    """Read cards otherwise than by chip where that asks for a PIN that nobody knows: tap what is small, swipe the rest.

    What is too dear to be tapped is inserted where that needs no PIN.
    """
    small = rows.amount_usd[places] < LOW_VALUE_USD
    chip_works = knows_pin | _SIGNS[rows.issuer_country[places]]
    dear_tap = (entry == CONTACTLESS) & ~small
    entry = np.where(dear_tap, CHIP, entry)
    return np.where((entry == CHIP) & ~chip_works, np.where(small, CONTACTLESS, MAGSTRIPE), entry)


def show_phone(model: Model, rows: Rows, places: NDArray[np.intp], holder: I64) -> None:
    """Pay at some rows with the phone of `holder`, to which the card was added; cash machines still take a card."""
    shop = rows.channel[places] == IN_STORE
    places, holder = places[shop], holder[shop]
    devices = model.devices
    cohorts = model.plan.cohorts
    country = model.geography.home_country[cohorts.group[cohorts.of_customer(holder)]]
    own = devices.bits(holder)
    kind = devices.kind(own, country, np.full(len(places), PHONE))
    samsung = (own & np.uint64(0xFFFF)) < np.uint64(int(SAMSUNG_SHARE * 65536))
    rows.entry_mode[places], rows.cvm[places] = CONTACTLESS, ON_DEVICE
    rows.wallet[places] = np.where(kind == IOS, APPLE, np.where(samsung, SAMSUNG, GOOGLE))


def asks_pin(rows: Rows) -> Bool:
    """Rows that are verified by PIN."""
    return rows.cvm == PIN
