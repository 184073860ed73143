"""A report that looks like that of a real data set, made up for tests of the page."""

from __future__ import annotations

from dataclasses import replace
from math import exp

from payloom.realism.results import (
    NOT_MEASURABLE,
    OUTSIDE,
    WITHIN,
    AgeingScore,
    Band,
    Difficulty,
    FactResult,
    Histogram,
    Leak,
    ModelScore,
    Report,
    Status,
    Structure,
    TypologyScore,
)

KINDS = (
    "cnp_stolen", "card_testing", "lost_stolen", "counterfeit", "account_takeover", "device_farm", "bust_out",
    "first_party", "collusion", "refund_abuse", "triangulation", "trial_abuse", "impossible_travel", "night_run",
    "app_scam", "mule_cash_out", "fan_in", "fan_out", "cycle", "structuring",
)  # fmt: skip
MONTHS = tuple(f"2025-{month:02d}" for month in range(1, 13))
SIZES = ("1", "2", "3", "4", "5-9", "10-19", "20-49", "50-99", "100-999", "1000+")


def fact(name: str = "ticket_mean", value: float | None = 47.7, **changes: object) -> FactResult:
    """Make a fact that is judged by its value."""
    status: Status = NOT_MEASURABLE if value is None else WITHIN if 42 <= value <= 64 else OUTSIDE
    made = FactResult(name, "Amounts", f"statement of {name}", "ECB 2024", "S", "USD", 42, 64, value, status)
    return replace(made, **changes)  # type: ignore[arg-type]


def leak(column: str = "amount_usd", auc: float = 0.7, limit: float = 0.9, **changes: object) -> Leak:
    """Make a leak that is judged by its limit."""
    verdict = "leak" if auc > limit else "ok"
    made = Leak(
        column, "value", 200_000, 3_000, auc, auc - 0.01, min(auc + 0.01, 1), 0.02, 0.01, 0.03, limit,
        verdict,  # type: ignore[arg-type]
    )  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]


def difficulty() -> Difficulty:
    """Make models of believable skill."""
    sizes = (700_000, 1_500, 150_000, 450)
    curve = {
        name: tuple((x / 100, (x / 100) ** power) for x in range(101))
        for name, power in (
            ("boosting, RFM + linkage", 0.06),
            ("boosting, RFM", 0.1),
            ("logistic regression, RFM", 0.2),
        )
    }
    return Difficulty(
        scores=(
            ModelScore("gradient boosting", "RFM + linkage", 0.951, 0.412, 0.71, 0.24, *sizes),
            ModelScore("gradient boosting", "RFM", 0.918, 0.287, 0.6, 0.21, *sizes),
            ModelScore("logistic regression", "RFM", 0.862, 0.121, 0.42, 0.15, *sizes),
            ModelScore("gradient boosting", "no history", 0.79, 0.052, 0.22, 0.08, *sizes),
            ModelScore("gradient boosting", "amount only", 0.61, 0.006, 0.02, 0.01, *sizes),
        ),
        typologies=tuple(
            TypologyScore(name, 40 + 7 * place, 0.99 - 0.022 * place, 0.97 - 0.048 * place)
            for place, name in enumerate(KINDS)
        ),
        ageing=tuple(
            AgeingScore(month, 0.93 - 0.016 * month, 0.93 - 0.002 * (month % 2), 0.4 - 0.05 * month, 0.4, 250)
            for month in range(5)
        ),
        bands=(
            Band("auc", "AUC of gradient boosting on RFM features", "Worldline, IEEE-CIS", 0.88, 0.97, 0.918, WITHIN),
            Band("ap", "average precision of the same", "Worldline, IEEE-CIS", 0.08, 0.6, 0.287, WITHIN),
            Band("raw", "AUC without history", "IEEE-CIS", 0.7, 0.85, 0.79, WITHIN),
            Band("age", "AUC that a frozen model loses", "IEEE-CIS", 0.02, 0.08, None, NOT_MEASURABLE, "few"),
        ),
        roc=curve,
    )


def plots() -> tuple[Histogram, ...]:
    """Make one plot of each form."""
    hours = tuple(2 + (hour > 7) * 4.0 for hour in range(24))
    bumps = tuple(exp(-((bin_ - 8) ** 2) / 20) / 8 for bin_ in range(20))
    both = {"genuine": tuple(h / 112 for h in hours), "fraud": (1 / 24,) * 24}
    edges = tuple(round(10 ** (step / 5), 2) for step in range(21))
    modes = ("ecommerce", "credential_on_file", "contactless")
    return (
        Histogram("Local hour", "hour", tuple(map(float, range(25))), both),
        Histogram("Local weekday", "weekday", ("Mon", "Tue"), {"genuine": (0.4, 0.6), "fraud": (0.2, 0.8)}),
        Histogram("Amount", "US dollars", edges, {"genuine": bumps, "fraud": tuple(reversed(bumps))}),
        Histogram("Entry mode", "entry_mode", modes, {"genuine": (0.2, 0.3, 0.5), "fraud": (0.8, 0.2, 0.0)}),
    )


def structure() -> Structure:
    """Make structure with few and with many series."""
    sizes = {name: tuple(1 / (place + bin_ + 1) for bin_ in range(10)) for place, name in enumerate(KINDS)}
    mix = {name: tuple((1 + (place + month) % 4) / 50 for month in range(12)) for place, name in enumerate(KINDS)}
    return Structure(
        (
            Histogram("Customers of a device", "customers", SIZES, {"clean": (0.1,) * 10, "fraud seen": (0.05,) * 10}),
            Histogram("Payments of a campaign", "payments", SIZES, sizes),
            Histogram("Kinds of fraud by month", "month", MONTHS, mix),
            Histogram(
                "Fraud rate by month", "month", MONTHS, {"fraud rate": tuple(0.003 + m / 2500 for m in range(12))}
            ),
        )
    )


def report(**changes: object) -> Report:
    """Make a report with something of everything; `changes` replace fields."""
    facts = (
        fact(),
        fact("ticket_median", 99.0),
        fact("ticket_p95", 165.0, expected=False, note="other facts contradict it"),
        fact("cents", 0.22, group="Timing", unit="share", low=0.1, high=0.9, status=WITHIN),
        fact("nobody", None, group="Transfers", note="no such rows"),
    )
    leaks = (
        leak("entry_mode", 0.93),
        leak("amount_usd", 0.71),
        leak("transaction_id", 0.51, 0.53, probe="parity", given_time=True),
        leak("original_transaction_id", 0.5, 0.5, probe="order", verdict="too few", frauds=0),
    )
    made = Report(
        source="data/payments",
        rows=1_000_000,
        frauds=3_000,
        first_time="2025-01-01T00:00:00+00:00",
        last_time="2025-12-31T23:59:59+00:00",
        columns=("transaction_id", "event_time", "amount_usd", "is_fraud"),
        facts=facts,
        leaks=leaks,
        difficulty=difficulty(),
        structure=structure(),
        plots=plots(),
        seconds={"facts": 1.24, "leaks": 11.0, "difficulty": 95.5},
    )
    return replace(made, **changes)  # type: ignore[arg-type]
