"""Payments in person: entry mode, wallet, verification, and the terminal's place."""

from __future__ import annotations

from dataclasses import dataclass
from math import fsum

import numpy as np
from numpy.typing import NDArray

from payloom.behaviour.choice import Choice
from payloom.behaviour.rows import NULL
from payloom.codes import COUNTRY, CVM, DEVICE_TYPE, ENTRY_MODE, WALLET
from payloom.reference import load_countries
from payloom.streams.hashing import U64, derive, high, low, threshold32
from payloom.streams.tables import F64, CategoricalTable
from payloom.world.devices import PHONE
from payloom.world.merchants import CASH_TRADE, MAX_TERMINALS, terminal_count
from payloom.world.model import Model

I64 = NDArray[np.int64]
F32 = NDArray[np.float32]
Code = NDArray[np.int8]

CHIP, CONTACTLESS, MAGSTRIPE, FALLBACK = (
    np.int8(ENTRY_MODE.index(mode)) for mode in ("chip", "contactless", "magstripe", "fallback")
)
PIN, ON_DEVICE, SIGNATURE, NO_CVM = (np.int8(CVM.index(c)) for c in ("pin", "device", "signature", "none"))
APPLE, GOOGLE, SAMSUNG = (np.int8(WALLET.index(w)) for w in ("apple_pay", "google_pay", "samsung_pay"))
_IOS = np.int8(DEVICE_TYPE.index("ios"))

MAGSTRIPE_SHARE, FALLBACK_SHARE = 0.006, 0.003
"""Share of payments in store by magnetic stripe, and by stripe after a failed chip (estimates)."""

CONTACTLESS_CEILING_USD = 140.0
"""Above about this much a card, unlike a phone, has to be inserted."""
ABOVE_CEILING_SHARE = 0.05
"""Share of payments in store above the ceiling (measured on the default world)."""
LOW_VALUE_USD = 55.0
"""Below about this much, contactless needs no verification."""

SAMSUNG_SHARE = 0.15
"""Share of Android phones that pay with Samsung's wallet (estimate)."""

SIGNATURE_COUNTRIES = frozenset(("US", "JP"))
SIGNATURE_SHARE = 0.6
"""Share of chip payments in those countries without a PIN (estimate)."""

EARTH_ROUND = 1.4
"""Degrees of longitude are shorter than degrees of latitude: about 1 / cos(45 degrees)."""


@dataclass(slots=True)
class PresentRows:
    """Parts of payments in person; null elsewhere."""

    entry_mode: Code
    cvm: Code
    wallet: Code


@dataclass(frozen=True)
class Present:
    """Tables of payments in person.

    Attributes
    ----------
    entry
        Draws the entry mode by country of the acceptor.
    signs
        Whether a country's chip cards sign, by country.
    """

    model: Model
    entry: CategoricalTable
    signs: NDArray[np.bool_]

    @classmethod
    def of(cls, model: Model) -> Present:
        """Prepare the tables."""
        signs = np.array([code in SIGNATURE_COUNTRIES for code in COUNTRY])
        return cls(model, CategoricalTable(_entry_weights(model)), signs)

    def pay(self, choice: Choice, country: I64, site_country: I64) -> PresentRows:
        """Choose entry mode, wallet and verification; remote payments are left null."""
        draws = derive(choice.bits, self.model.plan.keys["present.entry"])
        entry = self.entry(high(draws), site_country).astype(np.int8, copy=False)
        bits = low(draws)
        tapped = entry == CONTACTLESS
        phone = bits < threshold32(self.model.config.spending.wallet_share)
        phone &= tapped
        dear = choice.amount_usd > CONTACTLESS_CEILING_USD
        dear &= tapped
        dear &= ~phone
        np.copyto(entry, CHIP, where=dear)
        tapped &= ~dear
        signs = self.signs.take(country)
        signs &= bits < threshold32(SIGNATURE_SHARE)
        signs |= entry != CHIP
        cvm = np.where(signs, SIGNATURE, PIN)
        np.copyto(cvm, np.where(choice.amount_usd < LOW_VALUE_USD, NO_CVM, PIN), where=tapped)
        cash = choice.trade == CASH_TRADE
        phone &= ~cash
        np.copyto(cvm, ON_DEVICE, where=phone)
        np.copyto(cvm, PIN, where=cash)
        phone &= ~choice.online
        wallet = self._wallets(choice, country, np.flatnonzero(phone), bits)
        np.copyto(cvm, NULL, where=choice.online)
        return PresentRows(entry, cvm, wallet)

    def _wallets(self, choice: Choice, country: I64, rows: NDArray[np.intp], bits: NDArray[np.uint32]) -> Code:
        """Give the wallet of the phones that pay: it follows the phone."""
        devices = self.model.devices
        own = devices.bits(choice.customer.take(rows))
        kind = devices.kind(own, country.take(rows), np.full(len(rows), PHONE))
        # The lower bits of a draw that was below the wallet share are still uniform.
        samsung = (bits.take(rows) & np.uint32(0xFFFF)) < np.uint32(int(SAMSUNG_SHARE * 65536))
        wallet = np.full(len(choice), NULL, dtype=np.int8)
        wallet[rows] = np.where(kind == _IOS, APPLE, np.where(samsung, SAMSUNG, GOOGLE))
        return wallet

    def terminal(self, choice: Choice) -> I64:
        """Terminal of each payment as argument of the id bijection; null when remote."""
        bits = high(derive(choice.bits, self.model.plan.keys["present.terminal"])).astype(np.int64)
        bits *= terminal_count(choice.merchant_bits)
        bits >>= 32
        bits += choice.merchant * MAX_TERMINALS
        np.copyto(bits, NULL, where=choice.online)
        return bits

    def coordinates(self, site: I64, merchant_bits: U64, rows: NDArray[np.intp], total: int) -> tuple[F32, F32]:
        """Place of the terminals at some rows, degrees; NaN elsewhere."""
        geography = self.model.geography
        place = site.take(rows)
        spread = geography.spread_degrees.take(place)
        north, east = self.model.merchants.offsets(self.model.plan, merchant_bits.take(rows))
        latitude = np.full(total, np.nan, dtype=np.float32)
        longitude = np.full(total, np.nan, dtype=np.float32)
        latitude[rows] = geography.latitude.take(place) + north * spread
        longitude[rows] = geography.longitude.take(place) + east * spread * EARTH_ROUND
        return latitude, longitude


def _entry_weights(model: Model) -> F64:
    """Entry modes by country, scaled so that contactless has its configured share over the regions."""
    countries = load_countries()
    config = model.config
    share = np.array([countries[code].contactless_share for code in COUNTRY])
    low_scale, high_scale = 0.0, 64.0
    for _ in range(60):
        scale = (low_scale + high_scale) / 2
        mean = fsum(r.share * min(share[COUNTRY.index(r.country)] * scale, 1.0) for r in config.regions)
        reached = mean * (1 - ABOVE_CEILING_SHARE) >= config.spending.contactless_share
        low_scale, high_scale = (low_scale, scale) if reached else (scale, high_scale)
    tapped = np.minimum(share * high_scale, 1.0 - MAGSTRIPE_SHARE - FALLBACK_SHARE)
    weights = np.zeros((len(COUNTRY), len(ENTRY_MODE)))
    weights[:, CONTACTLESS] = tapped
    weights[:, MAGSTRIPE], weights[:, FALLBACK] = MAGSTRIPE_SHARE, FALLBACK_SHARE
    weights[:, CHIP] = 1.0 - tapped - MAGSTRIPE_SHARE - FALLBACK_SHARE
    return weights
