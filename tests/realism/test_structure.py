"""Structure and plots count what is there, on small data whose counts are known."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from payloom import World
from payloom.realism.data import DataSet
from payloom.realism.measures.evidence import Evidence
from payloom.realism.plots import draw_plots
from payloom.realism.results import Histogram
from payloom.realism.structure import SIZE_LABELS, measure_structure


def evidence(**columns: Sequence[object]) -> Evidence:
    rows = len(next(iter(columns.values())))
    times = [datetime(2025, 1, 31, 23, 30, tzinfo=UTC) + timedelta(hours=n) for n in range(rows)]
    values = {"event_time": times, "is_fraud": [False] * rows, **columns}
    labels = None
    if "transaction_id" in columns:
        labels = pl.DataFrame(
            {
                "transaction_id": columns["transaction_id"],
                "typology": ["card_testing"] * rows,
                "campaign_id": [1] * (rows - 1) + [2],
            }
        )
    return Evidence(DataSet.of_frames(pl.DataFrame(values), labels))


def named(histograms: tuple[Histogram, ...], title: str) -> Histogram:
    return next(histogram for histogram in histograms if histogram.title == title)


def share(histogram: Histogram, series: str) -> dict[object, float]:
    pairs = zip(histogram.x, histogram.series[series], strict=True)
    return {label: value for label, value in pairs if value}


def test_customers_of_a_device():
    """One device has two customers and saw fraud, two have one each; a missing device is none."""
    found = measure_structure(
        evidence(device_id=[7, 7, 8, 9, None], customer_id=[1, 2, 3, 3, 4], is_fraud=[True, False, False, False, True])
    ).histograms
    customers = named(found, "Customers of a device")
    assert share(customers, "fraud seen") == {"2": 1.0}
    assert share(customers, "no fraud seen") == {"1": 1.0}
    assert share(named(found, "Devices of a customer"), "no fraud seen") == {"1": 0.5, "2": 0.5}


def test_large_counts_have_their_bins():
    """A thousand cards behind one address are in the last bin, twelve in that of 10 to 19."""
    found = measure_structure(
        evidence(ip_address=["a"] * 1000 + ["b"] * 12, card_id=[*range(1000), *range(12)])
    ).histograms
    assert share(named(found, "Cards behind an address"), "no fraud seen") == {"10-19": 0.5, "1000+": 0.5}
    assert len(SIZE_LABELS) == 10


def test_campaigns():
    """Of four frauds by three cards, three are one campaign and one is another."""
    rows = evidence(transaction_id=[1, 2, 3, 4], card_id=[5, 5, 6, 7], is_fraud=[True] * 4)
    found = measure_structure(rows).histograms
    assert share(named(found, "Payments of a campaign"), "card_testing") == {"1": 0.5, "3": 0.5}
    assert share(named(found, "Parties of a campaign"), "cards") == {"1": 0.5, "2": 0.5}
    mix = named(found, "Kinds of fraud by month")
    assert mix.x == ("2025-01", "2025-02")
    assert mix.series["card_testing"] == (1.0, 1.0)


def test_fraud_by_month():
    """The first payment is of January, the other three of February; one of those is fraud."""
    rate = named(measure_structure(evidence(is_fraud=[False, False, True, False])).histograms, "Fraud rate by month")
    assert rate.x == ("2025-01", "2025-02")
    assert rate.series["fraud rate"] == pytest.approx((0.0, 1 / 3))


def test_plots_of_times_and_amounts():
    """Local time counts: half past eleven at night, UTC, is half past twelve an hour further east."""
    rows = evidence(
        is_fraud=[False, False, True],
        local_offset_min=[60, 60, 60],
        amount_usd=[0.5, 15.0, 50_000.0],
    )
    plots = draw_plots(rows)
    hours = named(plots, "Local hour")
    assert len(hours.x) == 25
    assert [hour for hour, value in enumerate(hours.series["genuine"]) if value] == [0, 1]
    assert [hour for hour, value in enumerate(hours.series["fraud"]) if value] == [2]
    amounts = named(plots, "Amount")
    assert len(amounts.x) == len(amounts.series["fraud"]) + 1
    assert amounts.series["fraud"][-1] == 1.0
    assert amounts.series["genuine"][0] == 0.5
    ten = amounts.x.index(10.0)
    assert amounts.series["genuine"][ten] == 0.5


def test_plots_of_codes_keep_rare_fraud():
    """Twenty common values do not push out the one that half of fraud has; missing is a value too."""
    channels = [f"c{n % 20}" for n in range(1000)] + ["rare", None]
    plots = draw_plots(evidence(channel=channels, is_fraud=[False] * 1000 + [True, True]))
    channel = named(plots, "Channel")
    assert set(channel.x[:2]) == {"rare", "(missing)"}
    assert channel.series["fraud"][:2] == (0.5, 0.5)


def test_a_world_of_payloom():
    """Every histogram of a world has values for each label, and shares of one whole do not exceed it."""
    world = World({"world": {"rows": 5_000, "fraud_rate": 0.05}})
    tables = Evidence(DataSet.of_frames(world.payments(), world.fraud_labels(), customers=world.customers()))
    for histogram in (*measure_structure(tables).histograms, *draw_plots(tables)):
        assert histogram.series
        for values in histogram.series.values():
            assert len(histogram.x) - len(values) in (0, 1)
            assert all(0 <= value <= 1 for value in values)
