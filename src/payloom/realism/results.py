"""What the report consists of: plain frozen values that the terminal, the JSON and the page show."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

from payloom.baseline.results import Ageing

Status = Literal["within", "outside", "not measurable"]

WITHIN: Final = "within"
OUTSIDE: Final = "outside"
NOT_MEASURABLE: Final = "not measurable"

AgeingScore = Ageing
"""A model some months after its training month."""


@dataclass(frozen=True, slots=True)
class FactResult:
    """One fact beside its measurement.

    Attributes
    ----------
    id, group, statement, source, confidence, unit
        As in ``facts.toml``.
    low, high
        Accepted interval.
    value
        What was measured; None where it can't be.
    status
        Whether the value is in the interval.
    note
        Why it is not measurable, or what to know about it.
    expected
        Whether a value outside counts as a failure; some facts contradict each other and are shown only.
    """

    id: str
    group: str
    statement: str
    source: str
    confidence: str
    unit: str
    low: float
    high: float
    value: float | None
    status: Status
    note: str = ""
    expected: bool = True


@dataclass(frozen=True, slots=True)
class Leak:
    """How well one property of a column alone tells fraud.

    Attributes
    ----------
    column
        Column, or "row", "file", "row group".
    probe
        What was looked at: "value", "missing", "order", "parity", "range", "reuse", "position" ...
    rows, frauds
        How many rows it was measured on.
    auc, auc_low, auc_high
        Area under the ROC curve, folded to at least .5, with its 95 % confidence interval.
    ap, ap_low, ap_high
        Average precision, with its interval; `ap` of chance is the share of fraud.
    limit
        Largest AUC that is accepted.
    verdict
        "ok", "leak" or "too few".
    given_time
        Whether event time was taken out first.
    """

    column: str
    probe: str
    rows: int
    frauds: int
    auc: float
    auc_low: float
    auc_high: float
    ap: float
    ap_low: float
    ap_high: float
    limit: float
    verdict: Literal["ok", "leak", "too few"]
    given_time: bool = False


@dataclass(frozen=True, slots=True)
class ModelScore:
    """How a model did on later data that it had not seen.

    Attributes
    ----------
    model
        "logistic regression" or "gradient boosting".
    features
        "amount only", "no history", "RFM", "RFM + linkage" ...
    auc, ap, recall_at_1pct, card_precision_at_100
        AUC, average precision, recall among the 1 % of payments with the highest scores, and the mean over days of
        the precision among the 100 cards with the highest scores of the day.
    train_rows, train_frauds, test_rows, test_frauds
        Sizes; frauds that were known when the model was trained.
    """

    model: str
    features: str
    auc: float
    ap: float
    recall_at_1pct: float
    card_precision_at_100: float
    train_rows: int
    train_frauds: int
    test_rows: int
    test_frauds: int


@dataclass(frozen=True, slots=True)
class TypologyScore:
    """How well the best model finds one kind of fraud: AUC against all genuine rows, and recall at 1 % alerts."""

    typology: str
    frauds: int
    auc: float
    recall_at_1pct: float


@dataclass(frozen=True, slots=True)
class Band:
    """A number of the difficulty beside the band in which real data lies."""

    id: str
    statement: str
    source: str
    low: float
    high: float
    value: float | None
    status: Status
    note: str = ""


@dataclass(frozen=True, slots=True)
class Difficulty:
    """How hard fraud is to detect."""

    scores: tuple[ModelScore, ...]
    typologies: tuple[TypologyScore, ...]
    ageing: tuple[AgeingScore, ...]
    bands: tuple[Band, ...]
    roc: dict[str, tuple[tuple[float, float], ...]] = field(default_factory=dict)
    """Points (false positive rate, true positive rate) of some models, at most 200 each."""


@dataclass(frozen=True, slots=True)
class Histogram:
    """A small table for a plot: one label for each value, or numeric edges, one more than values; one series a name."""

    title: str
    x_label: str
    x: tuple[float | str, ...]
    series: dict[str, tuple[float, ...]]
    unit: str = "share"


@dataclass(frozen=True, slots=True)
class Structure:
    """How things hang together: customers per device, devices per customer, cards per IP, campaigns, months."""

    histograms: tuple[Histogram, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that `payloom realism` found."""

    source: str
    rows: int
    frauds: int
    first_time: str
    last_time: str
    columns: tuple[str, ...]
    facts: tuple[FactResult, ...]
    leaks: tuple[Leak, ...]
    difficulty: Difficulty | None
    structure: Structure
    plots: tuple[Histogram, ...]
    """Genuine and fraud by hour, weekday, amount, month and the like."""
    seconds: dict[str, float]
    """Wall time of each part."""
