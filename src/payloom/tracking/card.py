"""The model card: what a model is for and how good it is, as one page that loads nothing and runs nothing."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from payloom.baseline.results import Evaluation, ModelResult, Split
from payloom.errors import StorageError
from payloom.realism import page_text
from payloom.realism.page_file import write_whole
from payloom.realism.page_templates import template_environment
from payloom.realism.page_view import WORDS
from payloom.tracking import card_plots, card_view
from payloom.tracking.card_about import CardAbout

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["CardAbout", "render_card", "write_card"]

MAX_BYTES: Final = 1_500_000
MOST_SETTINGS: Final = 60
MOST_NOTES: Final = 40
MOST_NAMES: Final = 600
MOST_MONTHS: Final = 60
_MOMENT: Final = timedelta(microseconds=1)


def write_card(evaluation: Evaluation, about: CardAbout, path: Path) -> Path:
    """Write the card; whoever looks sees the old file or the whole new one.

    Parameters
    ----------
    evaluation
        What the training found.
    about
        The model's name, its data and its making.
    path
        Where to write; the folder has to exist.

    Returns
    -------
    Path
        The same path.

    Raises
    ------
    ValueError
        If the evaluation has no model of the kind that the card is to be about.
    StorageError
        If the file can't be written, or would be larger than 1.5 MB.
    """
    write_whole(path, render_card(evaluation, about).encode())
    return path


def render_card(evaluation: Evaluation, about: CardAbout) -> str:
    """Return the card; the same evaluation gives the same text, and every name in it is escaped."""
    model = card_view.candidate(evaluation, about.candidate)
    page = (
        _environment()
        .get_template("card.html.j2")
        .render(
            about=about,
            evaluation=evaluation,
            model=model,
            models=evaluation.models[: card_view.MOST_MODELS],
            verdict=card_view.verdict(evaluation, model),
            cost=card_view.by_cost(model),
            metrics=card_view.comparison(evaluation.models),
            rules=[one.rule for one in card_view.in_order(model.thresholds)],
            thresholds=card_view.thresholds(model),
            readings=card_view.readings(evaluation.models),
            parts={
                by: (card_view.slices(model, by), card_view.left_out(model, by))
                for by in ("typology", "channel", "month")
            },
            features=card_view.features(model),
            timeline=_timeline(evaluation.split),
            pictures=_pictures(evaluation, model),
        )
    )
    size = len(page.encode())
    if size > MAX_BYTES:
        raise StorageError(f"the model card would have {size:,} bytes, more than {MAX_BYTES:,}", hint="report this")
    return page


def _pictures(evaluation: Evaluation, model: ModelResult) -> dict[str, str]:
    models = evaluation.models[: card_view.MOST_MODELS]
    ages = evaluation.ageing[:MOST_MONTHS]
    frozen = ([each.frozen_auc for each in ages], [each.frozen_ap for each in ages])
    again = ([each.retrained_auc for each in ages], [each.retrained_ap for each in ages])
    return {
        "roc": card_plots.roc(models),
        "precision_recall": card_plots.precision_recall(models),
        "alerts_recall": card_plots.alerts_recall(models),
        "saved": card_plots.saved(model.curves.alerts_saved_usd, model.thresholds),
        "reliability": card_plots.reliability(model.curves.reliability),
        "ageing_auc": card_plots.ageing(ages, "AUC", frozen[0], again[0]),
        "ageing_ap": card_plots.ageing(ages, "Average precision", frozen[1], again[1]),
    }


def _timeline(split: Split) -> tuple[dict[str, Any], ...]:
    """Return the parts of the split with their days, as widths of a bar."""
    train = f"{split.train_rows:,} payments, genuine ones thinned; {split.train_frauds:,} frauds, as reported by then"
    test = f"{split.test_rows:,} payments, {split.test_frauds:,} frauds"
    gap = "left out: reports of these days were still to come" if split.test_from > split.train_to else "none"
    return (
        _part("train", "Trained on", split.train_from, split.train_to, train),
        _part("gap", "Delay gap", split.train_to, split.test_from, gap),
        _part("test", "Tested on", split.test_from, split.test_to, test),
    )


def _part(look: str, name: str, begin: datetime, end: datetime, words: str) -> dict[str, Any]:
    days = max((end - begin) / timedelta(days=1), 0.0)
    period = f"{begin:%Y-%m-%d} to {max(end - _MOMENT, begin):%Y-%m-%d}" if days else ""
    return {
        "look": look,
        "name": name,
        "days": f"{days:,.0f}",
        "weight": round(days, 2),
        "period": period,
        "text": words,
    }


@cache
def _environment() -> Environment:
    environment = template_environment("payloom.tracking", "payloom.realism")
    environment.globals |= {
        "words": WORDS,
        "most_settings": MOST_SETTINGS,
        "most_notes": MOST_NOTES,
        "most_names": MOST_NAMES,
        "most_months": MOST_MONTHS,
    }
    environment.filters |= {name: getattr(page_text, name) for name in ("shown", "number", "brief", "score")}
    environment.filters["took"] = card_view.took
    return environment
