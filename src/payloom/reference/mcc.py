"""Trades: merchant category codes (ISO 18245) with what people spend in them and how.

Sources and tags of every column are in ``data/README.md``.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache

from payloom.reference.tables import read_table

TEXT_COLUMNS = frozenset({"mcc", "name", "kind", "trade", "daypart"})


@dataclass(frozen=True, slots=True)
class Trade:
    """One merchant category and its habits.

    Attributes
    ----------
    mcc
        ISO 18245 code, four digits as text (DE18).
    name
        Its description in the standard.
    kind
        ``purchase`` or ``cash``.
    trade
        Short name for config and code.
    share
        Share of purchases by count, subscriptions apart; sums to 1 over all trades, 0 for cash.
    online_share
        Share of these purchases made remotely.
    median_usd
        Median ticket in US dollars.
    ln_sigma
        Standard deviation of ln(ticket) within one merchant, before price level and affluence.
    end00_share, end99_share, end95_share, end_half_share
        Shares of tickets that end in .00, .99, .95 and in .50 or .49; the rest has free cents.
    refund_weight
        Probability that a purchase is refunded, relative to the average purchase (mean 1, weighted by `share`).
    daypart
        Profile of the day: allday, breakfast_lunch, meals, evening, night, shop_hours, commute, office_hours, flat.
    merchant_weight
        Share of all acceptors (outlets, or cash machines); sums to 1.
    price_sigma
        Standard deviation of ln(price level) between merchants.
    travel_weight
        Factor on `share` while the customer is on a trip.
    subscription_weight
        Share of running subscriptions; sums to 1.
    """

    mcc: str
    name: str
    kind: str
    trade: str
    share: float
    online_share: float
    median_usd: float
    ln_sigma: float
    end00_share: float
    end99_share: float
    end95_share: float
    end_half_share: float
    refund_weight: float
    daypart: str
    merchant_weight: float
    price_sigma: float
    travel_weight: float
    subscription_weight: float


@cache
def load_trades() -> tuple[Trade, ...]:
    """All trades in order of their codes; cash (6011) is among them, with kind ``cash``."""
    header = tuple(field.name for field in fields(Trade))
    trades = []
    for row in read_table("mcc.csv", header):
        values = zip(header, row, strict=True)
        trades.append(Trade(**{name: text if name in TEXT_COLUMNS else float(text) for name, text in values}))  # type: ignore[arg-type]
    return tuple(trades)
