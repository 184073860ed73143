"""Evaluations made by hand for tests of the model card: a believable one, one of extremes, one of hostile names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime
from math import exp, log
from typing import Any

from payloom.baseline.results import (
    Ageing,
    Curves,
    Estimate,
    Evaluation,
    Importance,
    Metrics,
    ModelResult,
    ReliabilityBin,
    Slice,
    SliceKind,
    Split,
    Threshold,
)
from payloom.tracking.card import CardAbout

NAN = float("nan")
UNKNOWN = Estimate(NAN, NAN, NAN)
KINDS = (
    "cnp_stolen", "card_testing", "lost_stolen", "counterfeit", "account_takeover", "device_farm", "synthetic_bust_out",
    "first_party", "merchant_collusion", "refund_abuse", "triangulation", "subscription_trap", "impossible_travel",
    "night_high_value", "app_scam", "mule_cash_out", "fan_in", "fan_out", "cycle", "structuring",
)  # fmt: skip
CHANNELS = ("in_store", "online", "app", "atm", "moto", "account")
SETTINGS: dict[str, dict[str, float | int | str | bool]] = {
    "gradient boosting": {
        "learning_rate": 0.05,
        "num_leaves": 31,
        "rounds": 300,
        "deterministic": True,
        "objective": "binary",
    },
    "logistic regression": {"C": 1.0, "max_iter": 200},
    "isolation forest": {"trees": 200, "max_samples": 4096},
}


def estimate(value: float, room: float = 0.03) -> Estimate:
    """Make an estimate with an interval inside of 0 and 1."""
    return Estimate(value, max(value - room, 0.0), min(value + room, 1.0))


def metrics(skill: tuple[float, float, float] = (0.93, 0.31, 0.631), **changes: Estimate) -> Metrics:
    """Make the metrics of a model: AUC, average precision and recall as they are told, the others near them."""
    auc, ap, recall = skill
    made = Metrics(
        auc=estimate(auc, 0.012),
        ap=estimate(ap, 0.05),
        recall_at_1pct=estimate(recall, 0.05),
        recall_at_01pct=estimate(recall / 2, 0.04),
        card_precision_at_100=estimate(0.042, 0.004),
        savings_share=estimate(0.43, 0.08),
        calibration_error=estimate(0.0007, 0.0002),
    )
    return replace(made, **changes)


def part(by: SliceKind, name: str, place: int, frauds: int = 40) -> Slice:
    """Make a part of the test period; each differs."""
    return Slice(
        by=by,
        name=name,
        rows=90_000 + 1_000 * place,
        frauds=frauds + 7 * place,
        fraud_usd=18_000.0 / (1 + place),
        auc=estimate(0.99 - 0.02 * place, 0.02),
        recall_at_1pct=estimate(max(0.96 - 0.05 * place, 0.0), 0.02 + 0.005 * place),
    )


def curves(skill: float = 0.06) -> Curves:
    """Make curves of a model that is as good as chance at a skill of 1."""
    steps = [exp(log(1e-5) * (1 - place / 120)) for place in range(121)]
    return Curves(
        roc=((0.0, 0.0), *((x, x**skill) for x in steps)),
        precision_recall=tuple((place / 100, 0.9 * (1 - place / 100) ** (10 * skill + 1)) for place in range(101)),
        alerts_recall=((0.0, 0.0), *((x, x**skill) for x in steps)),
        alerts_saved_usd=tuple((3_000 * x, 60_000 * x**skill - 3_000 * x * 90 * 4) for x in steps),
        reliability=tuple(
            ReliabilityBin(0.0001 * 4**place, 0.0 if place == 0 else 0.00012 * 3.7**place, 100_000 // 5**place + 10)
            for place in range(7)
        ),
    )


def thresholds() -> tuple[Threshold, ...]:
    """Make the thresholds by cost and by budget."""
    return (
        Threshold(
            rule="cost", probability=0.043, alerts_per_day=18.4, precision=0.21, recall=0.58,
            stopped_usd=41_000.0, review_usd=6_624.0, saved_usd=34_376.0,
        ),
        Threshold(
            rule="budget", probability=0.0061, alerts_per_day=100.0, precision=0.05, recall=0.71,
            stopped_usd=47_500.0, review_usd=36_000.0, saved_usd=11_500.0,
        ),
    )  # fmt: skip


def model(kind: str = "gradient boosting", skill: float = 0.06, **changes: Any) -> ModelResult:
    """Make a model of some skill."""
    boosting = kind == "gradient boosting"
    slices = (
        *(part("typology", name, place) for place, name in enumerate(KINDS)),
        *(part("channel", name, place) for place, name in enumerate(CHANNELS)),
        *(part("month", f"2025-{month:02d}", month - 10, 150) for month in (10, 11, 12)),
    )
    made = ModelResult(
        kind=kind,
        settings=SETTINGS.get(kind, {}),
        metrics=metrics() if boosting else metrics((0.86, 0.12, 0.42)),
        slices=slices,
        thresholds=thresholds(),
        curves=curves(skill),
        importance=tuple(
            Importance(
                f"merchant_fraud_rate_{place}d",
                f"fraud rate of the merchant over {place} days",
                0.3 / 1.3**place,
                0.2 / 1.2**place,
            )
            for place in range(30)
        )
        if boosting
        else (),
        train_seconds=12.34,
    )  # fmt: skip
    return replace(made, **changes)


def split(**changes: Any) -> Split:
    """Make the split of a year."""
    made = Split(
        train_from=datetime(2025, 1, 1, tzinfo=UTC),
        train_to=datetime(2025, 9, 1, tzinfo=UTC),
        test_from=datetime(2025, 10, 1, tzinfo=UTC),
        test_to=datetime(2026, 1, 1, tzinfo=UTC),
        gap_days=30,
        train_rows=120_000,
        train_frauds=1_480,
        test_rows=262_114,
        test_frauds=803,
    )
    return replace(made, **changes)


def evaluation(**changes: Any) -> Evaluation:
    """Make what a training of three models could find."""
    forest = model(
        "isolation forest", 0.35, metrics=metrics((0.71, 0.011, 0.08), calibration_error=UNKNOWN), thresholds=()
    )
    made = Evaluation(
        split=split(),
        models=(
            model(),
            model("logistic regression", 0.12),
            replace(forest, curves=replace(forest.curves, reliability=())),
        ),
        ageing=tuple(
            Ageing(month, 0.93 - 0.016 * month, 0.93 - 0.002 * (month % 2), 0.4 - 0.04 * month, 0.4, 250)
            for month in range(5)
        ),
        ageing_note="",
        features=tuple(f"merchant_fraud_rate_{place}d" for place in range(120)),
        notes=("The month 2025-02 has no fraud.",),
    )  # fmt: skip
    return replace(made, **changes)


NO_CURVES = Curves(roc=(), precision_recall=(), alerts_recall=(), alerts_saved_usd=(), reliability=())


def undrawn(**changes: Any) -> Evaluation:
    """Make an evaluation that is quick to show: it has no curves and no ageing."""
    made = evaluation(ageing=())
    return replace(made, models=tuple(replace(one, curves=NO_CURVES) for one in made.models), **changes)


def about(**changes: Any) -> CardAbout:
    """Say where the model comes from."""
    made = CardAbout(
        title="payloom-baseline",
        candidate="gradient boosting",
        source="data",
        rows=1_000_000,
        frauds=3_000,
        manifest_digest="sha256:" + "ab" * 32,
        config_digest="0123456789abcdef",
        world="2025-01-01 to 2025-12-31, seed 42",
        payloom_version="0.1.0",
        feature_count=120,
        registered_name="payloom-baseline",
        registered_version="3",
        registered_alias="champion",
        promotion="Took the place of version 2: average precision 0.02 higher, interval 0.01 to 0.03.",
        written_at="2026-11-23 17:00 UTC",
    )
    return replace(made, **changes)


def with_texts(value: Any, texts: Iterator[str]) -> Any:
    """Put the next of many texts wherever there is free text; keys of settings get a number to stay unique."""
    if is_dataclass(value) and not isinstance(value, type):
        free = [each.name for each in fields(value) if each.name not in {"by", "rule"}]
        return replace(value, **{name: with_texts(getattr(value, name), texts) for name in free})
    if isinstance(value, str):
        return next(texts)
    if isinstance(value, tuple):
        return tuple(with_texts(each, texts) for each in value)
    if isinstance(value, dict):
        return {f"{next(texts)}{place}": with_texts(each, texts) for place, each in enumerate(value.values())}
    return value


def with_numbers(value: Any, number: float) -> Any:
    """Put a number in the place of every float."""
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{each.name: with_numbers(getattr(value, each.name), number) for each in fields(value)})
    if isinstance(value, bool):
        return value
    if isinstance(value, float):
        return number
    if isinstance(value, tuple):
        return tuple(with_numbers(each, number) for each in value)
    if isinstance(value, dict):
        return {key: with_numbers(each, number) for key, each in value.items()}
    return value


def empty() -> Evaluation:
    """Make an evaluation of which every part that can be absent is."""
    bare = model(
        metrics=with_numbers(metrics(), NAN),
        slices=(),
        thresholds=(),
        curves=NO_CURVES,
        importance=(),
        settings={},
    )
    return evaluation(
        split=split(test_frauds=0), models=(bare,), ageing=(), ageing_note="too few months", features=(), notes=()
    )
