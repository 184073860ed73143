"""Device farm: a few emulated devices behind many new accounts, for first-order discounts and bonuses."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from payloom.behaviour.choice import Choice
from payloom.behaviour.rows import Rows
from payloom.behaviour.spending import VERIFICATION
from payloom.codes import RESPONSE_CODE, ROLE
from payloom.config.typologies import TypologySettings
from payloom.fraud.events import Events
from payloom.fraud.kit import Kit
from payloom.fraud.shares import code_table
from payloom.fraud.typology import Typology
from payloom.streams.hashing import U64, high, low, threshold32, unit
from payloom.streams.tables import F64
from payloom.world.devices import PHONE

I64 = NDArray[np.int64]

ACCOUNTS = 24
"""Accounts that a farm works with (estimate)."""

DEVICES_BITS = 2
"""A farm has up to four devices."""

OPENING_DAYS = 4
"""Days on which accounts are opened; orders come from the first day on (estimate)."""

OPENED_SHARE = 0.3
"""Events of those days that add a card to a new account, which checks it for 0 (estimate)."""

FIRST_ORDER = 0.65, 0.55
"""Lowest order against an ordinary ticket, and how far orders spread above: vouchers have a minimum, and what exceeds
it is paid in full (estimate)."""

OFFERS = {
    "fast_food": 0.25, "taxi": 0.20, "marketplace": 0.18, "digital_games": 0.12, "apps": 0.08, "cosmetics": 0.05,
    "grocery": 0.07, "tickets": 0.05,
}  # fmt: skip
"""Merchants that reward new customers (estimate)."""


class DeviceFarm(Typology):
    """A rack of emulators collects first-order discounts and resells what it gets."""

    name = "device_farm"
    max_days = 14
    focus_share = 0.9

    def __init__(self, kit: Kit, settings: TypologySettings) -> None:
        super().__init__(kit, settings)
        self._trades = kit.trades(self.name, self.drift, OFFERS)
        self._networks = kit.networks(
            self.name, self.drift, {"mobile": 0.54, "home": 0.28, "vpn": 0.13, "hosting": 0.05}
        )
        self._answers = code_table(RESPONSE_CODE, {"00": 0.90, "05": 0.06, "51": 0.02, "59": 0.01, "61": 0.01})

    def activity(self, campaign_bits: U64, age: I64) -> F64:
        """Three days to two weeks, with days of rest."""
        days = 3 + (campaign_bits >> np.uint64(8)).astype(np.int64) % (self.max_days - 2)
        rest = (high(self.kit.pair_draws(campaign_bits, age, "device_farm.rest")) < threshold32(0.3)) & (age > 0)
        return np.where((age < days) & ~rest, 1.0, 0.0)

    def times(self, events: Events, offset_us: I64) -> I64:
        """A shift of a few hours a day, one account after the other."""
        shift = self.kit.pair_draws(events.campaign_bits, events.age, "device_farm.shift")
        start = self.kit.usual_times(events, high(shift), offset_us)
        step = 420.0e6 * events.number
        wait = self.kit.waits(self.kit.draws(events.bits, "device_farm.wait"), 240.0e6)
        return self.kit.within_day(events, start + (step + wait).astype(np.int64))

    def victim(self, events: Events) -> I64:
        """Work through the accounts, a few orders each."""
        return (high(self.kit.draws(events.bits, "device_farm.account")).astype(np.int64) * ACCOUNTS) >> 32

    def choose(self, choice: Choice, events: Events) -> None:
        """Order at one of the campaign's two merchants."""
        kit, everywhere = self.kit, np.arange(len(events))
        bits = kit.draws(events.bits, "device_farm.order")
        offer = kit.pair_draws(events.campaign_bits, (bits >> np.uint64(63)).astype(np.int64), "device_farm.offer")
        home = kit.model.geography.home_country[choice.group]
        trade = self._trades(high(offer), events.start_day)
        kit.buy_at(
            choice,
            everywhere,
            kit.model.merchants.online_site[home],
            trade,
            kit.draws(offer, "device_farm.shop"),
            self.amount_factor(events),
        )
        # The shop is the campaign's, the basket is each order's own.
        basket = FIRST_ORDER[0] + FIRST_ORDER[1] * unit(low(bits))
        kit.set_amount(choice, everywhere, np.maximum((choice.amount_minor * basket).astype(np.int64), 1))
        opened = np.flatnonzero(self._opens(events))
        choice.kind[opened] = VERIFICATION
        choice.amount_minor[opened] = 0
        choice.amount_usd[opened] = 0.0

    def _opens(self, events: Events) -> NDArray[np.bool_]:
        """Events that open an account."""
        draws = high(self.kit.draws(events.bits, "device_farm.open"))
        return (events.age < OPENING_DAYS) & (draws < threshold32(OPENED_SHARE))

    def finish(self, rows: Rows, events: Events) -> None:
        """Share a handful of devices and lines between all accounts."""
        kit, everywhere = self.kit, np.arange(len(events))
        bits = kit.draws(events.bits, "device_farm.how")
        unit = (high(bits) >> np.uint32(32 - DEVICES_BITS)).astype(np.int64)
        holder = kit.accomplice(events, unit)
        kit.use_device(rows, everywhere, holder, PHONE)
        network = self._networks(
            low(kit.pair_draws(events.campaign_bits, unit, "device_farm.network")), events.start_day
        ).astype(np.int8)
        kit.use_network(rows, everywhere, holder, network, bits)
        kit.redraw(rows.response, everywhere, self._answers, low(bits))

    def roles(self, events: Events) -> NDArray[np.int8]:
        """Accounts are opened, and every order earns a promotion."""
        codes = [np.int8(ROLE.index(role)) for role in ("verification", "promotion")]
        return np.where(self._opens(events), *codes)
