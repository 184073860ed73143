"""The fraud stream and the planted one: events of all typologies in a window, finished and labelled."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import cast

import numpy as np
from numpy.typing import NDArray

from payloom.behaviour.authorisation import AFTER_BLOCK, APPROVED, NO_SUCH_CARD, RESTRICTED
from payloom.behaviour.identity import Payers
from payloom.behaviour.remote import agree
from payloom.behaviour.rows import NULL, Rows
from payloom.behaviour.settlement import MANUAL, NO_THREE_DS, Settlement
from payloom.behaviour.spending import Spending
from payloom.behaviour.transfers import Orders, Transfers
from payloom.codes import RESPONSE_CODE
from payloom.config.fraud import known_typologies
from payloom.config.typologies import TypologySettings
from payloom.fraud.campaigns import TypologyPlan, plan_fraud, plan_planted
from payloom.fraud.cases import KEPT_EVENTS, NEVER_US, Cases, CaseTable, Timed, build_cases, timed_between
from payloom.fraud.kit import Kit
from payloom.fraud.registry import find_planted, find_typologies
from payloom.fraud.reporting import Labels, Reporting
from payloom.fraud.shares import code_table
from payloom.fraud.typology import TransferTypology, Typology
from payloom.fraud.victims import Victims
from payloom.plan.clock import Clock, LocalTime
from payloom.plan.periods import DAY_US
from payloom.streams.hashing import high
from payloom.world.cards import GENERATIONS
from payloom.world.model import Model

I64 = NDArray[np.int64]

AFTER_FREEZE = {"05": 0.55, "57": 0.10, "61": 0.35}
"""Answers to transfers from an account that the bank has frozen (estimate)."""

AFTER_STOP = {"05": 0.66, "57": 0.26, "59": 0.08}
"""Answers where the bank stops a merchant's charges, or what an account spends, and no card is blocked (estimate)."""


@dataclass(frozen=True)
class Plot:
    """What fraudsters do in a world, and what happens to their victims; known before any payment is made.

    Attributes
    ----------
    kit
        Tools.
    fraud, planted
        Counts by typology, in order of their names.
    table
        All cases, where somebody listed them already.
    """

    kit: Kit
    fraud: tuple[TypologyPlan, ...]
    planted: tuple[TypologyPlan, ...]
    table: CaseTable | None = None

    @classmethod
    def of(cls, model: Model, spending: Spending, table: CaseTable | None = None) -> Plot:
        """Plan all campaigns of a world; its cases are listed later, unless there is a table of them."""
        kit = Kit(model, spending, Victims(model))
        config = model.config
        planted = plan_planted(model.plan, _made(kit, find_planted(_wanted(config.planted.mix))))
        kit.plans.update((one.typology.name, one) for one in planted)
        fraud = plan_fraud(model.plan, _made(kit, find_typologies(_wanted(config.fraud.mix))))
        kit.plans.update((one.typology.name, one) for one in fraud)
        return cls(kit, fraud, planted, table)

    @cached_property
    def cases(self) -> Cases:
        """All cases, with their reports; listed when the first payment is made: seconds in a large world."""
        return build_cases(self.kit, self.fraud) if self.table is None else Cases(self.kit, self.table, {})

    @property
    def has_cases(self) -> bool:
        """Whether the cases are listed already."""
        return self.table is not None or "cases" in self.__dict__

    def fraud_by_day(self) -> I64:
        """Fraud of each day of the period."""
        total = np.zeros(self.kit.model.plan.period.days, dtype=np.int64)
        for one in self.fraud:
            total += one.quota
        return total


def _wanted(mix: dict[str, float]) -> list[str]:
    return [name for name, share in mix.items() if share > 0]


def _made(kit: Kit, classes: Iterable[type[Typology]]) -> list[Typology]:
    settings = kit.model.config.fraud.typologies
    return [one(kit, cast("TypologySettings", getattr(settings, one.name, one.defaults))) for one in classes]


@dataclass(frozen=True)
class FraudStream:
    """Functions that make the payments of campaigns.

    Attributes
    ----------
    plot, settlement, transfers, reporting
        What it builds on.
    codes
        Code of each typology's name in the labels.
    """

    plot: Plot
    settlement: Settlement
    transfers: Transfers
    reporting: Reporting
    codes: dict[str, int]

    @classmethod
    def of(cls, plot: Plot, settlement: Settlement, transfers: Transfers) -> FraudStream:
        """Prepare the stream."""
        codes = {name: code for code, name in enumerate(known_typologies())}
        return cls(plot, settlement, transfers, Reporting(plot.kit), codes)

    def between(self, clock: LocalTime, start_us: int, end_us: int) -> tuple[Rows, Labels]:
        """Finished fraud and planted payments in [start_us, end_us), not sorted; labels of fraud and disputes."""
        if not self._is_small:
            return self._make(clock, start_us, end_us)
        rows, labels = self._whole_period
        inside = np.flatnonzero((rows.time_us >= start_us) & (rows.time_us < end_us))
        told = np.flatnonzero((labels.time_us >= start_us) & (labels.time_us < end_us))
        return rows.take(inside), labels.take(told)

    @cached_property
    def _is_small(self) -> bool:
        """Whether the period's events fit into memory many times over."""
        return sum(int(one.quota.sum()) for one in self.plot.planted + self.plot.fraud) <= KEPT_EVENTS

    @cached_property
    def _whole_period(self) -> tuple[Rows, Labels]:
        """All events of a small world: a few calls for the year instead of as many for every cell."""
        model = self.plot.kit.model
        period = model.plan.period
        clock = Clock(model.geography.timezones)
        return self._make(clock, period.first_day * DAY_US, period.end_day * DAY_US)

    def _make(self, clock: LocalTime, start_us: int, end_us: int) -> tuple[Rows, Labels]:
        """Make the events of a window."""
        plot = self.plot
        made = [timed_between(plot.cases, one, start_us, end_us) for one in plot.planted + plot.fraud]
        by_card = [one for one in made if not isinstance(one.plan.typology, TransferTypology)]
        by_account = [one for one in made if isinstance(one.plan.typology, TransferTypology)]
        rows, labels = [], []
        for group, make in ((by_card, self._card_payments), (by_account, self._transfers)):
            if not group:
                continue
            whole = make(clock, group)
            rows.append(whole)
            start = 0
            for one in group:
                view = whole.take(slice(start, start + len(one.events)))
                start += len(one.events)
                labels += self._label(one, view)
        return Rows.concatenate(rows), Labels.concatenate([Labels.empty(), *labels])

    def _label(self, made: Timed, rows: Rows) -> list[Labels]:
        typology = made.plan.typology
        if typology.genuine and not typology.disputed:
            return []
        code = self.codes[typology.name]
        if typology.genuine:
            return [self.reporting.dispute(code, made, rows)]
        return [self.reporting.label(code, made, rows, self.plot.cases)]

    def _card_payments(self, clock: LocalTime, made: Sequence[Timed]) -> Rows:
        """Make each event as the victim's own payment, and change what the campaign changes."""
        kit = self.plot.kit
        index, bits = (np.concatenate([getattr(one.events, name) for one in made]) for name in ("index", "bits"))
        customer = np.concatenate([one.customer for one in made])
        time_us = np.concatenate([one.time_us for one in made])
        choice = kit.spending.buy(clock, time_us, Payers(index, bits, customer, kit.group_of(customer)))
        slices = _slices(made)
        for one, part in zip(made, slices, strict=True):
            if not one.plan.typology.genuine:
                # All payments with one stolen card are made with that card.
                card = kit.pair_draws(one.events.campaign_bits, one.victim, "card")
                choice.instrument_bits[part] = card
            one.plan.typology.choose(choice.view(part), one.events)
        # Whose card it is at the time of a fraud is settled below.
        rows = self.settlement.settle(clock, choice, updated=True)
        for one, part in zip(made, slices, strict=True):
            view = rows.take(part)
            view.is_fraud[:] = not one.plan.typology.genuine
            one.plan.typology.finish(view, one.events)
            self._stop(one, view)
            agree(view)
            # Orders by telephone have no 3-D Secure to pass or fail.
            view.three_ds[view.entry_mode == MANUAL] = NO_THREE_DS
        return rows

    def _transfers(self, clock: LocalTime, made: Sequence[Timed]) -> Rows:
        """Make each event as a transfer from the victim's current account, and change what the campaign changes."""
        kit, parts = self.plot.kit, []
        for one in made:
            total = len(one.events)
            orders = Orders(
                time_us=one.time_us,
                index=one.events.index,
                bits=one.events.bits,
                customer=one.customer.copy(),
                group=kit.group_of(one.customer),
                account=kit.model.accounts.current(one.customer),
                payee=np.zeros(total, dtype=np.int64),
                dollars=np.zeros(total),
                step_dollars=np.zeros(total),
                standing=np.zeros(total, dtype=np.bool_),
            )
            cast("TransferTypology", one.plan.typology).order(orders, one.events)
            parts.append(orders)
        rows = self.transfers.settle(clock, Orders.concatenate(parts))
        for one, part in zip(made, _slices(made), strict=True):
            view = rows.take(part)
            view.is_fraud[:] = not one.plan.typology.genuine
            one.plan.typology.finish(view, one.events)
            self._stop(one, view)
        return rows

    def _stop(self, made: Timed, rows: Rows) -> None:
        """Decline what comes after the block of a card or account; the fraudster still has the old card."""
        if made.plan.typology.genuine or not made.plan.typology.stops:
            return
        cases = self.plot.cases
        case = cases.find(made.events, made.victim)
        blocked = cases.table.blocked_us[case]
        stopped = (blocked != NEVER_US) & (rows.time_us >= blocked)
        by_card = np.flatnonzero(rows.card >= 0)
        holder = rows.card[by_card] // GENERATIONS
        now, _ = cases.table.reissues.before(holder, rows.time_us[by_card])
        then, _ = cases.table.reissues.before(holder, cases.table.first_us[case[by_card]])
        rows.card[by_card] -= now - then
        # Another thief's case may have had the card blocked.
        stopped[by_card] |= now > then
        late = np.flatnonzero(stopped)
        by_account = isinstance(made.plan.typology, TransferTypology)
        lost = np.full(len(rows), made.plan.typology.blocks_cards)
        lost[by_card] |= now > then
        bits = high(self.plot.kit.draws(made.events.bits[late], "after_block"))
        open_answers = code_table(RESPONSE_CODE, AFTER_FREEZE if by_account else AFTER_STOP)
        answer = np.where(lost[late], code_table(RESPONSE_CODE, AFTER_BLOCK)(bits), open_answers(bits)).astype(np.int8)
        # A terminal has read the card: there is such a one.
        np.copyto(answer, RESTRICTED, where=(answer == NO_SUCH_CARD) & (rows.cvm[late] != NULL))
        rows.response[late] = np.where(rows.response[late] == APPROVED, answer, rows.response[late])


def _slices(made: Sequence[Timed]) -> list[slice]:
    ends = np.cumsum([len(one.events) for one in made]).tolist()
    return [slice(end - len(one.events), end) for one, end in zip(made, ends, strict=True)]
