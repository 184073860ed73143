"""The 15 features of the Fraud Detection Handbook by its own method in pandas: a function applied to each group.

Le Borgne and others, *Reproducible Machine Learning for Credit Card Fraud Detection*, chapter 3, "Baseline feature
transformation": the frame of each customer, then of each terminal, is sorted by time, and pandas rolls windows of days
over it; flags are made by a function applied to each time. Written anew from that description.

``python -m benchmarks.features_handbook ROWS OUT`` reads Parquet, times the features, writes them and prints the times.
"""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path

import pandas as pd

from benchmarks.features_payloom import DELAY_DAYS, WINDOWS_DAYS, Stopwatch


def on_weekend(time: dt.datetime) -> int:
    """1 on Saturday and Sunday."""
    return int(time.weekday() >= 5)


def at_night(time: dt.datetime) -> int:
    """1 until seven in the morning."""
    return int(time.hour <= 6)


def with_spending(own: pd.DataFrame) -> pd.DataFrame:
    """Count and mean amount of one customer's payments in windows that end with each payment."""
    own = own.sort_values("event_time")
    amounts = own.set_index("event_time")["amount_usd"]
    for days in WINDOWS_DAYS:
        window = amounts.rolling(f"{days}d")
        count = window.count()
        own[f"customer_count_{days}d"] = count.to_numpy()
        own[f"customer_mean_{days}d"] = (window.sum() / count).to_numpy()
    return own


def with_risk(own: pd.DataFrame) -> pd.DataFrame:
    """Count and share of fraud of one place's payments in windows that end a week before each payment."""
    own = own.sort_values("event_time")
    frauds = own.set_index("event_time")["is_fraud"]
    late = frauds.rolling(f"{DELAY_DAYS}d")
    late_frauds, late_count = late.sum(), late.count()
    for days in WINDOWS_DAYS:
        window = frauds.rolling(f"{DELAY_DAYS + days}d")
        count = window.count() - late_count
        own[f"place_count_{days}d"] = count.to_numpy()
        own[f"place_risk_{days}d"] = ((window.sum() - late_frauds) / count).fillna(0).to_numpy()
    return own


def handbook(payments: pd.DataFrame) -> pd.DataFrame:
    """Add all features, in the order of time."""
    made = payments.assign(
        weekend=payments["event_time"].apply(on_weekend), night=payments["event_time"].apply(at_night)
    )
    made = made.groupby("customer_id", group_keys=False)[made.columns.tolist()].apply(with_spending)
    made = made.sort_values("event_time").reset_index(drop=True)
    made = made.groupby("merchant_id", group_keys=False)[made.columns.tolist()].apply(with_risk)
    return made.sort_values("event_time").reset_index(drop=True)


def main(source: str, out: str) -> None:
    """Read, time, write."""
    payments = pd.read_parquet(source)
    payments["event_time"] = payments["event_time"].dt.tz_localize(None)
    payments["is_fraud"] = payments["is_fraud"].astype(int)
    with Stopwatch(len(payments)):
        made = handbook(payments)
    made.to_parquet(Path(out))


if __name__ == "__main__":
    main(*sys.argv[1:])
