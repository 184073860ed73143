"""Account takeover: a dormant customer's shop account, a new device, then the stored card is spent."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from payloom.behaviour.choice import Choice
from payloom.behaviour.rows import Rows
from payloom.codes import RESPONSE_CODE, ROLE, THREE_DS
from payloom.config.typologies import TypologySettings
from payloom.fraud.events import Events
from payloom.fraud.kit import Kit
from payloom.fraud.shares import code_table
from payloom.fraud.typology import Typology
from payloom.streams.hashing import U64, high, low, threshold32, unit
from payloom.streams.tables import F64
from payloom.world.addresses import HOME
from payloom.world.devices import COMPUTER, PHONE

I64 = NDArray[np.int64]

NEARBY_SHARE = 0.20
"""Takeovers from near the owner (DataVisor 2019: 20 % within 300 miles): on the owner's own line."""

STORED_SHARE = 0.75
"""Purchases with the card that the account keeps; the others with another stolen one of the same owner (estimate)."""

PROBE_SHARE = 0.25
"""First events of a takeover that only look whether the card works (estimate)."""

GAP_MEAN_SECONDS = 2400.0

WANTED = {
    "marketplace": 0.34, "electronics": 0.17, "fashion": 0.12, "stored_value": 0.06, "hotel": 0.05,
    "airline": 0.05, "department_store": 0.09, "cosmetics": 0.05, "digital_games": 0.07,
}  # fmt: skip
"""Where customers have accounts with a stored card, and goods that sell (estimate)."""


class AccountTakeover(Typology):
    """One account, taken over and used for some days from a device that it has never seen."""

    name = "account_takeover"
    max_days = 6

    def __init__(self, kit: Kit, settings: TypologySettings) -> None:
        super().__init__(kit, settings)
        self._trades = kit.trades(self.name, self.drift, WANTED)
        self._networks = kit.networks(
            self.name, self.drift, {"home": 0.47, "mobile": 0.36, "vpn": 0.12, "hosting": 0.02, "business": 0.03}
        )
        self._three_ds = code_table(
            THREE_DS, {"none": 0.55, "attempted": 0.05, "frictionless": 0.34, "challenged": 0.04, "failed": 0.02}
        )
        self._answers = code_table(
            RESPONSE_CODE, {"00": 0.83, "05": 0.08, "51": 0.05, "59": 0.02, "61": 0.01, "62": 0.01}
        )

    def activity(self, campaign_bits: U64, age: I64) -> F64:
        """Two to six days, the most on the first."""
        days = 2 + (campaign_bits >> np.uint64(8)).astype(np.int64) % (self.max_days - 1)
        return np.where(age < days, 1.0 / (1.0 + age), 0.0)

    def times(self, events: Events, offset_us: I64) -> I64:
        """One sitting a day, at a usual hour or late in the evening."""
        sitting = self.kit.pair_draws(events.campaign_bits, events.age, "account_takeover.sitting")
        start = self.kit.usual_times(events, high(sitting), offset_us)
        late = low(sitting) < threshold32(0.25)
        hour = 22.0 + unit(high(self.kit.draws(sitting, "account_takeover.late"))) * 5.0
        start = np.where(late, self.kit.local_times(events, hour, offset_us), start)
        wait = self.kit.waits(self.kit.draws(events.bits, "account_takeover.wait"), GAP_MEAN_SECONDS * 1e6)
        return self.kit.within_day(events, start + (wait * np.minimum(events.number, 6)).astype(np.int64))

    def victim(self, events: Events) -> I64:
        """One victim in the whole campaign."""
        return np.zeros(len(events), dtype=np.int64)

    def choose(self, choice: Choice, events: Events) -> None:
        """Spend the stored card on goods that sell, dearer than the owner would."""
        bits = self.kit.draws(events.bits, "account_takeover.goods")
        everywhere = np.arange(len(events))
        trade = self._trades(high(bits), events.start_day)
        factor = np.where(self._probes(events), 0.2, 2.4) * self.amount_factor(events)
        self.kit.shop_online(choice, everywhere, trade, self.kit.draws(bits, "account_takeover.shop"), factor)
        choice.stored[:] = self.happens(low(bits), events, "stored", STORED_SHARE)

    def finish(self, rows: Rows, events: Events) -> None:
        """Use the intruder's device; now and then the owner's line."""
        kit, everywhere = self.kit, np.arange(len(events))
        campaign = kit.draws(events.campaign_bits, "account_takeover.how")
        holder = kit.accomplice(events)
        desk = (high(campaign) & np.uint32(1)) == 1
        kit.use_device(rows, everywhere[~desk], holder[~desk], PHONE)
        # Only those who have a computer can use one.
        owns = kit.model.devices.count(holder) > COMPUTER
        kit.use_device(rows, everywhere[desk & owns], holder[desk & owns], COMPUTER)
        kit.use_device(rows, everywhere[desk & ~owns], holder[desk & ~owns], PHONE)
        network = self._networks(low(campaign), events.start_day).astype(np.int8)
        nearby = self.happens(low(kit.draws(campaign, "account_takeover.nearby")), events, "nearby", NEARBY_SHARE)
        line = np.where(nearby, rows.customer, holder)
        network[nearby] = HOME
        bits = kit.draws(events.bits, "account_takeover.checks")
        kit.use_network(rows, everywhere, line, network, bits)
        kit.redraw(rows.three_ds, everywhere, self._three_ds, high(bits))
        kit.redraw(rows.response, everywhere, self._answers, low(bits))

    def roles(self, events: Events) -> NDArray[np.int8]:
        """Probes first, then purchases."""
        roles = super().roles(events)
        roles[self._probes(events)] = ROLE.index("test")
        return roles

    def _probes(self, events: Events) -> NDArray[np.bool_]:
        draws = low(self.kit.draws(events.campaign_bits, "account_takeover.probe"))
        return (events.number == 0) & (events.age == 0) & (draws < threshold32(PROBE_SHARE))
