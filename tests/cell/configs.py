"""Random configs of small worlds, of every kind that is allowed."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

from payloom.codes import COUNTRY
from payloom.config import Config
from payloom.fraud.registry import shipped


def most(section: str, name: str) -> float:
    """Largest value that a setting allows."""
    kind = Config.model_fields[section].annotation
    assert kind is not None
    return float(next(bound.le for bound in kind.model_fields[name].metadata if hasattr(bound, "le")))


TYPOLOGIES = sorted(shipped())

periods = st.tuples(
    st.dates(date(2001, 1, 1), date(2056, 1, 1)),
    st.one_of(st.integers(1, 3), st.integers(1, 40), st.integers(1, 120), st.integers(1, 1096)),
)

fraud_rates = st.one_of(
    st.sampled_from(["0", "0.0005", "0.003", "0.1", "0.25", "0.5", "0.000000000000000001", "0.333333333333333333"]),
    st.decimals(Decimal(0), Decimal("0.5"), places=6).map(str),
)


def up_to(section: str, name: str) -> st.SearchStrategy[float]:
    """Any value of a setting from 0 on, its limit more often than chance would draw it."""
    limit = most(section, name)
    return st.one_of(st.floats(0, limit), st.just(limit))


month_days = st.dates(date(2025, 1, 1), date(2025, 12, 31)).map(lambda day: f"{day:%m-%d}")


@st.composite
def shares(draw, names: list[str]) -> dict[str, float]:
    """Shares over some of the names that sum to 1."""
    chosen = draw(st.lists(st.sampled_from(names), min_size=1, max_size=5, unique=True))
    parts = [draw(st.integers(1, 100)) for _ in chosen]
    whole = sum(parts)
    found = {name: part / whole for name, part in zip(chosen, parts, strict=True)}
    found[chosen[-1]] = 1.0 - sum(share for name, share in found.items() if name != chosen[-1])
    return found


@st.composite
def spikes(draw) -> list[dict[str, Any]]:
    """Up to three windows, also over the new year."""
    found = []
    for number in range(draw(st.integers(0, 3))):
        start = draw(month_days)
        end = draw(month_days)
        assume(end != start)
        hit = draw(st.lists(st.sampled_from(TYPOLOGIES), max_size=3, unique=True))
        found.append(
            {
                "name": f"spike{number}",
                "start": start,
                "end": end,
                "multiplier": draw(st.floats(0.01, 100)),
                "typologies": hit,
            }
        )
    return found


@st.composite
def configs(draw) -> dict[str, Any]:
    """Draw the values of a config with 1 to 5,000 payments."""
    start, days = draw(periods)
    rows = draw(st.one_of(st.integers(1, 30), st.integers(1, 5_000)))
    world = {
        "rows": rows,
        "start": str(start),
        "end": str(start + timedelta(days=days)),
        "seed": draw(st.integers(0, 2**63 - 1)),
        "fraud_rate": draw(fraud_rates),
    }
    if draw(st.booleans()):
        world["customers"] = draw(st.integers(max(1, -(-rows // (days * 200))), 3_000))
    if draw(st.booleans()):
        world["merchants"] = draw(st.integers(100, 3_000))
    values: dict[str, Any] = {"world": world}
    if draw(st.booleans()):
        values["regions"] = [{"country": c, "share": s} for c, s in draw(shares(list(COUNTRY))).items()]
    values["fraud"] = {"spikes": draw(spikes())}
    if draw(st.booleans()):
        values["fraud"]["mix"] = draw(shares(TYPOLOGIES))
    if draw(st.booleans()):
        values["refunds"] = {"share": draw(up_to("refunds", "share")), "max_lag_days": draw(st.integers(1, 120))}
        values["subscriptions"] = {"share": draw(up_to("subscriptions", "share"))}
        values["calendar"] = {
            "growth_per_year": draw(st.one_of(st.floats(-0.5, 0.5), up_to("calendar", "growth_per_year"))),
            "churn_per_year": draw(up_to("calendar", "churn_per_year")),
            "shock_sigma": draw(up_to("calendar", "shock_sigma")),
        }
        values["spending"] = {
            "session_share": draw(st.floats(0, 1)),
            "trips_per_year": draw(up_to("spending", "trips_per_year")),
        }
    return values
