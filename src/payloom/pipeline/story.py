"""Stories: a few real rows of one campaign, made in a small world of that kind."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from string import ascii_uppercase
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from payloom.cell.assembly import Streams
from payloom.cell.columns import ArrowColumns
from payloom.codes import RESPONSE_MEANING
from payloom.config import Config
from payloom.fraud.campaigns import TypologyPlan, events_between
from payloom.fraud.registry import shipped_planted
from payloom.pipeline.world import World
from payloom.plan.periods import day_date
from payloom.reference import load_currencies

I64 = NDArray[np.int64]

STORY_ROWS: Final = 30_000
STORY_DAYS: Final = 240
STORY_SHARE: Final = Decimal("0.02")
"""Size of the small world, and what part of it is of the kind in question: some hundred payments."""

MARGIN_DAYS: Final = 20
"""Days around a short campaign in which the customer's own payments are looked for."""

COMPANY: Final = 0.3
"""Share of the other typologies in it: some follow up on what others did."""


@dataclass(frozen=True, slots=True)
class StoryRow:
    """One payment as a reader wants to see it.

    Attributes
    ----------
    local_time
        Where it was made, without the zone.
    customer
        A letter for each customer of the story.
    amount, merchant, place, device, answer
        Texts.
    label
        Role of a fraud or dispute; "genuine" for the look-alike itself, "own" for the customer's other payments.
    reported
        When the issuer heard of it; "never", or empty where there is nothing to report.
    """

    local_time: str
    customer: str
    amount: str
    merchant: str
    place: str
    device: str
    answer: str
    label: str
    reported: str


def tell(config: Config, name: str, rows: int = 5) -> list[StoryRow]:
    """Give rows of one campaign in order of time; short campaigns are filled up with the customer's own payments.

    Parameters
    ----------
    config
        The config, of which the story has the settings but not the size.
    name
        A typology or a planted kind.
    rows
        Number of rows.
    """
    world = World(_small_world(config, name))
    streams = Streams.of(world.config)
    one = next(one for one in streams.plot.fraud + streams.plot.planted if one.typology.name == name)
    day, index = _campaign(streams, one, rows)
    ids = np.asarray(ArrowColumns.of(streams.model).transaction_ids(index))
    margin = 0 if len(index) >= rows else MARGIN_DAYS
    period = streams.model.plan.period
    start = day_date(max(int(day.min()) - margin, period.first_day))
    end = day_date(min(int(day.max()) + 1 + margin, period.end_day))
    payments = world.payments(start, end)
    own = payments.filter(pl.col("transaction_id").is_in(ids.tolist())).with_columns(member=pl.lit(value=True))
    chosen = own[_spread(own.height, rows)]
    if own.height < rows:
        chosen = _with_others(payments, own, rows)
    labels = world.fraud_labels(start, end).select("transaction_id", "role", "reported_at")
    merchants = world.merchants().select("merchant_id", "name", "city")
    told = chosen.join(labels, on="transaction_id", how="left").join(merchants, on="merchant_id", how="left")
    letters = {customer: _letter(n) for n, customer in enumerate(told["customer_id"].unique(maintain_order=True))}
    return [_row(row, letters) for row in told.sort("event_time").iter_rows(named=True)]


def _small_world(config: Config, name: str) -> Config:
    """Return the config with few rows, most of whose fraud, or all of whose planted payments, are of one kind."""
    world = config.world.model_copy(
        update={
            "rows": STORY_ROWS,
            "end": min(config.world.end, config.world.start + timedelta(days=STORY_DAYS)),
            "fraud_rate": STORY_SHARE,
            "customers": None,
            "merchants": None,
        }
    )
    planted, fraud = config.planted, config.fraud
    if name in shipped_planted():
        planted = planted.model_copy(update={"share": float(STORY_SHARE), "mix": {name: 1.0}})
    else:
        mix = {other: share * COMPANY for other, share in fraud.mix.items() if other != name}
        mix[name] = 1.0 - float(np.sum(list(mix.values())))
        fraud = fraud.model_copy(update={"mix": dict(sorted(mix.items()))})
    return config.model_copy(update={"world": world, "planted": planted, "fraud": fraud})


def _campaign(streams: Streams, one: TypologyPlan, rows: int) -> tuple[I64, I64]:
    """Days and positions of the events of one campaign: the smallest that has enough, else the largest."""
    plan = streams.model.plan
    events = events_between(plan, one, plan.period.first_day, plan.period.end_day)
    known, size = np.unique(events.campaign, return_counts=True)
    best = known[np.argmin(np.where(size >= rows, size, 10**6 - size))]
    here = np.flatnonzero(events.campaign == best)
    return events.day[here], events.index[here]


def _spread(total: int, rows: int) -> list[int]:
    """Choose rows from the first to the last, evenly: the story has a beginning and an end."""
    if total <= rows:
        return list(range(total))
    return [number * (total - 1) // (rows - 1) for number in range(rows)]


def _with_others(payments: pl.DataFrame, own: pl.DataFrame, rows: int) -> pl.DataFrame:
    """Add the customers' own payments that are nearest in time."""
    middle = own["event_time"][0]
    others = payments.filter(pl.col("customer_id").is_in(own["customer_id"].implode()))
    others = others.join(own, on="transaction_id", how="anti")
    nearest = others.with_columns(member=pl.lit(value=False)).sort((pl.col("event_time") - middle).abs())
    return pl.concat([own, nearest.head(rows - own.height)])


def _letter(number: int) -> str:
    return ascii_uppercase[number] if number < len(ascii_uppercase) else f"no. {number + 1}"


def _row(row: dict[str, Any], letters: dict[int, str]) -> StoryRow:
    reported = "" if row["role"] is None and not row["is_fraud"] else "never"
    if row["reported_at"] is not None:
        reported = f"{row['reported_at']:%Y-%m-%d %H:%M}"
    own = "genuine" if row["member"] else "own"
    return StoryRow(
        local_time=f"{row['event_time'] + timedelta(minutes=row['local_offset_min']):%Y-%m-%d %H:%M}",
        customer=letters[row["customer_id"]],
        amount=_amount(row),
        merchant=row["name"]
        or f"{row['transaction_type']} to account ...{(row['payee_account_id'] or 0) % 10_000:04d}",
        place=row["city"] or " ".join(part for part in ("online", row["merchant_country"]) if part),
        device=_device(row),
        answer=f"{row['response_code']} {RESPONSE_MEANING[row['response_code']]}",
        label=f"fraud: {row['role']}" if row["is_fraud"] else row["role"] or own,
        reported=reported,
    )


def _amount(row: dict[str, Any]) -> str:
    digits = load_currencies()[row["currency"]].exponent
    return f"{row['amount_minor'] / 10**digits:,.{digits}f} {row['currency']}"


def _device(row: dict[str, Any]) -> str:
    """Say what it was paid with: a card or phone at a terminal, or a device over a line."""
    if row["terminal_id"] is not None:
        return f"{row['wallet'] or 'card'}, {row['entry_mode']}"
    if row["device_id"] is None:
        return f"{row['entry_mode'] or row['channel']}, device unknown"
    return (
        f"{row['device_type']} ...{row['device_id'] % 10_000:04d}, {row['ip_type']} {row['ip_country'] or ''}".strip()
    )
