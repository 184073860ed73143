"""Results of a training that was never held: small real models and an evaluation made by hand."""

import math
from dataclasses import fields, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl

from payloom.baseline.models import KINDS, Scorer, fit
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
    Split,
    Threshold,
)
from payloom.tracking.results_folder import DatasetFacts, Results, write_results

DIGEST = "0123456789abcdef" * 4
NOT_MEASURED = Estimate(math.nan, math.nan, math.nan)
CONFIG = '[world]\nrows = 400\nfraud_rate = "0.02"\n'


def features(rows: int = 400) -> pl.DataFrame:
    """Features of some payments: two numbers with gaps, and a code."""
    place = np.arange(rows)
    amount = (place * 37 % 101).astype(float)
    return pl.DataFrame(
        {
            "amount_usd": pl.Series(amount).set(pl.Series(place % 17 == 0), None),
            "payments_24h": (place * 7 % 13).astype(np.int32),
            "channel": pl.Series(np.array(["pos", "ecom", "atm"])[place % 3]).cast(pl.Enum(["atm", "ecom", "pos"])),
        }
    )


@cache
def scorers(rows: int = 400) -> dict[str, Scorer]:
    """One small trained model of each kind."""
    frame = features(rows)
    fraud = (frame["amount_usd"].fill_null(0) > 80).to_numpy() & (frame["payments_24h"] > 3).to_numpy()
    return {kind: fit(kind, frame, fraud, np.ones(rows)) for kind in KINDS}


def evaluation(ap: float = 0.6, kinds: tuple[str, ...] = KINDS) -> Evaluation:
    """An evaluation in which the first model has an average precision of `ap`."""

    def metrics(value: float) -> Metrics:
        told = {field.name: Estimate(value, value - 0.05, value + 0.05) for field in fields(Metrics)}
        return Metrics(**told | {"savings_share": NOT_MEASURED})

    def model(kind: str, value: float) -> ModelResult:
        part = Slice(
            by="typology", name="cnp_stolen", rows=300, frauds=20, fraud_usd=900.0,
            auc=Estimate(0.9, 0.8, 0.95), recall_at_1pct=NOT_MEASURED,
        )  # fmt: skip
        rule = Threshold(
            rule="cost", probability=0.2, alerts_per_day=12.5, precision=0.4, recall=0.5,
            stopped_usd=500.0, review_usd=60.0, saved_usd=440.0,
        )  # fmt: skip
        curves = Curves(
            roc=((0.0, 0.0), (1.0, 1.0)),
            precision_recall=((0.0, 1.0),),
            alerts_recall=(),
            alerts_saved_usd=(),
            reliability=(ReliabilityBin(0.1, 0.12, 40),),
        )
        return ModelResult(
            kind=kind,
            settings={"learning_rate": 0.07, "trees": 150, "deterministic": True, "objective": "binary"},
            metrics=metrics(value),
            slices=(part,),
            thresholds=(rule,),
            curves=curves,
            importance=(Importance("amount_usd", "amount in US dollars", 0.7, 0.6),),
            train_seconds=1.5,
        )

    return Evaluation(
        split=Split(
            train_from=datetime(2025, 1, 1, tzinfo=UTC), train_to=datetime(2025, 9, 1, tzinfo=UTC),
            test_from=datetime(2025, 9, 8, tzinfo=UTC), test_to=datetime(2025, 12, 1, tzinfo=UTC),
            gap_days=7, train_rows=3000, train_frauds=60, test_rows=1000, test_frauds=20,
        ),
        models=tuple(model(kind, ap - place / 10) for place, kind in enumerate(kinds)),
        ageing=(Ageing(1, 0.95, 0.96, 0.6, 0.62, 9), Ageing(2, 0.93, 0.96, 0.5, math.nan, 7)),
        ageing_note="",
        features=("amount_usd", "payments_24h", "channel"),
        notes=("2025-11 has no fraud.",),
    )  # fmt: skip


def dataset() -> DatasetFacts:
    """A data set that nobody has."""
    columns = {"payment_id": "Int64", "amount_minor": "Int64", "channel": "Enum(categories=['atm'])"}
    return DatasetFacts(
        name="default world", digest=DIGEST, source="s3://fraud-dl-raw/runs/a", rows=4000, columns=columns
    )


def write(folder: Path, ap: float = 0.6, kinds: tuple[str, ...] = KINDS, *, ap_in_settings: bool = False) -> Results:
    """A folder of results, with a page; if asked for, the models carry the average precision in their settings."""
    models = {kind: scorer for kind, scorer in scorers().items() if kind in kinds}
    if ap_in_settings:
        models = {kind: replace(scorer, settings={"ap": ap}) for kind, scorer in models.items()}
    page = folder.parent / f"{folder.name}-card.html"
    page.write_text("<!doctype html><title>card</title>", "utf-8")
    return write_results(
        folder,
        evaluation=evaluation(ap, kinds),
        scorers=models,
        dataset=dataset(),
        example=features(5),
        config=CONFIG,
        feature_sets=("amount", "counts"),
        files={"model-card.html": page},
    )
