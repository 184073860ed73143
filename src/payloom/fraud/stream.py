"""The fraud stream: events of all typologies in a window, finished and labelled."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from payloom.behaviour.identity import Payers
from payloom.behaviour.remote import agree
from payloom.behaviour.rows import Rows
from payloom.behaviour.settlement import MANUAL, NO_THREE_DS, Settlement
from payloom.behaviour.spending import Spending
from payloom.config.fraud import known_typologies
from payloom.fraud.campaigns import TypologyPlan, events_between, plan_typologies
from payloom.fraud.events import Events
from payloom.fraud.kit import Kit
from payloom.fraud.registry import find_typologies
from payloom.fraud.reporting import Labels, Reporting
from payloom.fraud.typology import Typology
from payloom.fraud.victims import Victims
from payloom.plan.daytables import DayTables
from payloom.plan.periods import DAY_US
from payloom.streams.hashing import high
from payloom.world.model import Model

I64 = NDArray[np.int64]


@dataclass(slots=True)
class _Batch:
    """Events of one typology in a window, with their victims."""

    typology: Typology
    events: Events
    victim: I64
    customer: I64
    time_us: I64


@dataclass(frozen=True)
class FraudStream:
    """Functions of the fraud stream.

    Attributes
    ----------
    kit, settlement, reporting
        What it builds on.
    plans
        Counts by typology, in order of their names.
    codes
        Code of each typology's name in the labels.
    """

    kit: Kit
    settlement: Settlement
    reporting: Reporting
    plans: tuple[TypologyPlan, ...]
    codes: tuple[int, ...]

    @classmethod
    def of(cls, model: Model, spending: Spending, settlement: Settlement) -> FraudStream:
        """Plan the world's fraud."""
        kit = Kit(model, spending, Victims(model))
        mix = model.config.fraud.mix
        typologies = [found(kit) for found in find_typologies(name for name, share in mix.items() if share > 0)]
        names = known_typologies()
        codes = tuple(names.index(typology.name) for typology in typologies)
        return cls(kit, settlement, Reporting(kit), plan_typologies(model.plan, typologies), codes)

    def by_day(self) -> I64:
        """Fraud of each day of the period."""
        total = np.zeros(self.kit.model.plan.period.days, dtype=np.int64)
        for one in self.plans:
            total += one.quota
        return total

    def between(self, tables: DayTables, start_us: int, end_us: int) -> tuple[Rows, Labels]:
        """Finished fraud and its labels in [start_us, end_us), not sorted."""
        batches = [self._batch(tables, one, start_us, end_us) for one in self.plans]
        events = [batch.events for batch in batches]
        index, bits = (np.concatenate([getattr(e, name) for e in events]) for name in ("index", "bits"))
        customer = np.concatenate([batch.customer for batch in batches])
        time_us = np.concatenate([batch.time_us for batch in batches])
        payers = Payers(index, bits, customer, self.kit.group_of(customer))
        choice = self.kit.spending.buy(tables, time_us, payers)
        ends = np.cumsum([len(e) for e in events]).tolist()
        slices = [slice(end - len(e), end) for e, end in zip(events, ends, strict=True)]
        for batch, part in zip(batches, slices, strict=True):
            # All payments with one stolen card are made with that card.
            card = self.kit.pair_draws(batch.events.campaign_bits, batch.victim, "card")
            choice.instrument_bits[part] = card
            batch.typology.choose(choice.view(part), batch.events)
        rows = self.settlement.settle(tables, choice)
        rows.is_fraud[:] = True
        labels = []
        for batch, part, code in zip(batches, slices, self.codes, strict=True):
            view = rows.take(part)
            batch.typology.finish(view, batch.events)
            agree(view)
            # Orders by telephone have no 3-D Secure to pass or fail.
            view.three_ds[view.entry_mode == MANUAL] = NO_THREE_DS
            labels.append(self.reporting.label(batch.typology, code, batch.events, batch.victim, view))
        return rows, Labels.concatenate(labels)

    def _batch(self, tables: DayTables, one: TypologyPlan, start_us: int, end_us: int) -> _Batch:
        """Events of one typology that fall into the window."""
        model, typology = self.kit.model, one.typology
        first_day, end_day = start_us // DAY_US, (end_us - 1) // DAY_US + 1
        events = events_between(model.plan, one, first_day, end_day)
        victim = typology.victim(events)
        # Each campaign owns a run of slots in its start month's order.
        slot = (high(self.kit.draws(events.campaign_bits, "slots")).astype(np.int64) << 8) + victim
        customer = self.kit.victims.of_campaigns(events, typology.band(events.campaign_bits), slot)
        zone = model.geography.home_timezone[self.kit.group_of(customer)]
        offset_us = tables.offset_min(events.midnight_us + DAY_US // 2, zone).astype(np.int64) * 60_000_000
        time_us = typology.times(events, offset_us)
        inside = np.flatnonzero((time_us >= start_us) & (time_us < end_us))
        return _Batch(typology, events.take(inside), victim[inside], customer[inside], time_us[inside])
