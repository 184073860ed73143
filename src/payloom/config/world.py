"""The world's size: how many payments, when, by how many people, and where."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from pydantic import ValidationInfo, field_validator

from payloom.codes import COUNTRY
from payloom.config.near import did_you_mean
from payloom.config.section import Day, Exact, Section, refuse, setting

MAX_ROWS: Final = 10**12
"""Upper limit of payments in one world: above all card payments on earth in a year (Nilson)."""

MAX_ROWS_PER_DAY: Final = 2 * 10**9
"""Mean payments a day. A day numbers its payments with 37 bits; this leaves the busiest day
and every stream a margin of more than 60."""

MAX_PER_CUSTOMER_DAY: Final = 200
"""Mean payments of one customer a day; above it a person would have no time between two."""

FIRST_DAY: Final = date(2001, 1, 1)
LAST_DAY: Final = date(2060, 1, 1)
"""Bounds of the period: time-zone rules and public holidays are known between them."""

MAX_DAYS: Final = 7_305
"""Longest period, 20 years."""

PAYMENTS_PER_CUSTOMER_MONTH: Final = Fraction(105, 10)
"""9.8 card payments per card and month, euro area (ECB [D,R]), and .7 transfers."""

MONTHS_PER_DAY: Final = Fraction(12 * 10_000, 3_652_425)
"""Gregorian mean."""

MERCHANTS_PER_CUSTOMER: Final = 2
"""Acceptors per customer in a world that is a sample of a country (estimate)."""

MAX_FRAUD_RATE: Final = Decimal("0.5")
MAX_RATE_DECIMALS: Final = 18


class WorldConfig(Section):
    """Size, period, seed and fraud rate."""

    rows: int = setting(
        1_000_000,
        "Payments in the whole period, exactly",
        unit="payments",
        source="our choice",
        ge=1,
        le=MAX_ROWS,
    )
    start: Day = setting(date(2025, 1, 1), "First day, UTC", unit="day", source="our choice")
    end: Day = setting(date(2026, 1, 1), "Day after the last, UTC", unit="day", source="our choice")
    seed: int = setting(7, "Number of the world; another seed, other people", source="our choice", ge=0, le=2**63 - 1)
    fraud_rate: Exact = setting(
        Decimal("0.003"),
        "Fraud among all payments, exactly floor(rate x rows + 1/2)",
        unit="share of payments",
        source="[R] between US debit .12 % (Fed) and an e-commerce stream .25 % (Worldline)",
    )
    customers: int | None = setting(
        None,
        "People who are customers at some time of the period; unset: rows / (10.5 x months)",
        unit="customers",
        source="[D,R] ECB, 9.8 card payments per card and month, and .7 transfers",
        ge=1,
        le=10**9,
    )
    merchants: int | None = setting(
        None,
        "Acceptors; unset: 2 per customer, at least 500",
        unit="merchants",
        source="estimate",
        ge=100,
        le=10**8,
    )

    @field_validator("start")
    @classmethod
    def _start_is_known(cls, value: date) -> date:
        if not FIRST_DAY <= value < LAST_DAY:
            refuse(f"a day from {FIRST_DAY} up to {LAST_DAY}")
        return value

    @field_validator("end")
    @classmethod
    def _period_holds(cls, value: date, info: ValidationInfo) -> date:
        if not FIRST_DAY < value <= LAST_DAY:
            refuse(f"a day after {FIRST_DAY}, up to {LAST_DAY}")
        start = info.data.get("start")
        if start is None:
            return value
        if value == start:
            refuse(f"a day after start {start} (end is exclusive)", "write the day after the last")
        if value < start:
            refuse(f"a day after start {start}", "swap them, or set both")
        days = (value - start).days
        if days > MAX_DAYS:
            refuse(f"at most 20 years ({MAX_DAYS:,} days) after start {start}, not {days:,} days")
        rows = info.data.get("rows")
        if rows is not None and rows > days * MAX_ROWS_PER_DAY:
            refuse(
                f"a period that holds rows = {rows:,}: at most {MAX_ROWS_PER_DAY:,} a day,"
                f" {days * MAX_ROWS_PER_DAY:,} from {start} on",
                "lengthen the period or ask for fewer rows",
            )
        return value

    @field_validator("fraud_rate")
    @classmethod
    def _rate_is_exact(cls, value: Decimal) -> Decimal:
        if not 0 <= value <= MAX_FRAUD_RATE:
            percent = " (0.3 % is 0.003)" if value > MAX_FRAUD_RATE else ""
            refuse(f"a share from 0 to {MAX_FRAUD_RATE}{percent}")
        exponent = value.normalize().as_tuple().exponent
        if isinstance(exponent, int) and -exponent > MAX_RATE_DECIMALS:
            refuse(f"at most {MAX_RATE_DECIMALS} decimals")
        return value.normalize() + 0

    @field_validator("customers")
    @classmethod
    def _customers_have_time(cls, value: int | None, info: ValidationInfo) -> int | None:
        known = info.data
        if value is None or not {"rows", "start", "end"} <= known.keys():
            return value
        days = (known["end"] - known["start"]).days
        room = value * days * MAX_PER_CUSTOMER_DAY
        if known["rows"] > room:
            least = -(-known["rows"] // (days * MAX_PER_CUSTOMER_DAY))
            refuse(
                f"enough customers for rows = {known['rows']:,}: at most {MAX_PER_CUSTOMER_DAY} payments a day each",
                f"at least {least:,}, or leave it unset",
            )
        return value

    @property
    def days(self) -> int:
        """Days in the period."""
        return (self.end - self.start).days

    @property
    def fraud_rows(self) -> int:
        """Payments that are fraud: floor(rate x rows + 1/2), exact."""
        return int(Fraction(self.fraud_rate) * self.rows + Fraction(1, 2))

    @property
    def customer_count(self) -> int:
        """Customers at some time of the period, as given or derived."""
        if self.customers is not None:
            return self.customers
        months = self.days * MONTHS_PER_DAY
        return max(1, round(self.rows / (PAYMENTS_PER_CUSTOMER_MONTH * months)))

    @property
    def merchant_count(self) -> int:
        """Merchants, as given or derived."""
        if self.merchants is not None:
            return self.merchants
        return min(10**8, max(500, MERCHANTS_PER_CUSTOMER * self.customer_count))


class Region(Section):
    """A country whose people are customers."""

    country: str = setting(..., "Country, ISO 3166-1 alpha-2", source="our choice")
    share: float = setting(
        ..., "Its share of the customers", unit="share of customers", source="our choice", gt=0, le=1
    )

    @field_validator("share", mode="before")
    @classmethod
    def _share_has_people(cls, value: Any) -> Any:
        if value == 0 and isinstance(value, (int, float)) and not isinstance(value, bool):
            refuse("a number above 0, up to 1 (share of customers)", "leave the region out")
        return value

    @field_validator("country")
    @classmethod
    def _country_is_known(cls, value: str) -> str:
        if value not in COUNTRY:
            refuse(
                f"a country of the reference data, such as {', '.join(COUNTRY[:6])}",
                did_you_mean(value, COUNTRY, aliases={"UK": "GB", "EN": "GB", "USA": "US"}),
            )
        return value


DEFAULT_REGIONS: Final = (
    Region(country="US", share=0.46),
    Region(country="GB", share=0.17),
    Region(country="DE", share=0.14),
    Region(country="FR", share=0.11),
    Region(country="JP", share=0.12),
)
"""Default world: four currencies, one of them without decimals (our choice)."""
