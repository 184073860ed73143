"""Distributions that are watched: who is counted, by what, and how far a share may stray."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

import polars as pl

_col = pl.col

STEPS_PER_DECADE: Final = 20
"""Amounts are counted in classes of equal ratio, 12 % wide."""

GROUP_SEPARATOR: Final = "|"


@dataclass(frozen=True, slots=True)
class Margin:
    """One distribution.

    Attributes
    ----------
    name
        Its name in rules and in the baseline.
    columns
        Columns that it needs.
    where
        Who is counted.
    key
        What is counted, as text; an amount's class as a number in text. It reads codes and columns of few values.
    shape
        ``shares`` of classes, each compared alone, or a ``cdf`` over ordered classes.
    holds
        What the rule says.
    sections
        Sections of the config that shape it: where they differ from the baseline's, there is nothing to compare with.
    least_days
        It only makes sense over so many days and more.
    tolerance, day_tolerance
        How far worlds differ for other reasons than chance, as a share of the expected share (of 1 for a cdf): in all,
        and divided by the root of the covered days.
    short_tolerance
        The same for periods of fewer than `WEEKS_DAYS` days: what a single month or day has of its own.
    size_tolerance
        The same for each power of ten between the world's payments and the million of the baseline.
    clock
        Classes that come twice, or not at all, on a day when clocks change.
    effect
        Design effect: payments come in clusters.
    least_merchants
        Worlds with fewer are too small to have the mix: some trades are in one city only.
    group
        Whether `key` begins with a group, such as the trade, whose distribution is judged on its own.
    """

    name: str
    columns: tuple[str, ...]
    where: pl.Expr
    key: pl.Expr
    shape: Literal["shares", "cdf"]
    holds: str
    sections: tuple[str, ...]
    least_days: int = 1
    tolerance: float = 0.05
    day_tolerance: float = 0.4
    short_tolerance: float = 0.0
    size_tolerance: float = 0.0
    clock: tuple[str, ...] = ()
    effect: float = 3.0
    least_merchants: int = 0
    group: bool = False


MONTH_DAYS: Final = 28
"""Days from which what comes once a month is seen."""

WEEKS_DAYS: Final = 84
"""Days from which weekdays come about as often as each other: in a month one may come an eighth too often."""

TRADES: Final = ("5411", "5812", "5814", "5541", "5732", "5651", "5912", "5262", "5311", "7011", "4111", "5817")
"""Trades whose amounts are watched one by one: groceries, restaurants, fuel, electronics, fashion, …"""

_GENUINE: Final = ~_col("is_fraud")
_CARD: Final = _GENUINE & (_col("transaction_type") != "transfer")
_CHOSEN: Final = _CARD & ~_col("is_recurring")
_PURCHASE: Final = _GENUINE & (_col("transaction_type") == "purchase") & ~_col("is_recurring")
_WHO: Final = ("is_fraud", "transaction_type", "is_recurring")
_LOCAL_MINUTE: Final = _col("event_time").dt.epoch("s") // 60 + _col("local_offset_min")
_DERIVED: Final = {
    "local_hour": (_LOCAL_MINUTE // 60 % 24).cast(pl.Int8),
    # The first day of 1970 was a Thursday.
    "local_weekday": ((_LOCAL_MINUTE // 1440 + 3) % 7 + 1).cast(pl.Int8),
    "amount_class": (_col("amount_usd").log10() * STEPS_PER_DECADE).floor().cast(pl.Int32, strict=False),
    "first_digit": _col("amount_minor").cast(pl.String).str.head(1),
}
"""Columns of few values, each computed once for all margins that count it."""

MARGINS: Final = (
    Margin(
        "hour",
        ("event_time", "local_offset_min", *_WHO),
        _CHOSEN,
        _col("local_hour").cast(pl.String),
        "shares",
        "payments by hour of the local day follow the profile of the day",
        ("regions", "calendar", "spending"),
        effect=4.0,
        clock=("0", "1", "2", "3"),
    ),
    Margin(
        "weekday",
        ("event_time", "local_offset_min", *_WHO),
        _CHOSEN,
        _col("local_weekday").cast(pl.String),
        "shares",
        "payments by weekday follow the profile of the week",
        ("regions", "calendar", "spending"),
        least_days=WEEKS_DAYS,
        effect=4.0,
    ),
    Margin(
        "channel",
        ("channel", *_WHO),
        _CHOSEN,
        _col("channel").cast(pl.String),
        "shares",
        "the mix of channels is that of the config",
        ("regions", "spending"),
        effect=6.0,
    ),
    Margin(
        "entry_mode",
        ("entry_mode", *_WHO),
        _CHOSEN,
        _col("entry_mode").cast(pl.String),
        "shares",
        "card data gets in as the config says",
        ("regions", "spending"),
        effect=6.0,
    ),
    Margin(
        "transaction_type",
        ("transaction_type", "is_fraud"),
        _GENUINE,
        _col("transaction_type").cast(pl.String),
        "shares",
        "kinds of messages are mixed as in the config",
        ("regions", "spending", "refunds", "transfers", "subscriptions"),
        least_days=MONTH_DAYS,
        effect=6.0,
        # Refunds lag their purchases: the first month of a period has a quarter less, whatever its size.
        short_tolerance=0.25,
    ),
    Margin(
        "response_code",
        ("response_code", *_WHO),
        _CHOSEN & (_col("transaction_type") != "refund"),
        _col("response_code").cast(pl.String),
        "shares",
        "answers and decline codes come as often as the config says",
        ("regions", "spending", "authorisation"),
        effect=4.0,
        # Accounts are full after payday: in worlds of 10 million code 51 comes half as often on the first of a month.
        short_tolerance=0.2,
    ),
    Margin(
        "response_by_channel",
        ("response_code", "channel", *_WHO),
        _CHOSEN & (_col("transaction_type") != "refund"),
        pl.concat_str(_col("channel").cast(pl.String), pl.lit(GROUP_SEPARATOR), _col("response_code").cast(pl.String)),
        "shares",
        "answers and decline codes of each channel are its own",
        ("regions", "spending", "authorisation"),
        effect=4.0,
        group=True,
        short_tolerance=0.2,
    ),
    Margin(
        "decline_code",
        ("response_code", "channel", *_WHO),
        _CHOSEN & (_col("transaction_type") != "refund") & (_col("response_code") != "00"),
        pl.concat_str(_col("channel").cast(pl.String), pl.lit(GROUP_SEPARATOR), _col("response_code").cast(pl.String)),
        "shares",
        "the declines of each channel have its codes",
        ("regions", "spending", "authorisation"),
        effect=2.0,
        short_tolerance=0.2,
        group=True,
    ),
    *(
        Margin(
            name,
            (name, *_WHO),
            _CHOSEN & _col(name).is_not_null(),
            _col(name).cast(pl.String),
            "shares",
            f"values of {name} are mixed as in the default world",
            ("regions", "spending", "authorisation"),
            # A customer has a VPN or has none: all of their addresses are alike.
            effect=20.0 if name == "ip_type" else 6.0,
        )
        for name in ("cvm", "three_ds", "cvv_result", "ip_type")
    ),
    Margin(
        "ip_country",
        ("ip_country", "issuer_country", *_WHO),
        _CHOSEN & _col("ip_country").is_not_null(),
        pl.when(_col("ip_country").cast(pl.String) == _col("issuer_country").cast(pl.String))
        .then(pl.lit("of the issuer"))
        .otherwise(pl.lit("of another")),
        "shares",
        "addresses abroad are as frequent as travellers make them",
        ("regions", "spending", "authorisation"),
        effect=15.0,
    ),
    Margin(
        "currency",
        ("currency", *_WHO),
        _CHOSEN,
        _col("currency").cast(pl.String),
        "shares",
        "currencies are mixed as the regions are",
        ("regions", "spending"),
        effect=5.0,
        # Shops of one region are closed while others are open: on Christmas Day every second payment more is in yen.
        short_tolerance=0.2,
    ),
    Margin(
        "mcc",
        ("mcc", *_WHO),
        _PURCHASE & _col("mcc").is_not_null(),
        _col("mcc").cast(pl.String),
        "shares",
        "purchases by trade follow the mix of trades",
        ("regions", "spending"),
        effect=15.0,
        tolerance=0.25,
        least_merchants=3_000,
        # Restaurants have 10.5 % of a world of a million payments, 8.0 % of 10 million and 6.3 % of 100 million.
        size_tolerance=0.15,
    ),
    Margin(
        "amount",
        ("amount_usd", *_WHO),
        _PURCHASE & (_col("amount_usd") > 0),
        _col("amount_class").cast(pl.String),
        "cdf",
        "quantiles of amounts are those of the trades",
        ("regions", "spending"),
        effect=8.0,
        tolerance=0.02,
        day_tolerance=0.08,
    ),
    Margin(
        "amount_by_trade",
        ("amount_usd", "mcc", *_WHO),
        _PURCHASE & (_col("amount_usd") > 0) & _col("mcc").is_in(TRADES),
        pl.concat_str(_col("mcc").cast(pl.String), pl.lit(GROUP_SEPARATOR), _col("amount_class").cast(pl.String)),
        "cdf",
        "quantiles of amounts of each large trade are its own",
        ("regions", "spending"),
        group=True,
        effect=4.0,
        tolerance=0.02,
        day_tolerance=0.08,
        # Rooms below 178 USD are 52 % of those of a world of a million payments, 47 % of 10 million.
        size_tolerance=0.02,
    ),
    Margin(
        "first_digit",
        ("amount_minor", *_WHO),
        _PURCHASE & (_col("amount_minor") > 0),
        _col("first_digit"),
        "shares",
        "first digits of amounts are near Benford's law",
        (),
        effect=3.0,
    ),
)

Counts = Mapping[str, int]

NO_DAY: Final = 0
"""Day of all rows where days are not told apart."""


@dataclass(frozen=True)
class Profile:
    """What was counted of each margin.

    Attributes
    ----------
    by_day
        By margin, a row for each class of each day: ``day`` (days since 1970-01-01), ``key`` and ``n``.
    """

    by_day: Mapping[str, pl.DataFrame]

    @cached_property
    def counts(self) -> Mapping[str, Counts]:
        """Rows by class, by margin."""
        sums = {name: found.group_by("key").agg(_col("n").sum()) for name, found in self.by_day.items()}
        return {name: dict(found.iter_rows()) for name, found in sums.items()}

    @classmethod
    def of(cls, frame: pl.DataFrame, *, days: bool = False) -> Profile:
        """Count a frame, by day or all days together; margins whose columns are missing are left out."""
        found = {}
        day = _col("event_time").dt.date().to_physical() if days and "event_time" in frame.columns else pl.lit(NO_DAY)
        everyone = _with_derived(everybody(frame)).with_columns(day.cast(pl.Int32).alias("day")).lazy()
        for margin in measurable(frame.columns):
            # Codes are counted as they are stored, and few rows are left to make texts of.
            rows = everyone.filter(margin.where).group_by("day", *margin.key.meta.root_names())
            counts = rows.agg(pl.len().cast(pl.Int64).alias("n")).collect()
            found[margin.name] = _added([counts.select("day", margin.key.alias("key"), "n").drop_nulls()])
        return cls(found)

    @classmethod
    def merged(cls, profiles: Iterable[Profile]) -> Profile:
        """Add up profiles."""
        every = list(profiles)
        names = dict.fromkeys(name for profile in every for name in profile.by_day)
        return cls({name: _added([p.by_day[name] for p in every if name in p.by_day]) for name in names})


def _added(frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    return pl.concat(frames).group_by("day", "key").agg(_col("n").sum())


def _with_derived(frame: pl.DataFrame) -> pl.DataFrame:
    there = set(frame.columns)
    possible = {name: made for name, made in _DERIVED.items() if set(made.meta.root_names()) <= there}
    return frame.with_columns(made.alias(name) for name, made in possible.items())


_OPTIONAL: Final = frozenset(_WHO)
"""Columns that only say who is counted: data without them counts everybody."""


def measurable(columns: Iterable[str]) -> list[Margin]:
    """Return the margins that can be counted with these columns."""
    known = set(columns)
    return [margin for margin in MARGINS if not needed(margin) - known]


def needed(margin: Margin) -> set[str]:
    """Return the columns without which a margin can't be counted."""
    who = set(margin.columns) & _OPTIONAL
    return set(margin.columns) - (who - {margin.name})


def everybody(frame: pl.DataFrame) -> pl.DataFrame:
    """Add the columns that only say who is counted where data does not have them: then everybody is."""
    plain = {"is_fraud": False, "is_recurring": False, "transaction_type": "purchase"}
    missing = {name: value for name, value in plain.items() if name not in frame.columns}
    return frame.with_columns(pl.lit(value).alias(name) for name, value in missing.items())
