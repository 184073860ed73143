"""Score: a registered model looks at payments, and what it would have reviewed becomes one file of alerts a day."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import polars as pl

from payloom.errors import ConfigError, ConflictError, Problem
from payloom.extras import extra_libraries
from payloom.pipeline.at_hand import at_hand
from payloom.pipeline.places import open_target
from payloom.pipeline.train import EXTRA, NEEDED_BY
from payloom.realism.data import DataSet
from payloom.realism.page_file import write_whole
from payloom.storage.address import StoreOptions, is_remote
from payloom.storage.failures import storage_faults
from payloom.write.identity import MARKER

if TYPE_CHECKING:
    from payloom.baseline.models import Scorer

ALERTS: Final = "alerts.parquet"
BUDGET: Final = "budget"
COST: Final = "cost"

SHOWN: Final = (
    "transaction_id", "event_time", "customer_id", "account_id", "card_id", "merchant_id", "channel", "amount_usd",
)  # fmt: skip
"""Columns of a payment that an alert repeats, where the data has them."""

ROWS_AT_ONCE: Final = 1_000_000
"""Payments whose features are in memory at the same time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreOptions:
    """What may be chosen.

    Attributes
    ----------
    model
        ``models:/NAME@ALIAS``, ``models:/NAME/VERSION``, ``runs:/RUN/NAME`` or a folder.
    out
        Folder or address of the alerts.
    tracking_uri
        Server or database of MLflow; a model in a folder needs none.
    start, end
        First day to score, and the day after the last; None for the data's.
    alerts_per_day
        So many alerts each day; None for every payment above the model's threshold by cost.
    mapping
        TOML file that says which column is which, for data that payloom did not make.
    store
        How to talk to an object store.
    """

    model: str
    out: str
    tracking_uri: str = ""
    start: date | None = None
    end: date | None = None
    alerts_per_day: int | None = None
    mapping: str | None = None
    store: StoreOptions | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreReport:
    """What was scored.

    Attributes
    ----------
    source, model, kind, out
        The data set and the model as they were named, the kind of model, and where the alerts are.
    days, rows, alerts
        Days with payments, payments scored, and alerts.
    rule
        ``cost`` or ``budget``: what made a payment an alert.
    """

    source: str
    model: str
    kind: str
    out: str
    days: int
    rows: int
    alerts: int
    rule: str


def score(place: str, options: ScoreOptions, said: Callable[[str], None] = lambda _: None) -> ScoreReport:
    """Score the payments of a data set and write ``day=YYYY-MM-DD/alerts.parquet`` for each day that has payments.

    Alerts are sorted by probability, the highest first. A day without an alert has a file without rows. Written again,
    a file is replaced whole.

    Parameters
    ----------
    place
        The data set: a folder, or an address such as ``s3://bucket/prefix``.
    options
        What may be chosen.
    said
        Is told what is being done.

    Raises
    ------
    ConfigError
        If a library of the extra is missing, an option is wrong, no payment falls into the days, or a feature that the
        model needs can't be made.
    StorageError, TransientError, CorruptionError, ConflictError
        If data, model or target can't be used; a model with files that could run code is refused.
    """
    with extra_libraries(EXTRA, NEEDED_BY):
        from payloom.tracking.load import load_scorer  # noqa: PLC0415 - needs the extra
    write = _writer(options.out, options.store or StoreOptions())
    said(f"fetching {options.model}")
    scorer = load_scorer(options.model, options.tracking_uri)
    days = rows = alerts = 0
    with at_hand(place, options.store or StoreOptions(), options.mapping) as given:
        for found in _scored(given.data, scorer, options, said):
            rows += len(found)
            for (day,), scored in found.group_by("day", maintain_order=True):
                chosen = _alerts(scored, scorer, options)
                write(f"day={day}/{ALERTS}", chosen)
                days, alerts = days + 1, alerts + len(chosen)
    return ScoreReport(
        source=place,
        model=options.model,
        kind=scorer.kind,
        out=options.out,
        days=days,
        rows=rows,
        alerts=alerts,
        rule=COST if options.alerts_per_day is None else BUDGET,
    )


def _scored(
    data: DataSet, scorer: Scorer, options: ScoreOptions, said: Callable[[str], None]
) -> Iterator[pl.DataFrame]:
    """Yield payments with their probability, some whole days at a time, in the order of time."""
    from payloom.baseline.scoring import scoring_rows  # noqa: PLC0415 - needs the extra

    days = _days(data, options)
    if days.is_empty():
        allowed = f"no payment of {data.source} falls into them"
        raise ConfigError([Problem("from, to", f"{options.start or ''}..{options.end or ''}", allowed)])
    for block in _blocks(days):
        said(f"scoring {block['len'].sum():,} payments from {block['day'][0]} on")
        end = block["day"][-1] + timedelta(days=1)
        asked = scoring_rows(data.payments, data.labels, first=block["day"][0], end=end)
        yield asked.payments.select(name for name in SHOWN if name in asked.payments.columns).with_columns(
            probability=pl.Series(scorer.score(asked.features)),
            day=pl.col("event_time").dt.date(),
        )


def _days(data: DataSet, options: ScoreOptions) -> pl.DataFrame:
    """Count the payments of each day that is asked for."""
    day = pl.col("event_time").dt.date().alias("day")
    counted = data.payments.group_by(day).len().sort("day").collect(engine="streaming")
    if options.start is not None:
        counted = counted.filter(pl.col("day") >= options.start)
    return counted if options.end is None else counted.filter(pl.col("day") < options.end)


def _blocks(days: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Yield days that follow each other and hold no more payments together than may be in memory."""
    block = (pl.col("len").cum_sum() - 1) // ROWS_AT_ONCE
    for _, some in days.group_by(block.alias("block"), maintain_order=True):
        yield some


def _alerts(scored: pl.DataFrame, scorer: Scorer, options: ScoreOptions) -> pl.DataFrame:
    """Return the alerts of a day, the most suspicious first; payments with equal probability in their order."""
    ranked = scored.drop("day").sort("probability", descending=True, maintain_order=True)
    if options.alerts_per_day is None:
        ranked = ranked.filter(pl.col("probability") >= scorer.thresholds[COST])
    else:
        ranked = ranked.head(options.alerts_per_day)
    return ranked.with_columns(
        rank=pl.int_range(1, pl.len() + 1, dtype=pl.Int32), model=pl.lit(options.model), kind=pl.lit(scorer.kind)
    )


def _writer(out: str, options: StoreOptions) -> Callable[[str, pl.DataFrame], None]:
    """Return what writes a file of alerts whole; a place that can't take files is refused first."""
    store = open_target(out, options)
    if store.size(MARKER) is not None:
        raise ConflictError(f"{out} holds a data set", hint="choose a folder of its own for the alerts")
    folder = Path(out)

    def write(name: str, alerts: pl.DataFrame) -> None:
        content = io.BytesIO()
        alerts.write_parquet(content, compression="snappy")
        if is_remote(out):
            store.put(name, content.getvalue())
            return
        with storage_faults(f"write {folder / name}"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
        write_whole(folder / name, content.getvalue())

    return write
