"""What a defender knew at a moment: reports and chargebacks that had come in, without what only we know."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import polars as pl

from payloom.config.layers import ARGUMENT
from payloom.config.section import parse_day
from payloom.config.shown import shown_value
from payloom.errors import ConfigError, Problem, StorageError
from payloom.schema import FRAUD_LABELS

if TYPE_CHECKING:
    from payloom.pipeline.world import World

Moment = str | date | datetime
"""A moment in UTC: a time, or a day, which means its first microsecond."""

KNOWN_WITH_REPORT: Final = ("transaction_id", "event_time", "reported_at", "report_channel")
KNOWN_WITH_CHARGEBACK: Final = ("chargeback_reason", "chargeback_at")


def observed_labels(source: World | str | Path, *, as_of: Moment) -> pl.DataFrame:
    """Give the reports that had come in by a moment, one row a payment.

    A genuine payment that its cardholder disputes is reported like any other: a defender cannot tell. Kind, campaign,
    role and the truth are left out. A payment that is reported later, or never, is not in it.

    Parameters
    ----------
    source
        A world, or the folder of a data set of payloom.
    as_of
        The moment, inclusive: a day such as "2025-07-01" (its midnight), or a time with or without a zone (then UTC).

    Returns
    -------
    pl.DataFrame
        `transaction_id`, `event_time`, `reported_at`, `report_channel`, `chargeback_reason`, `chargeback_at`, ordered
        by time of report; a chargeback that came later is null.

    Raises
    ------
    ConfigError
        If the moment is none.
    StorageError
        If the folder has no labels.
    """
    moment = pl.lit(_moment(as_of)).cast(pl.Datetime("us", "UTC"))
    labels = _from_folder(source) if isinstance(source, str | Path) else source.fraud_labels().lazy()
    charged = pl.col("chargeback_at") <= moment
    return (
        labels.filter(pl.col("reported_at") <= moment)
        .select(*KNOWN_WITH_REPORT, *(pl.when(charged).then(pl.col(name)) for name in KNOWN_WITH_CHARGEBACK))
        .sort("reported_at", "transaction_id")
        .collect()
    )


def _from_folder(folder: str | Path) -> pl.LazyFrame:
    """Read the labels of all files, with the declared types."""
    files = sorted((Path(folder) / FRAUD_LABELS.name).rglob("*.parquet"))
    if not files:
        raise StorageError(f"{folder} holds no fraud_labels of payloom", hint="name the folder of a data set")
    schema = FRAUD_LABELS.polars_schema()
    known = (*KNOWN_WITH_REPORT, *KNOWN_WITH_CHARGEBACK)
    return pl.scan_parquet(files, hive_partitioning=False).select(pl.col(name).cast(schema[name]) for name in known)


def _moment(as_of: Moment) -> datetime:
    """Read a moment as a time in UTC."""
    if isinstance(as_of, str):
        day = parse_day(as_of)
        read = day or _time(as_of)
    else:
        read = as_of
    if isinstance(read, datetime):
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    if isinstance(read, date):
        return datetime(read.year, read.month, read.day, tzinfo=UTC)
    allowed = "expected a day such as 2025-07-01, or a time such as 2025-07-01T12:00:00"
    raise ConfigError([Problem("as_of", shown_value(as_of), allowed, source=ARGUMENT)])


def _time(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
