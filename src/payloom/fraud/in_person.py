"""Paying in person with somebody else's card: how it is read decides how it is verified."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from payloom.behaviour.present import (
    CHIP,
    CONTACTLESS,
    FALLBACK,
    LOW_VALUE_USD,
    MAGSTRIPE,
    NO_CVM,
    PIN,
    SIGNATURE,
    SIGNATURE_COUNTRIES,
)
from payloom.behaviour.rows import NULL, Rows
from payloom.behaviour.settlement import ATM, IN_STORE
from payloom.codes import COUNTRY

Bool = NDArray[np.bool_]

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


def asks_pin(rows: Rows) -> Bool:
    """Rows that are verified by PIN."""
    return rows.cvm == PIN
