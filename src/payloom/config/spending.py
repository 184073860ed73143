"""How people pay: rhythm, shops, trips, subscriptions, refunds."""

from __future__ import annotations

from payloom.config.section import Section, portion, setting

_P_CARD = "[C] purchasing cards"


class SpendingConfig(Section):
    """Rhythm of a customer and choice of merchants."""

    activity_sigma: float = setting(
        0.88,
        "SD of the log of a customer's rate",
        unit="ln",
        source=f"{_P_CARD}, SD of ln card rate",
        ge=0,
        le=3,
    )
    session_share: float = portion(0.35, "Payments that continue a round of shopping", of="payments", source="estimate")
    session_gap_median_seconds: int = setting(
        1_500,
        "Median gap inside a round of shopping",
        unit="seconds",
        source="estimate",
        ge=1,
        le=43_200,
    )
    explore_share: float = portion(
        0.18,
        "Payments at a shop outside the favourites",
        of="payments",
        source=f"{_P_CARD}, revisit share .70",
    )
    favourites: int = setting(40, "Favourite shops of a customer", unit="shops", source="estimate", ge=1, le=1_000)
    favourite_slope: float = setting(
        1.5,
        "Zipf exponent over a customer's favourites",
        unit="exponent",
        source=f"{_P_CARD}, rank slope -1.2 to -1.27",
        ge=0,
        le=4,
    )
    online_share: float = portion(
        0.315,
        "Payments to a merchant online",
        of="payments",
        source="[S] in person 63.8 % in the US 2022; [R] 39 % of Chase card spend",
    )
    sleeping_share: float = portion(
        0.06, "Customers whose cards lie in a drawer: they never pay", of="customers", source="estimate", le=0.9
    )
    trips_per_year: float = setting(3.0, "Trips of a customer", unit="trips a year", source="estimate", ge=0, le=9)
    trip_days_median: float = setting(4.0, "Median length of a trip", unit="days", source="estimate", gt=0, le=10)
    foreign_trip_share: float = portion(
        0.35,
        "Trips that leave the country",
        of="trips",
        source="[S,D] cross-border 4.9 % of US count",
    )
    contactless_share: float = portion(
        0.67, "Contactless among payments in store", of="payments in store", source="[R,D] ECB"
    )
    wallet_share: float = portion(
        0.25, "Contactless payments made with a phone or watch", of="contactless", source="estimate"
    )
    vpn_share: float = portion(0.03, "Customers who hide behind a VPN", of="customers", source="estimate")


class SubscriptionsConfig(Section):
    """Recurring charges."""

    share: float = portion(
        0.09,
        "Recurring charges among payments; the last day of February bills four days at once",
        of="payments",
        le=0.3,
        source=f"{_P_CARD}, 10.8 % repeat card, merchant and amount",
    )


class RefundsConfig(Section):
    """Refunds, each of one earlier payment."""

    share: float = portion(0.012, "Refunds among payments", of="payments", source="estimate", le=0.1)
    max_lag_days: int = setting(30, "Longest time to a refund", unit="days", source="estimate", ge=1, le=120)
    partial_share: float = portion(0.20, "Refunds of a part of the amount", of="refunds", source="estimate")
