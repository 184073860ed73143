"""Train: the baseline models of a data set, their results on disk, on a tracking server and in its registry."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from payloom.errors import ConfigError, PayloomError, Problem, StorageError, TransientError
from payloom.extras import extra_libraries
from payloom.pipeline.at_hand import AtHand, at_hand
from payloom.realism.window import Window
from payloom.storage.address import StoreOptions
from payloom.version import __version__

if TYPE_CHECKING:
    from payloom.baseline.models import Scorer
    from payloom.baseline.results import Evaluation
    from payloom.baseline.rows import BaselineRows
    from payloom.baseline.train import Difference, Trained
    from payloom.tracking.card_about import CardAbout
    from payloom.tracking.runs import Logged

EXTRA: Final = "train"
NEEDED_BY: Final = "the baseline model"
CARD: Final = "model-card.html"
EXAMPLE_ROWS: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainOptions:
    """What may be chosen.

    Attributes
    ----------
    out
        Folder of the results.
    tracking_uri
        Server or database of MLflow; empty to log nothing.
    experiment
        Where the runs go.
    register
        Name to register the best model under; empty for none.
    artifact_location
        Where files go when the tracking address is a database.
    review_cost_usd
        Cost of looking at one alert; None for the default of `payloom.baseline`.
    alerts_per_day
        Alerts that can be looked at; None for the default.
    mapping
        TOML file that says which column is which, for data that payloom did not make.
    window
        Days to train and test on; payments of others are not read, also not as history.
    store
        How to talk to an object store.
    """

    out: str
    tracking_uri: str = ""
    experiment: str = "payloom"
    register: str = ""
    artifact_location: str = ""
    review_cost_usd: float | None = None
    alerts_per_day: float | None = None
    mapping: str | None = None
    window: Window = field(default_factory=Window)
    store: StoreOptions | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainReport:
    """What a training gave.

    Attributes
    ----------
    source
        The data set, as it was named; empty when results were only logged.
    folder
        Results on disk.
    card
        The model card.
    evaluation
        What was found out.
    logged
        Where it is on the tracking server; None if it was not logged.
    """

    source: str
    folder: str
    card: str
    evaluation: Evaluation
    logged: Logged | None


def train(place: str, options: TrainOptions, said: Callable[[str], None] = lambda _: None) -> TrainReport:
    """Train and test the models of a data set, write the results, and log and register them where that is asked for.

    Parameters
    ----------
    place
        The data set: a folder, or an address such as ``s3://bucket/prefix``.
    options
        What may be chosen.
    said
        Is told what is being done.

    Raises
    ------
    ConfigError
        If a library of the extra is missing, an option is wrong, or the data can't be trained on; a
        `TooLittleDataError` if there are only too few days, payments or frauds.
    StorageError, CorruptionError, ConflictError
        If there is nothing to read, or the results can't be written.
    TransientError
        If the tracking server does not answer; the results are on disk, and `log` sends them later.
    """
    with extra_libraries(EXTRA, NEEDED_BY):
        from payloom.baseline.rows import make_rows  # noqa: PLC0415 - needs the extra
        from payloom.baseline.thresholds import ALERTS_PER_DAY, REVIEW_COST_USD  # noqa: PLC0415 - needs the extra
        from payloom.baseline.train import train as fit_and_test  # noqa: PLC0415 - needs the extra
    _check_address(options)
    with at_hand(place, options.store or StoreOptions(), options.mapping, options.window) as given:
        said(f"features of {given.data.rows:,} payments, each from what was known before it")
        rows = make_rows(given.data.payments, given.data.labels)
        said(f"training three models, testing on {len(rows.test):,} later payments")
        trained = fit_and_test(
            rows,
            review_cost_usd=REVIEW_COST_USD if options.review_cost_usd is None else options.review_cost_usd,
            alerts_per_day=ALERTS_PER_DAY if options.alerts_per_day is None else options.alerts_per_day,
        )
        about = _about(given, trained.evaluation, options)
        _write(given, rows, trained, about, Path(options.out))
    card = _card(Path(options.out), trained.evaluation, about)
    logged = None
    if options.tracking_uri:
        said(f"logging to {_shown(options.tracking_uri)}")
        logged = _logged(options, lambda champion: _better(trained, champion, rows))
        card = _card(Path(options.out), trained.evaluation, _with_registry(about, logged))
    return TrainReport(source=place, folder=options.out, card=str(card), evaluation=trained.evaluation, logged=logged)


def log(options: TrainOptions) -> TrainReport:
    """Log results that are on disk, such as those of a training whose server did not answer.

    Raises
    ------
    ConfigError
        If a library of the extra is missing, or an address or a name is wrong.
    CorruptionError
        If the folder holds no results, or damaged ones.
    StorageError, ConflictError, TransientError
        As `payloom.tracking.runs.log_results` does.
    """
    with extra_libraries(EXTRA, NEEDED_BY):
        from payloom.tracking.results_folder import read_results  # noqa: PLC0415 - needs the extra
    if not options.tracking_uri:
        hint = "pass --tracking-uri, or set MLFLOW_TRACKING_URI"
        raise ConfigError([Problem("tracking-uri", "", "is needed to log results")], hint=hint)
    _check_address(options)
    results = read_results(Path(options.out))
    logged = _logged(options, None)
    card = Path(options.out) / CARD
    return TrainReport(source="", folder=options.out, card=str(card), evaluation=results.evaluation, logged=logged)


def _check_address(options: TrainOptions) -> None:
    """Refuse an address before anything slow happens."""
    if not options.tracking_uri:
        if options.register:
            hint = "pass --tracking-uri, or set MLFLOW_TRACKING_URI"
            raise ConfigError([Problem("register", options.register, "needs a tracking server")], hint=hint)
        return
    with extra_libraries(EXTRA, NEEDED_BY):
        from payloom.tracking.address import scheme_of  # noqa: PLC0415 - needs the extra
    scheme_of(options.tracking_uri)


def _shown(address: str) -> str:
    from payloom.tracking.address import shown  # noqa: PLC0415 - needs the extra

    return shown(address)


def _write(given: AtHand, rows: BaselineRows, trained: Trained, about: CardAbout, out: Path) -> None:
    from payloom.features.catalogue import FEATURE_SETS  # noqa: PLC0415 - needed only here
    from payloom.tracking.results_folder import DatasetFacts, write_results  # noqa: PLC0415 - needs the extra

    with tempfile.TemporaryDirectory(prefix="payloom-card-") as folder:
        card = _card(Path(folder), trained.evaluation, about)
        write_results(
            out,
            evaluation=trained.evaluation,
            scorers=trained.scorers,
            dataset=DatasetFacts(
                name=Path(given.place.rstrip("/")).name or "payments",
                digest=given.digest,
                source=given.place,
                rows=given.data.rows,
                columns={name: str(kind) for name, kind in given.data.schema.items()},
            ),
            example=rows.features[rows.test[:EXAMPLE_ROWS]],
            config=f"{json.dumps(given.config, indent=1)}\n" if given.config else "",
            config_name="config.json",
            feature_sets=tuple(FEATURE_SETS),
            files={CARD: card},
        )


def _card(folder: Path, evaluation: Evaluation, about: CardAbout) -> Path:
    from payloom.tracking.card import write_card  # noqa: PLC0415 - needs the extra

    return write_card(evaluation, about, folder / CARD)


def _about(given: AtHand, evaluation: Evaluation, options: TrainOptions) -> CardAbout:
    from payloom.tracking.card_about import CardAbout  # noqa: PLC0415 - needs the extra

    world: Mapping[str, Any] = (given.config or {}).get("world", {})
    return CardAbout(
        title=options.register or "Baseline fraud model",
        candidate=evaluation.models[0].kind,
        source=given.place,
        rows=given.data.rows,
        frauds=given.data.frauds,
        manifest_digest=given.digest,
        world=f"{world['start']} to {world['end']} (end excluded), seed {world['seed']}" if world else "",
        payloom_version=__version__,
        feature_count=len(evaluation.features),
    )


def _with_registry(about: CardAbout, logged: Logged) -> CardAbout:
    promotion = logged.promotion
    if promotion is None:
        return about
    return replace(
        about,
        registered_name=promotion.name,
        registered_version=str(promotion.version),
        registered_alias="champion" if promotion.champion == promotion.version else "challenger",
        promotion=promotion.reason,
    )


def _better(trained: Trained, champion: Scorer, rows: BaselineRows) -> Difference:
    from payloom.baseline.train import compare  # noqa: PLC0415 - needs the extra

    best = trained.evaluation.models[0].kind
    return compare(trained.scores[best], champion.score(rows.features[rows.test]), rows)


def _logged(options: TrainOptions, compare: Callable[[Scorer], Difference] | None) -> Logged:
    from payloom.tracking.runs import log_results  # noqa: PLC0415 - needs the extra

    try:
        return log_results(
            Path(options.out),
            options.tracking_uri,
            experiment=options.experiment,
            register=options.register,
            compare=compare,
            artifact_location=options.artifact_location,
        )
    except (StorageError, TransientError) as error:
        raise _kept(error, options) from error


def _kept(error: StorageError | TransientError, options: TrainOptions) -> PayloomError:
    """Say that nothing is lost."""
    register = f" --register {options.register}" if options.register else ""
    again = f"payloom train --log-only --out {options.out} --tracking-uri {_shown(options.tracking_uri)}{register}"
    return type(error)(f"{error.message}; the results are kept in {options.out}", hint=f"later: {again}")
