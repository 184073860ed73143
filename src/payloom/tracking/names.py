"""What a tracking server is told of an evaluation: names and values of parameters and metrics."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from math import isfinite
from typing import Final

from payloom.baseline.results import Ageing, Estimate, Evaluation, ModelResult, Split

RESULTS_DIGEST: Final = "payloom.results_digest"
"""Tag of runs and versions: which folder of results they come from."""

DATASET_DIGEST: Final = "payloom.dataset_digest"
"""Tag of runs and versions: the whole digest of the manifests; MLflow keeps 36 characters of a data set's digest."""

KIND: Final = "payloom.kind"
"""Tag of runs and versions: which of the three models it is."""

_UNUSUAL: Final = re.compile(r"[^A-Za-z0-9_.-]+")


@dataclass(frozen=True, slots=True)
class Measured:
    """A value of a metric, and the month after training that it is of; 0 where there is no such thing."""

    name: str
    value: float
    step: int = 0


def split_params(split: Split) -> dict[str, str]:
    """Return the parameters of a split, in the order of time."""
    return {field.name: str(getattr(split, field.name)) for field in fields(split)}


def model_params(model: ModelResult) -> dict[str, str]:
    """Return the parameters of a model."""
    return {"kind": model.kind, **{name: str(value) for name, value in model.settings.items()}}


def headline(model: ModelResult) -> Iterator[Measured]:
    """Give the metrics of the whole test period, each with the ends of its interval."""
    for field in fields(model.metrics):
        yield from _estimate(f"test_{field.name}", getattr(model.metrics, field.name))


def model_metrics(model: ModelResult) -> Iterator[Measured]:
    """Give every metric of a model; what could not be measured is left out."""
    yield from headline(model)
    for part in model.slices:
        where = f"by_{part.by}/{_UNUSUAL.sub('_', part.name)}"
        values = {"auc": part.auc.value, "recall_at_1pct": part.recall_at_1pct.value, "frauds": float(part.frauds)}
        yield from _finite({f"test_{name}_{where}": value for name, value in values.items()})
    for threshold in model.thresholds:
        told = {field.name: getattr(threshold, field.name) for field in fields(threshold) if field.name != "rule"}
        yield from _finite({f"threshold_{threshold.rule}/{name}": float(value) for name, value in told.items()})
    yield from _finite({"train_seconds": model.train_seconds})


def ageing_metrics(ageing: tuple[Ageing, ...]) -> Iterator[Measured]:
    """Give how a model ages: the step is the number of months after its training."""
    for month in ageing:
        told = [field.name for field in fields(month) if field.name not in {"months_later", "frauds"}]
        for name in told:
            value = getattr(month, name)
            if isfinite(value):
                yield Measured(f"ageing/{name}", value, month.months_later)


def description(evaluation: Evaluation) -> str:
    """Return what was found out as a list in Markdown."""
    lines = []
    for model in evaluation.models:
        told = {"AP": model.metrics.ap, "AUC": model.metrics.auc, "recall at 1 %": model.metrics.recall_at_1pct}
        values = "; ".join(f"{name} {interval(estimate)}" for name, estimate in told.items())
        lines.append(f"- **{model.kind}**: {values}")
    lines += [f"- {note}" for note in evaluation.notes]
    if evaluation.ageing_note:
        lines.append(f"- ageing: {evaluation.ageing_note}")
    return "\n".join(lines)


def interval(estimate: Estimate) -> str:
    """Return an estimate as a person would write it."""
    if not isfinite(estimate.value):
        return "not measured"
    ends = f" ({estimate.low:.3f} to {estimate.high:.3f})" if isfinite(estimate.low + estimate.high) else ""
    return f"{estimate.value:.3f}{ends}"


def _estimate(name: str, estimate: Estimate) -> Iterator[Measured]:
    yield from _finite({name: estimate.value, f"{name}_low": estimate.low, f"{name}_high": estimate.high})


def _finite(values: dict[str, float]) -> Iterator[Measured]:
    for name, value in values.items():
        if isfinite(value):
            yield Measured(name, value)
