"""Stolen card data used online: a few purchases on each card, quickly, of what sells well."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from payloom.behaviour.choice import Choice
from payloom.behaviour.rows import Rows
from payloom.codes import AVS_RESULT, CVV_RESULT, RESPONSE_CODE, THREE_DS
from payloom.config.typologies import TypologySettings
from payloom.fraud.drift import MonthlyTable
from payloom.fraud.events import Events
from payloom.fraud.kit import Kit
from payloom.fraud.shares import code_table
from payloom.fraud.typology import Typology
from payloom.streams.hashing import U64, high, low, threshold32, unit
from payloom.streams.tables import F64
from payloom.world.devices import COMPUTER, PHONE

I64 = NDArray[np.int64]

RUNS = (1, 1, 2, 2, 3, 3, 4, 8)
"""Frauds per card and day, by campaign (Worldline: about 3 in the mean; IEEE: median 2 per card in all, 99th
percentile 39)."""

CARD_DAYS = (1, 1, 2, 3, 5, 9)
"""Days that a card is used before the next ones, by campaign (IEEE: 45 % of gaps are longer than a day)."""

NIGHT_SHARE = 0.26
"""Runs put into the victim's night, above those that fall there anyway (ULB: 25 % of fraud from 0 to 6 h)."""

GAP_MEAN_SECONDS = 1500.0
"""Mean wait within a run (IEEE: 23 % of gaps within 10 minutes)."""

KEPT_SHARE = 0.35
"""Purchases that are what the victim might have bought: fraudsters buy everyday things too (estimate)."""

ABROAD_SHARE = 0.85
"""Purchases sought in another country than the card's; with waves, three in four of the year's come out there (EBA/ECB
2024: 70 % of the value of remote fraud crosses borders)."""

STORED_SHARE = 0.35
"""Later purchases of a run through an account that keeps the card, such as a marketplace's (estimate)."""

MALWARE_SHARE = 0.1
"""Cards that are used from the victim's own device and line, through malware or remote control (estimate)."""

DESK_SHARE = 0.4
"""Campaigns on a computer, where its owner has one; the others on a phone (estimate)."""

LAX_SHARE = 0.5
"""Purchases where fraudsters find a way around strong authentication; the others are like the owner's (estimate)."""

CAREFUL_SHARE = 0.45
"""Buyers who use another device and line for each card (estimate)."""

WANTED = {
    "marketplace": 0.24, "electronics": 0.13, "digital_games": 0.09, "fashion": 0.11, "stored_value": 0.05,
    "airline": 0.05, "apps": 0.05, "digital_media": 0.05, "cosmetics": 0.04, "shoes": 0.05, "fast_food": 0.05,
    "taxi": 0.03, "quasi_cash": 0.02, "gambling": 0.02, "specialty_retail": 0.05, "hotel": 0.02,
}  # fmt: skip
"""What sells well (estimate)."""


class CnpStolen(Typology):
    """One buyer of stolen card data works through a batch of cards over a few days."""

    name = "cnp_stolen"
    max_days = 9
    focus_share = 0.9

    def __init__(self, kit: Kit, settings: TypologySettings) -> None:
        super().__init__(kit, settings)
        shares = np.array([group.share for group in kit.model.plan.groups])
        self._favoured = MonthlyTable.of(self.drift, "cnp_stolen.favoured", shares)
        self._trades = kit.trades(self.name, self.drift, WANTED)
        self._networks = kit.networks(
            self.name, self.drift, {"home": 0.46, "mobile": 0.36, "vpn": 0.12, "hosting": 0.03, "business": 0.03}
        )
        self._three_ds = code_table(
            THREE_DS, {"none": 0.62, "attempted": 0.06, "frictionless": 0.22, "challenged": 0.03, "failed": 0.07}
        )
        self._avs = code_table(AVS_RESULT, {"Y": 0.58, "Z": 0.12, "A": 0.06, "N": 0.17, "U": 0.07})
        self._cvv = code_table(CVV_RESULT, {"M": 0.90, "N": 0.05, "P": 0.02, "U": 0.03})
        self._answers = code_table(
            RESPONSE_CODE,
            {
                "00": 0.76,
                "05": 0.12,
                "51": 0.05,
                "59": 0.02,
                "N7": 0.01,
                "1A": 0.01,
                "62": 0.01,
                "14": 0.01,
                "54": 0.01,
            },
        )

    def activity(self, campaign_bits: U64, age: I64) -> F64:
        """Fade over the days until the batch is used up."""
        days = 1 + (campaign_bits >> np.uint64(8)).astype(np.int64) % self.max_days
        return np.where(age < days, 1.0 / (1.0 + 0.4 * age), 0.0)

    def times(self, events: Events, offset_us: I64) -> I64:
        """Start a run at a usual hour or at night; the next purchases follow within minutes."""
        length = self._by_campaign(events, RUNS, "cnp_stolen.length")
        run = self.kit.pair_draws(events.campaign_bits, events.age * 4096 + events.number // length, "cnp_stolen.run")
        start = self.kit.usual_times(events, high(run), offset_us)
        night = low(run) < threshold32(NIGHT_SHARE)
        hour = unit(high(self.kit.draws(run, "cnp_stolen.night"))) * 6.0
        start = np.where(night, self.kit.local_times(events, hour, offset_us), start)
        wait = self.kit.waits(self.kit.draws(events.bits, "cnp_stolen.wait"), GAP_MEAN_SECONDS * 1e6)
        return self.kit.within_day(events, start + (wait * (events.number % length)).astype(np.int64))

    def victim(self, events: Events) -> I64:
        """Use a card for a run, then the next."""
        days = self._by_campaign(events, CARD_DAYS, "cnp_stolen.days")
        return events.age // days * 512 + events.number // self._by_campaign(events, RUNS, "cnp_stolen.length")

    def _by_campaign(self, events: Events, values: tuple[int, ...], purpose: str) -> I64:
        """One of some values for each campaign, equally likely."""
        draws = high(self.kit.draws(events.campaign_bits, purpose)).astype(np.int64)
        return np.array(values).take(draws * len(values) >> 32)

    def choose(self, choice: Choice, events: Events) -> None:
        """Buy what sells well, mostly; everything remote."""
        bits = self.kit.draws(events.bits, "cnp_stolen.goods")
        kept = choice.online & self.happens(low(bits), events, "kept", KEPT_SHARE)
        places = np.flatnonzero(~kept)
        trade = self._trades(high(bits[places]), events.start_day[places])
        shop, factor = self.kit.draws(bits[places], "cnp_stolen.shop"), 1.25 * self.amount_factor(events)[places]
        region = self._favoured(high(self.kit.draws(bits[places], "cnp_stolen.where")), events.start_day[places])
        abroad = self.kit.model.geography.home_country[region]
        share = self.tactic(events, "abroad", ABROAD_SHARE)[places]
        self.kit.shop_online(choice, places, trade, shop, factor, share, abroad)
        again = events.number % self._by_campaign(events, RUNS, "cnp_stolen.length") > 0
        stored = high(self.kit.draws(bits, "cnp_stolen.stored"))
        choice.stored[:] = again & self.happens(stored, events, "stored", STORED_SHARE)

    def _use_devices(self, rows: Rows, events: Events, bits: U64) -> None:
        """Come from a few devices and lines, from another for each card, or from the victim's own."""
        kit, victim = self.kit, self.victim(events)
        campaign = kit.draws(events.campaign_bits, "cnp_stolen.careful")
        apart = self.happens(high(campaign), events, "careful", CAREFUL_SHARE)
        holder = kit.accomplice(events, np.where(apart, 4 + victim, (high(bits) >> np.uint32(30)).astype(np.int64)))
        infected = low(kit.pair_draws(events.campaign_bits, victim, "cnp_stolen.malware"))
        places = np.flatnonzero(~self.happens(infected, events, "malware", MALWARE_SHARE))
        network = self._networks(low(bits), events.start_day).astype(np.int8)
        desk = self.happens(low(kit.draws(campaign, "cnp_stolen.device")), events, "desk", DESK_SHARE)
        desk &= kit.model.devices.count(holder) > COMPUTER
        for slot, chosen in ((COMPUTER, desk), (PHONE, ~desk)):
            some = places[chosen[places]]
            kit.use_device(rows, some, holder[some], slot)
        kit.use_network(rows, places, holder[places], network[places], bits[places])

    def finish(self, rows: Rows, events: Events) -> None:
        """Use the fraudster's device and line; some checks fail."""
        kit, everywhere = self.kit, np.arange(len(events))
        bits = kit.draws(events.bits, "cnp_stolen.how")
        self._use_devices(rows, events, bits)
        checks, answers = kit.draws(bits, "cnp_stolen.checks"), kit.draws(bits, "cnp_stolen.answer")
        lax = np.flatnonzero(self.happens(high(kit.draws(checks, "cnp_stolen.lax")), events, "lax", LAX_SHARE))
        kit.redraw(rows.three_ds, lax, self._three_ds, high(checks)[lax])
        kit.redraw(rows.avs, everywhere, self._avs, low(checks))
        kit.redraw(rows.cvv, everywhere, self._cvv, low(answers))
        kit.redraw(rows.response, everywhere, self._answers, high(answers))
