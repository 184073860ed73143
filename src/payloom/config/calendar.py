"""When people pay: growth, seasons, paydays, holidays."""

from __future__ import annotations

from payloom.config.section import Section, portion, setting


class CalendarConfig(Section):
    """Shape of the intensity of payments over the period."""

    growth_per_year: float = setting(
        0.12,
        "Growth of the customer base",
        unit="share a year",
        source="estimate",
        ge=-0.5,
        le=2,
    )
    churn_per_year: float = setting(0.10, "Customers who leave", unit="share a year", source="estimate", ge=0, le=0.9)
    shock_sigma: float = setting(
        0.15,
        "SD of the log of the daily shock to intensity",
        unit="ln",
        source="[C] over-dispersion of purchasing cards",
        ge=0,
        le=1,
    )
    season_strength: float = setting(
        1.0,
        "Scale of the yearly season; 0 is flat",
        unit="factor",
        source="[C] IEEE, 18-25 December 2.0 x later mean",
        ge=0,
        le=3,
    )
    weekday_strength: float = setting(
        1.0,
        "Scale of the weekly rhythm; 0 is flat",
        unit="factor",
        source="[R] Paymark NZ, busiest Saturday 12-13",
        ge=0,
        le=3,
    )
    payday_strength: float = setting(
        0.15,
        "Extra spending on a payday",
        unit="share of a usual day",
        source="estimate; 85 % of salaries fall on 8 days of the month (Berka [C])",
        ge=0,
        le=5,
    )
    holiday_strength: float = portion(0.30, "Spending lost on a public holiday", of="a usual day", source="estimate")
    black_friday_strength: float = setting(
        0.08,
        "Extra spending on Black Friday, besides season and growth",
        unit="share of a usual Friday",
        source="[S] Nationwide 2022, 17 % above an average Friday in all",
        ge=0,
        le=10,
    )
