"""What a training found: plain frozen values that the terminal, the tracking server and the model card show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

SliceKind = Literal["typology", "channel", "month"]
ThresholdRule = Literal["cost", "budget"]
Points = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its 95 % bootstrap interval; all NaN where it can't be measured."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """What was trained on and what was tested on, in the order of time.

    Attributes
    ----------
    train_from, train_to
        First moment, and the one after the last, of the payments to train on (UTC).
    test_from, test_to
        The same of the payments to test on; between the two lies the delay gap.
    gap_days
        Days in the gap, in which most reports had not come when the model was trained.
    train_rows, train_frauds
        Rows trained on, with genuine ones thinned; frauds that were reported when the model was trained.
    test_rows, test_frauds
        Rows tested on, and frauds among them, by the truth.
    """

    train_from: datetime
    train_to: datetime
    test_from: datetime
    test_to: datetime
    gap_days: int
    train_rows: int
    train_frauds: int
    test_rows: int
    test_frauds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """How good a ranking of the test period is.

    Attributes
    ----------
    auc, ap
        Area under the ROC curve, average precision.
    recall_at_1pct, recall_at_01pct
        Share of frauds among the 1 % and the 0.1 % of payments with the highest scores.
    card_precision_at_100
        Share of cards with fraud that day among the 100 cards with the highest scores, mean over days; cards known to
        be compromised that day are left out.
    savings_share
        Money of frauds that was stopped, less the cost of reviews, over the money of all frauds, at the threshold that
        was chosen by cost.
    calibration_error
        Mean distance between probability and observed rate, over bins of equal frauds-or-rows, weighted by rows.
    """

    auc: Estimate
    ap: Estimate
    recall_at_1pct: Estimate
    recall_at_01pct: Estimate
    card_precision_at_100: Estimate
    savings_share: Estimate
    calibration_error: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """A part of the test period: one kind of fraud against all genuine rows, one channel, or one month."""

    by: SliceKind
    name: str
    rows: int
    frauds: int
    fraud_usd: float
    auc: Estimate
    recall_at_1pct: Estimate
    """Of its frauds, those among the 1 % of all payments with the highest scores."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """A probability from which payments are reviewed, and what that gives on the test period.

    Attributes
    ----------
    rule
        ``cost``: the most money saved on training data; ``budget``: a number of alerts a day.
    probability
        Alerts have this calibrated probability or more.
    alerts_per_day, precision, recall
        Measured on the test period.
    stopped_usd, review_usd, saved_usd
        Money of frauds among the alerts, cost of the reviews, and the difference.
    """

    rule: ThresholdRule
    probability: float
    alerts_per_day: float
    precision: float
    recall: float
    stopped_usd: float
    review_usd: float
    saved_usd: float


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Payments with similar probabilities: their mean probability, the rate of fraud among them, how many they are."""

    probability: float
    observed: float
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Curves:
    """Curves of the test period, thinned to at most 200 points each.

    Attributes
    ----------
    roc
        False positive rate, true positive rate.
    precision_recall
        Recall, precision.
    alerts_recall
        Share of payments alerted, recall.
    alerts_saved_usd
        Alerts a day, money saved in US dollars.
    reliability
        Bins of the calibrated probability; empty for a model that has none.
    """

    roc: Points
    precision_recall: Points
    alerts_recall: Points
    alerts_saved_usd: Points
    reliability: tuple[ReliabilityBin, ...]


@dataclass(frozen=True, slots=True)
class Importance:
    """How much a feature matters: its share of the gain, and of the mean absolute SHAP value; both add up to 1."""

    feature: str
    meaning: str
    gain_share: float
    shap_share: float


@dataclass(frozen=True, slots=True)
class Ageing:
    """A model some months after its training: frozen, and trained again each month."""

    months_later: int
    frozen_auc: float
    retrained_auc: float
    frozen_ap: float
    retrained_ap: float
    frauds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelResult:
    """One model on the test period.

    Attributes
    ----------
    kind
        "logistic regression", "gradient boosting" or "isolation forest".
    settings
        What it was trained with.
    importance
        The most important features first; empty for models that can't say.
    train_seconds
        Wall time of the training.
    """

    kind: str
    settings: dict[str, float | int | str | bool]
    metrics: Metrics
    slices: tuple[Slice, ...]
    thresholds: tuple[Threshold, ...]
    curves: Curves
    importance: tuple[Importance, ...]
    train_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """Everything that a training found out.

    Attributes
    ----------
    models
        Best average precision first.
    ageing
        Of the gradient boosting; empty where the data is too short, and `ageing_note` says so.
    features
        Names of the features that the models see.
    notes
        What a reader should know, such as an empty month; one sentence each.
    """

    split: Split
    models: tuple[ModelResult, ...]
    ageing: tuple[Ageing, ...]
    ageing_note: str
    features: tuple[str, ...]
    notes: tuple[str, ...] = ()
