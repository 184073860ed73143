"""Draw the pictures of ``docs/pictures`` from a data set.

    payloom generate --out data
    python scripts/make_pictures.py data

Each is a PNG of at most 150 kB; needs Matplotlib (the extra ``dev``).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import matplotlib as mpl
import polars as pl
from matplotlib.figure import Figure

from payloom.realism.data import DataSet
from payloom.realism.measures.cards import visits_by_rank
from payloom.realism.measures.evidence import Evidence
from payloom.realism.measures.timing import ULB_HOUR_PERCENT

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "pictures"
MAX_BYTES: Final = 150_000
BLUE, ORANGE, GREY = "#2b6cb0", "#dd6b20", "#718096"
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
AMOUNT_TICKS = (1, 10, 100, 1000, 10_000)
BINS_PER_DECADE = 20
TOP_MERCHANTS = 20


def hours(axes: Axes, evidence: Evidence) -> None:
    """Draw genuine payments and fraud by local hour, beside the ULB records."""
    for rows, colour, label in ((evidence.genuine, BLUE, "genuine"), (evidence.fraud.lazy(), ORANGE, "fraud")):
        count = rows.group_by("hour").len().sort("hour").collect()
        percent = (count["len"] / count["len"].sum() * 100).to_list()
        axes.step([*count["hour"].to_list(), 24], [*percent, percent[-1]], where="post", color=colour, label=label)
    axes.plot([h + 0.5 for h in range(24)], ULB_HOUR_PERCENT, "o", ms=3, color=GREY, label="genuine, ULB 2013")
    axes.set(title="Local hour", xlabel="hour", ylabel="% of payments", xlim=(0, 24), ylim=(0, None))
    axes.set_xticks(range(0, 25, 6))
    axes.legend(frameon=False, fontsize=8)


def week(axes: Axes, evidence: Evidence) -> None:
    """Draw payments in store by weekday and local hour."""
    shops = evidence.genuine.filter(pl.col("channel") == "in_store")
    count = {(day, hour): n for day, hour, n in shops.group_by("weekday", "hour").len().collect().iter_rows()}
    total = sum(count.values())
    grid = [[count.get((day, hour), 0) / total * 100 for hour in range(24)] for day in range(1, 8)]
    image = axes.imshow(grid, aspect="auto", cmap="Blues", extent=(0, 24, 7, 0))
    axes.set_yticks([day + 0.5 for day in range(7)], WEEKDAYS)
    axes.set_xticks(range(0, 25, 6))
    axes.set(title="In store, by weekday and hour", xlabel="hour")
    axes.figure.colorbar(image, ax=axes, label="% of payments")


def amounts(axes: Axes, evidence: Evidence) -> None:
    """Draw the density of amounts on a logarithmic scale."""
    edges = [10 ** (step / BINS_PER_DECADE) for step in range(-BINS_PER_DECADE, 4 * BINS_PER_DECADE + 1)]
    genuine, fraud = evidence.purchases, evidence.fraud.lazy()
    for rows, colour, label in ((genuine, BLUE, "genuine purchases"), (fraud, ORANGE, "fraud")):
        usd = rows.select("amount_usd").filter(pl.col("amount_usd") > 0).collect().to_series().to_numpy()
        axes.hist(
            usd, bins=edges, weights=[100 / len(usd)] * len(usd), histtype="step", color=colour, label=label, lw=1.4
        )
    axes.set(title="Amount", xlabel="US dollars", ylabel="% of payments", xscale="log", xlim=(0.4, 10_000))
    axes.set_xticks(AMOUNT_TICKS, [f"{tick:,}" for tick in AMOUNT_TICKS])
    axes.legend(frameon=False, fontsize=8)


def merchants(axes: Axes, evidence: Evidence) -> None:
    """Draw the share of a card's payments by rank of its merchants: the mean and the quartiles over cards."""
    visits = (
        visits_by_rank(evidence)
        .with_columns(share=pl.col("share") * 100)
        .filter(pl.col("rank") <= TOP_MERCHANTS)
        .group_by("rank")
        .agg(
            pl.col("share").mean(),
            low=pl.col("share").quantile(0.25),
            high=pl.col("share").quantile(0.75),
        )
        .sort("rank")
    )
    rank = visits["rank"].to_list()
    axes.fill_between(rank, visits["low"].to_list(), visits["high"].to_list(), color=BLUE, alpha=0.2, label="quartiles")
    axes.plot(rank, visits["share"].to_list(), "o-", ms=3, color=BLUE, label="mean over cards")
    first = visits["share"][0]
    axes.plot(rank, [first * r**-1.23 for r in rank], "--", color=GREY, label="slope −1.23, purchasing cards")
    axes.set(title="A card's merchants", xlabel="rank", ylabel="% of its payments", xscale="log", yscale="log")
    axes.set_xticks((1, 2, 5, 10, 20), ("1", "2", "5", "10", "20"))
    axes.set_xticks((), minor=True)
    axes.set_yticks((1, 2, 5, 10, 20, 50), ("1", "2", "5", "10", "20", "50"))
    axes.set_yticks((), minor=True)
    axes.legend(frameon=False, fontsize=8)


def year(axes: Axes, evidence: Evidence) -> None:
    """Draw payments a day over the year, and fraud a week."""
    days = evidence.rows.group_by(day=pl.col("event_time").dt.date()).agg(pl.len()).sort("day").collect()
    weeks = evidence.fraud.group_by(pl.col("event_time").dt.truncate("1w").dt.date().alias("day")).len().sort("day")
    axes.plot(days["day"].to_list(), days["len"].to_list(), color=BLUE, lw=0.8, label="payments a day")
    axes.set(title=f"The year {evidence.years[0]}", ylabel="payments a day", ylim=(0, None))
    axes.tick_params(axis="x", labelrotation=45)
    right = axes.twinx()
    right.step(weeks["day"].to_list(), weeks["len"].to_list(), where="post", color=ORANGE, lw=1, label="frauds a week")
    right.set(ylabel="frauds a week", ylim=(0, 3 * float(str(weeks["len"].max()))))
    right.spines["top"].set_visible(False)
    axes.legend(frameon=False, fontsize=8, loc="upper left")
    right.legend(frameon=False, fontsize=8, loc="upper center")


PICTURES: dict[str, Callable[[Axes, Evidence], None]] = {
    "hours": hours,
    "week": week,
    "amounts": amounts,
    "merchants": merchants,
    "year": year,
}
OVERVIEW = ("hours", "week", "amounts", "merchants")


def main() -> int:
    """Draw every picture; 1 if one is too large."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="data set, as written by payloom generate")
    evidence = Evidence(DataSet.open(parser.parse_args().folder))
    mpl.rcParams |= {"font.size": 9, "axes.spines.top": False, "axes.spines.right": False, "axes.titlesize": 10}
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, draw in PICTURES.items():
        figure = Figure(figsize=(5, 3.2), layout="constrained")
        draw(figure.subplots(), evidence)
        figure.savefig(FOLDER / f"{name}.png", dpi=120, metadata={"Software": None})
    figure = Figure(figsize=(9, 6), layout="constrained")
    for axes, name in zip(figure.subplots(2, 2).flat, OVERVIEW, strict=True):
        PICTURES[name](axes, evidence)
    figure.savefig(FOLDER / "overview.png", dpi=110, metadata={"Software": None})
    large = [picture.name for picture in FOLDER.glob("*.png") if picture.stat().st_size > MAX_BYTES]
    if large:
        print(f"larger than {MAX_BYTES:,} bytes: {', '.join(large)}", file=sys.stderr)
    return 1 if large else 0


if __name__ == "__main__":
    sys.exit(main())
