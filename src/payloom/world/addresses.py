"""IP addresses: leases at home, carrier NAT on the move, offices, VPNs; all from reserved ranges.

An address is two integers: its kind (an index into `payloom.codes.IP_TYPE`) and 64 bits of which the range keeps some.
Home addresses come from 240.0.0.0/4 or 2001:db8::/32, mobile ones from 100.64.0.0/10, offices from 10.0.0.0/8, VPNs and
hosting from 240.0.0.0/4 as well, so that no range tells a fraudster from an honest customer.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from payloom.codes import COUNTRY, IP_TYPE
from payloom.plan.periods import DAY_US
from payloom.plan.world_plan import Plan
from payloom.streams.hashing import U32, U64, draw2, high, low, mix
from payloom.streams.tables import CategoricalTable

I64 = NDArray[np.int64]
U8 = NDArray[np.uint8]

HOME, MOBILE, BUSINESS, HOSTING, VPN = (IP_TYPE.index(k) for k in ("home", "mobile", "business", "hosting", "vpn"))

NETWORK_USE = (
    (0.490, 0.438, 0.060, 0.004, 0.008),
    (0.735, 0.020, 0.220, 0.014, 0.011),
    (0.872, 0.090, 0.024, 0.004, 0.010),
    (1.0, 0.0, 0.0, 0.0, 0.0),
)
"""Networks by device slot: phone, computer, tablet, other (estimates); few honest people come from a data centre."""

LEASE_DAYS = 45
"""Days that a home keeps its address (estimate)."""

CUSTOMERS_PER_NAT_ADDRESS = 400
"""Customers behind one carrier address (Cloudflare 2025: hundreds to thousands)."""
CUSTOMERS_PER_OFFICE = 30
CUSTOMERS_PER_VPN_ADDRESS = 150

EXIT_WEIGHTS = {"US": 4.0, "NL": 4.0, "DE": 4.0, "GB": 4.0}
"""Where VPNs and data centres stand, against 1 for other countries (estimate)."""

IPV6_SHARE_BITS = 2
"""One home in four is on IPv6 (estimate)."""


@dataclass(frozen=True)
class Addresses:
    """Functions of addresses.

    Attributes
    ----------
    nat_pool, office_pool, vpn_pool
        Number of shared addresses of each kind.
    """

    key: np.uint64
    networks: CategoricalTable
    exits: CategoricalTable
    nat_pool: int
    office_pool: int
    vpn_pool: int

    def choose_network(self, slot: NDArray[np.integer], bits: U32) -> NDArray[np.int8]:
        """Choose the network that a device is on."""
        return self.networks(bits, slot).astype(np.int8)

    def exit_country(self, bits: U64) -> NDArray[np.int8]:
        """Country in which VPNs and data centres stand, the same for everybody who comes from an address."""
        return self.exits(high(mix(bits & _RANGE_MASK[VPN]))).astype(np.int8)

    def bits(
        self, customer: I64, network: NDArray[np.integer], group: NDArray[np.integer], time_us: I64, bits: U32
    ) -> U64:
        """Bits of the address that a customer has on a network at a time; customers share all but those at home."""
        lease = (time_us // DAY_US + (customer & 31)) // LEASE_DAYS
        pool = np.array([1, self.nat_pool, self.office_pool, self.vpn_pool, self.vpn_pool]).take(network)
        # A phone wanders between its carrier's addresses; an office or VPN exit stays for months.
        mobile = network == MOBILE
        wander = np.where(mobile, bits & np.uint32(3), np.uint32(0)).astype(np.int64)
        member = (low(draw2(self.key, customer * 8 + network, wander)).astype(np.int64) * pool) >> 32
        home = network == HOME
        owner = np.where(home, customer, member * 64 + group)
        owner *= 8
        owner += network
        return draw2(self.key, owner, np.where(home, lease, 0))


def build_addresses(plan: Plan) -> Addresses:
    """Size the pools of shared addresses by the customers of a group."""
    customers = max(1, plan.cohorts.customers // len(plan.groups))
    return Addresses(
        key=plan.keys["address"],
        networks=CategoricalTable(NETWORK_USE),
        exits=CategoricalTable([EXIT_WEIGHTS.get(code, 1.0) for code in COUNTRY]),
        nat_pool=max(2, customers // CUSTOMERS_PER_NAT_ADDRESS),
        office_pool=max(2, customers // CUSTOMERS_PER_OFFICE),
        vpn_pool=max(2, customers // CUSTOMERS_PER_VPN_ADDRESS),
    )


@cache
def _chunks() -> tuple[U64, U8, U64, U8, U64]:
    """Text of every 16-bit number as little-endian bytes: "a.b.", "c.d" with lengths, and four hex digits."""
    octets = [str(number).encode() for number in range(256)]
    word = np.array([int.from_bytes(octet, "little") for octet in octets], dtype=np.uint64)
    length = np.array([len(octet) for octet in octets], dtype=np.uint8)
    high_byte, low_byte = np.divmod(np.arange(1 << 16), 256)
    dot = np.uint64(ord("."))
    after_first = length[high_byte].astype(np.uint64) * np.uint64(8)
    last = np.bitwise_or(word[high_byte], dot << after_first)
    last |= word[low_byte] << after_first + np.uint64(8)
    last_length: U8 = length[high_byte] + length[low_byte] + np.uint8(1)
    first = np.bitwise_or(last, dot << last_length.astype(np.uint64) * np.uint64(8))
    digit = np.array([ord(character) for character in "0123456789abcdef"], dtype=np.uint64)
    number = np.arange(1 << 16)
    digits = np.zeros(len(number), dtype=np.uint64)
    for place in range(4):
        digits |= digit[number >> 12 - 4 * place & 15] << np.uint64(8 * place)
    return first, (last_length + 1).astype(np.uint8), last, last_length.astype(np.uint8), digits


_RANGE_BASE = np.array([240 << 24, (100 << 24) | (64 << 16), 10 << 24, 240 << 24, 240 << 24], dtype=np.uint64)
_RANGE_MASK = np.array([(1 << 28) - 1, (1 << 22) - 1, (1 << 24) - 1, (1 << 28) - 1, (1 << 28) - 1], dtype=np.uint64)
_V6_FIRST = np.uint64(int.from_bytes(b"2001:db8", "little"))


def is_ipv6(bits: U64, network: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Whether addresses are from 2001:db8::/32; only homes are."""
    quarter = (bits >> np.uint64(60)) < np.uint64(1 << 4 - IPV6_SHARE_BITS)
    quarter &= network == HOME
    return quarter


def text(bits: U64, network: NDArray[np.integer]) -> tuple[NDArray[np.int32], U8]:
    """Write addresses as text: Arrow's offsets (n + 1) and the bytes.

    Each address is made of chunks of at most 8 bytes, stored one after the other; what a chunk writes beyond its
    length, the next one overwrites.
    """
    first, first_length, last, last_length, digits = _chunks()
    number = (bits & _RANGE_MASK.take(network)) | _RANGE_BASE.take(network)
    upper, lower = (number >> np.uint64(16)).astype(np.intp), (number & np.uint64(0xFFFF)).astype(np.intp)
    chunk = np.empty((len(bits), 4), dtype=np.uint64)
    length = np.zeros((len(bits), 4), dtype=np.int32)
    chunk[:, 0], length[:, 0] = first.take(upper), first_length.take(upper)
    chunk[:, 1], length[:, 1] = last.take(lower), last_length.take(lower)
    six = np.flatnonzero(is_ipv6(bits, network))
    if six.size:
        _write_ipv6(bits[six], chunk, length, six, digits)
    ends = np.cumsum(length.reshape(-1), dtype=np.int32)
    offsets = np.zeros(len(bits) + 1, dtype=np.int32)
    offsets[1:] = ends[3::4]
    used = np.flatnonzero(length.reshape(-1))
    data = np.empty(int(offsets[-1]) + 8, dtype=np.uint8)
    words = np.lib.stride_tricks.as_strided(data[:8].view("<u8"), shape=(len(data) - 7,), strides=(1,))
    words[(ends - length.reshape(-1))[used]] = chunk.reshape(-1)[used]
    return offsets, data[: int(offsets[-1])]


def _write_ipv6(bits: U64, chunk: U64, length: NDArray[np.int32], rows: NDArray[np.intp], digits: U64) -> None:
    """Write 2001:db8:xxxx:xxxx::xxxx in four chunks of 8, 6, 6 and 4 bytes."""
    colon = np.uint64(ord(":"))

    def group(shift: int) -> U64:
        # No leading zeros in the canonical form: the top digit is at least 1.
        return digits.take((bits >> np.uint64(shift) & np.uint64(0xFFFF) | np.uint64(0x1000)).astype(np.intp))

    chunk[rows, 0], length[rows, 0] = _V6_FIRST, 8
    chunk[rows, 1] = colon | group(0) << np.uint64(8) | colon << np.uint64(40)
    length[rows, 1] = 6
    chunk[rows, 2] = group(16) | colon << np.uint64(32) | colon << np.uint64(40)
    length[rows, 2] = 6
    chunk[rows, 3], length[rows, 3] = group(32), 4
