"""New phone: a device that nobody has seen, a wallet set up on it, then several purchases in the first days."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from payloom.behaviour.choice import Choice
from payloom.behaviour.present import APPLE, CONTACTLESS, GOOGLE, ON_DEVICE
from payloom.behaviour.rows import Rows
from payloom.behaviour.settlement import IN_STORE
from payloom.behaviour.spending import VERIFICATION
from payloom.codes import DEVICE_TYPE, THREE_DS
from payloom.config.typologies import TypologySettings
from payloom.fraud.events import Events
from payloom.fraud.kit import Kit
from payloom.fraud.lookalike import LookAlike
from payloom.fraud.matching import best_fitting
from payloom.streams.hashing import U64, high, low, threshold32
from payloom.streams.tables import F64
from payloom.world.addresses import HOME, MOBILE
from payloom.world.devices import PHONE, SLOTS

I64 = NDArray[np.int64]

CANDIDATES = 1024
"""Customers among whom one with the newest phone is looked for: a phone lasts some 930 days, so most are a day old."""

GAP_MEAN_SECONDS = 4200.0
"""Mean wait between the purchases of a day (estimate)."""

REMOTE_SHARE = 0.6
"""Purchases made on the phone's screen; the others tap it on a terminal, where the customer is near one (estimate)."""

HOME_LINE_SHARE = 0.6
"""Remote payments over the line at home (estimate: a new phone is set up on the sofa)."""

CHALLENGE_SHARE = 0.6
"""3-D Secure checks without a question that become a challenge because the device is unknown (estimate)."""

DOUBT_SHARE = 0.05
"""Payments that the issuer refuses because the device is unknown (estimate)."""

WANTED = {
    "apps": 0.18, "digital_media": 0.08, "digital_games": 0.10, "electronics": 0.16, "marketplace": 0.22,
    "telecom": 0.08, "fast_food": 0.08, "taxi": 0.05, "fashion": 0.05,
}  # fmt: skip
"""What is bought with a new phone, cases and headphones among it (estimate)."""

_FRICTIONLESS, _CHALLENGED = (np.int8(THREE_DS.index(outcome)) for outcome in ("frictionless", "challenged"))
_IOS = np.int8(DEVICE_TYPE.index("ios"))


class NewPhone(LookAlike):
    """A customer sets up a new phone, checks the card in its wallet, and tries it out."""

    name = "new_phone"
    max_days = 3

    def __init__(self, kit: Kit, settings: TypologySettings) -> None:
        super().__init__(kit, settings)
        self._trades = kit.trades(self.name, self.drift, WANTED, ordinary=0.0)

    def activity(self, campaign_bits: U64, age: I64) -> F64:
        """The first day above all."""
        days = 1 + (campaign_bits >> np.uint64(8)).astype(np.int64) % self.max_days
        return np.where(age < days, 1.0 / (1.0 + 2.0 * age), 0.0)

    def times(self, events: Events, offset_us: I64) -> I64:
        """From the setting up on, one after the other."""
        start = self.kit.pair_draws(events.campaign_bits, events.age, "new_phone.start")
        wait = self.kit.waits(self.kit.draws(events.bits, "new_phone.wait"), GAP_MEAN_SECONDS * 1e6)
        begin = self.kit.usual_times(events, high(start), offset_us)
        return self.kit.within_day(events, begin + (wait * np.minimum(events.number, 5)).astype(np.int64))

    def victim(self, events: Events) -> I64:
        """One customer."""
        return np.zeros(len(events), dtype=np.int64)

    def customer(self, events: Events, victim: I64) -> I64:
        """Whoever has the newest phone on the first day; they keep it, so that their later payments come from it."""
        del victim
        devices = self.kit.model.devices

        def candidate(wide: Events, number: I64) -> I64:
            return self.kit.customers(wide, self.band(wide.campaign_bits), number)

        def misfit(wide: Events, customer: I64) -> I64:
            slot = np.full(len(customer), PHONE)
            _, since = devices.generation(customer * SLOTS + PHONE, slot, wide.start_day)
            return wide.start_day - since

        return best_fitting(events, CANDIDATES, candidate, misfit)

    def choose(self, choice: Choice, events: Events) -> None:
        """Check the card first, then buy on the phone's screen or at a counter."""
        kit = self.kit
        bits = kit.draws(events.bits, "new_phone.goods")
        first = (events.number == 0) & (events.age == 0)
        remote = choice.online | first | (low(bits) < threshold32(REMOTE_SHARE))
        places = np.flatnonzero(remote)
        trade = self._trades(high(bits[places]), events.start_day[places])
        shop = kit.draws(bits[places], "new_phone.shop")
        kit.shop_online(choice, places, trade, shop, self.amount_factor(events)[places], 0.1)
        checks = np.flatnonzero(first)
        choice.kind[checks] = VERIFICATION
        choice.amount_minor[checks] = 0
        choice.amount_usd[checks] = 0.0

    def finish(self, rows: Rows, events: Events) -> None:
        """Use the phone for everything; banks ask more often who it is."""
        kit, everywhere = self.kit, np.arange(len(events))
        bits = kit.draws(events.bits, "new_phone.how")
        kit.use_device(rows, everywhere, rows.customer, PHONE)
        network = np.where(low(bits) < threshold32(HOME_LINE_SHARE), HOME, MOBILE).astype(np.int8)
        kit.use_network(rows, everywhere, rows.customer, network, bits)
        asked = (rows.three_ds == _FRICTIONLESS) & (high(bits) < threshold32(CHALLENGE_SHARE))
        rows.three_ds[asked] = _CHALLENGED
        self._tap(rows)
        self.doubt(rows, DOUBT_SHARE, kit.draws(bits, "new_phone.doubt"))

    def _tap(self, rows: Rows) -> None:
        """Pay in shops with the phone's wallet."""
        devices, geography = self.kit.model.devices, self.kit.model.geography
        places = np.flatnonzero(rows.channel == IN_STORE)
        customer = rows.customer[places]
        country = geography.home_country[self.kit.group_of(customer)]
        kind = devices.kind(devices.bits(customer), country, np.full(len(places), PHONE))
        rows.entry_mode[places], rows.cvm[places] = CONTACTLESS, ON_DEVICE
        rows.wallet[places] = np.where(kind == _IOS, APPLE, GOOGLE)
