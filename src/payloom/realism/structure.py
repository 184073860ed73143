"""How things hang together: devices, people, cards, addresses, campaigns, and how fraud changes over the months."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Final

import polars as pl

from payloom.realism.measures.evidence import Evidence
from payloom.realism.results import Histogram, Structure

SIZES: Final = (1, 2, 3, 4, 5, 10, 20, 50, 100, 1000)
"""Lower ends of the bins in which counts of things are shown."""

SIZE_LABELS: Final = (
    *(str(low) if high == low + 1 else f"{low}-{high - 1}" for low, high in pairwise(SIZES)),
    f"{SIZES[-1]}+",
)

LINKS: Final = (
    ("Customers of a device", "customers", "device_id", "customer_id"),
    ("Devices of a customer", "devices", "customer_id", "device_id"),
    ("Cards behind an address", "cards", "ip_address", "card_id"),
    ("Customers of a merchant", "customers", "merchant_id", "customer_id"),
    ("Merchants of a card", "merchants", "card_id", "merchant_id"),
)
"""Title, what is counted, for each of which column, in which column."""

CAMPAIGN_PARTS: Final = {
    "customers": "customer_id",
    "cards": "card_id",
    "devices": "device_id",
    "merchants": "merchant_id",
    "terminals": "terminal_id",
    "payees": "payee_account_id",
}


def measure_structure(evidence: Evidence) -> Structure:
    """Return who shares what, how large campaigns are, and fraud by month."""
    found = [_link(evidence, *link) for link in LINKS if evidence.has(*link[2:])]
    found += _payees(evidence)
    if evidence.has_table("fraud_labels") and evidence.has("transaction_id"):
        frauds = _all_frauds(evidence)
        found += [_campaign_sizes(frauds), _campaign_parts(frauds), _mix_by_month(frauds)]
    found.append(_rate_by_month(evidence))
    return Structure(tuple(found))


def _link(evidence: Evidence, title: str, x_label: str, entity: str, counted: str) -> Histogram:
    """Count one kind of thing for each of another: those that saw fraud beside those that did not."""
    rows = evidence.sampled(evidence.rows.filter(pl.col(entity).is_not_null()), entity)
    links = rows.group_by(entity).agg(pl.col(counted).n_unique().alias("size"), pl.col("is_fraud").any())
    sizes = links.filter(pl.col("size") > 0).collect(engine="streaming")
    series = {
        name: _binned(sizes.filter(pl.col("is_fraud") == seen)["size"])
        for name, seen in (("no fraud seen", False), ("fraud seen", True))
    }
    return Histogram(title, x_label, SIZE_LABELS, series)


def _payees(evidence: Evidence) -> list[Histogram]:
    """Count, for accounts in a week, how many they pay and how many pay them: genuine transfers beside fraud."""
    if not evidence.has("account_id", "payee_account_id") or evidence.data.card_rows == evidence.data.rows:
        return []
    week = pl.col("event_time").dt.truncate("1w").alias("week")
    found = []
    for title, hub, other in (
        ("Payees of an account in a week", "account_id", "payee_account_id"),
        ("Payers of an account in a week", "payee_account_id", "account_id"),
    ):
        fans = evidence.data.transfers.group_by("is_fraud", hub, week).agg(pl.col(other).n_unique().alias("size"))
        sizes = fans.select("is_fraud", "size").collect(engine="streaming")
        series = {
            name: _binned(sizes.filter(pl.col("is_fraud") == label)["size"])
            for name, label in (("genuine", False), ("fraud", True))
        }
        found.append(Histogram(title, "accounts", SIZE_LABELS, series))
    return found


def _all_frauds(evidence: Evidence) -> pl.DataFrame:
    """Return frauds by card and by transfer that have a label."""
    both = pl.concat([evidence.fraud, evidence.transfer_fraud], how="diagonal_relaxed")
    return both.filter(pl.col("campaign_id").is_not_null()).with_columns(pl.col("typology").cast(pl.String))


def _campaign_sizes(frauds: pl.DataFrame) -> Histogram:
    sizes = frauds.group_by("campaign_id").agg(pl.len().alias("size"), pl.col("typology").first())
    series = {name: _binned(sizes.filter(pl.col("typology") == name)["size"]) for name in _sorted(frauds["typology"])}
    return Histogram("Payments of a campaign", "payments", SIZE_LABELS, series)


def _campaign_parts(frauds: pl.DataFrame) -> Histogram:
    parts = {name: column for name, column in CAMPAIGN_PARTS.items() if column in frauds.columns}
    graph = frauds.group_by("campaign_id").agg(
        pl.col(column).drop_nulls().n_unique().alias(name) for name, column in parts.items()
    )
    series = {name: _binned(graph.filter(pl.col(name) > 0)[name]) for name in parts if max(graph[name], default=0)}
    return Histogram("Parties of a campaign", "of one kind", SIZE_LABELS, series)


def _mix_by_month(frauds: pl.DataFrame) -> Histogram:
    month = pl.col("event_time").dt.strftime("%Y-%m").alias("month")
    counts = {(m, kind): n for m, kind, n in frauds.group_by(month, "typology").len().iter_rows()}
    months, kinds = _sorted(m for m, _ in counts), _sorted(kind for _, kind in counts)
    total = {m: sum(counts.get((m, kind), 0) for kind in kinds) for m in months}
    series = {kind: tuple(counts.get((m, kind), 0) / total[m] for m in months) for kind in kinds}
    return Histogram("Kinds of fraud by month", "month", tuple(months), series)


def _rate_by_month(evidence: Evidence) -> Histogram:
    month = pl.col("event_time").dt.strftime("%Y-%m").alias("month")
    counts = evidence.rows.group_by(month).agg(frauds=pl.col("is_fraud").sum(), rows=pl.len())
    by_month = counts.sort("month").collect(engine="streaming")
    rates = by_month.select(pl.col("frauds") / pl.col("rows")).to_series()
    return Histogram("Fraud rate by month", "month", tuple(by_month["month"]), {"fraud rate": tuple(rates)})


def _binned(sizes: pl.Series) -> tuple[float, ...]:
    """Return the share of each bin of `SIZES`."""
    counts = [0] * len(SIZES)
    for size, count in sizes.value_counts().iter_rows():
        counts[max(place for place, low in enumerate(SIZES) if low <= size)] += count
    return tuple(count / max(len(sizes), 1) for count in counts)


def _sorted(names: Iterable[str]) -> list[str]:
    return sorted({name for name in names if name})
