"""Devices that customers pay with remotely: phone, computer, a second phone or tablet; each upgraded now and then."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from payloom.codes import COUNTRY, DEVICE_TYPE
from payloom.plan.periods import DAY_US
from payloom.plan.world_plan import Plan
from payloom.streams.bijection import IdScrambler
from payloom.streams.hashing import U32, U64, draw, high, low, threshold32
from payloom.streams.tables import CategoricalTable

I64 = NDArray[np.int64]

SLOTS = 4
"""Phone, computer, second mobile device, and one for devices that are not a customer's own."""
PHONE, COMPUTER, TABLET = 0, 1, 2

COUNT_SHARES = (0.48, 0.30, 0.22)
"""Customers with one, two, three devices (ThreatMetrix 2013: 55/26/11/4 % of bank accounts in a month)."""

USE_WITH_TWO = (0.62, 0.38, 0.0)
USE_WITH_THREE = (0.46, 0.30, 0.24)
"""Share of remote payments by device (estimates)."""

SHARED_COMPUTER_SHARE = 0.35
"""Couples with one computer, used by both (estimate)."""

UPGRADE_DAYS = (930, 1500, 1200, 365)
"""Days between upgrades by slot: a phone lasts two and a half years (estimate)."""

IOS_SHARE = {"US": 0.57, "GB": 0.52, "JP": 0.66, "CA": 0.60, "AU": 0.58}
"""Share of phones with iOS; elsewhere `DEFAULT_IOS_SHARE` (estimates)."""
DEFAULT_IOS_SHARE = 0.34

_LIFE = np.array(UPGRADE_DAYS)
_ORIGIN_DAY = 10_957 - 2000
"""Devices are numbered from some years before 2000-01-01."""
_GENERATIONS = 64
_IOS, _ANDROID, _WEB = (DEVICE_TYPE.index(name) for name in ("ios", "android", "web"))


@dataclass(frozen=True)
class Devices:
    """Functions of devices."""

    ids: IdScrambler
    key: np.uint64
    phase_key: np.uint64
    shared_key: np.uint64
    counts: CategoricalTable
    use: CategoricalTable
    ios_threshold: U32

    def bits(self, customer: I64) -> U64:
        """Random bits of customers: number of devices in the upper half, kind of phone in the lower."""
        return draw(self.key, customer)

    def count(self, customer: I64) -> I64:
        """Give the number of devices that customers own."""
        return self.counts(high(self.bits(customer))).astype(np.int64) + 1

    def shares_computer(self, customer: I64) -> NDArray[np.bool_]:
        """Whether the second of a couple uses the computer of the first."""
        first = customer & ~np.int64(1)
        shares = low(draw(self.shared_key, first)) < threshold32(SHARED_COMPUTER_SHARE)
        return shares & (self.count(first) > COMPUTER)

    def choose_slot(self, own: U64, bits: U32) -> I64:
        """Choose one of the customer's devices for each row."""
        return self.use(bits, self.counts(high(own))).astype(np.int64)

    def kind(self, own: U64, country: NDArray[np.integer], slot: NDArray[np.integer]) -> NDArray[np.int8]:
        """Kind of device: phones and tablets follow the person, computers are web browsers."""
        ios = low(own) < self.ios_threshold.take(country)
        mobile = np.where(ios, np.int8(_IOS), np.int8(_ANDROID))
        return np.where(slot == COMPUTER, np.int8(_WEB), mobile)

    def index(self, customer: I64, slot: NDArray[np.integer], time_us: I64) -> I64:
        """Device in use in a slot at a time, as argument of the id bijection; some couples share their computer."""
        desk = np.flatnonzero((slot == COMPUTER) & (customer & 1 == 1))
        if desk.size:
            customer = customer.copy()
            customer[desk] -= self.shares_computer(customer[desk])
        holder = customer * SLOTS
        holder += slot
        generation, _ = self.generation(holder, slot, time_us // DAY_US)
        return holder * _GENERATIONS + generation

    def generation(self, holder: I64, slot: NDArray[np.integer], day: I64) -> tuple[I64, I64]:
        """Count the devices a slot had before, and give the day on which the present one came."""
        life = _LIFE.take(slot)
        shift = self._shift(holder, life)
        generation = (day - shift) // life
        return generation, generation * life + shift

    def first_day(self, holder: I64, slot: NDArray[np.integer], generation: I64) -> I64:
        """Day on which a device came."""
        life = _LIFE.take(slot)
        return generation * life + self._shift(holder, life)

    def _shift(self, holder: I64, life: I64) -> I64:
        """First day of generation 0, before 2000."""
        return _ORIGIN_DAY - (low(draw(self.phase_key, holder)).astype(np.int64) * life >> 32)


def build_devices(plan: Plan) -> Devices:
    """Prepare the functions of devices."""
    shares = [IOS_SHARE.get(country, DEFAULT_IOS_SHARE) for country in COUNTRY]
    return Devices(
        ids=IdScrambler(plan.keys["device.id"]),
        key=plan.keys["device"],
        phase_key=plan.keys["device.phase"],
        shared_key=plan.keys["device.shared"],
        counts=CategoricalTable(COUNT_SHARES),
        use=CategoricalTable([(1.0, 0.0, 0.0), USE_WITH_TWO, USE_WITH_THREE]),
        ios_threshold=np.array([threshold32(share) for share in shares], dtype=np.uint32),
    )
