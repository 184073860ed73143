"""The registry: a training is a new version and the challenger; one that is better by more than noise is champion."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from payloom.baseline.models import Scorer
from payloom.baseline.train import Difference
from payloom.errors import PayloomError, TransientError
from payloom.tracking.load import fetch_scorer
from payloom.tracking.names import DATASET_DIGEST, KIND, RESULTS_DIGEST, description
from payloom.tracking.results_folder import Results
from payloom.tracking.session import session

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

CHALLENGER: Final = "challenger"
"""Alias of the version that was registered last."""

CHAMPION: Final = "champion"
"""Alias of the version to score with."""

DECISION: Final = "payloom.promotion"
"""Tag of a version: why it became champion, or why not."""

COMPARED: Final = "payloom.compared_with"
"""Tag of a version: the champion that it was compared with."""

Compare = Callable[[Scorer], Difference]
"""Gives how much more average precision the challenger has than a champion, on the same test."""

_TRIES: Final = 10


@dataclass(frozen=True, kw_only=True)
class Promotion:
    """What became of a version.

    Attributes
    ----------
    name, version
        The version.
    champion
        The version to score with now; None if there is none.
    promoted
        Whether this version became it just now.
    reason
        Why, or why not, in a sentence.
    """

    name: str
    version: int
    champion: int | None
    promoted: bool
    reason: str


def promote(tracking_uri: str, name: str, version: int, compare: Compare | None) -> Promotion:
    """Make a version champion if there is none, or if it beats the champion by more than noise.

    Parameters
    ----------
    tracking_uri
        Where the registry is.
    name, version
        What may become champion.
    compare
        Compares it with the champion that it is given; without it, it can only become the first champion.

    Raises
    ------
    ConfigError, StorageError, TransientError
        If the registry can't be used.
    """
    with session(tracking_uri) as client:
        return decide(client, tracking_uri, name, version, compare)


def register_version(client: MlflowClient, name: str, results: Results, kind: str, run_id: str, model_id: str) -> int:
    """Register a model of results, once, as challenger; give its version."""
    from mlflow.exceptions import MlflowException  # noqa: PLC0415 - takes seconds

    try:
        client.create_registered_model(name, description="Scores card payments for fraud. Trained by payloom.")
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    made = _registered(client, name, results.digest)
    if made is None:
        made = client.create_model_version(
            name,
            source=f"models:/{model_id}",
            run_id=run_id,
            model_id=model_id,
            tags={RESULTS_DIGEST: results.digest, DATASET_DIGEST: results.dataset.digest, KIND: kind},
            description=description(results.evaluation),
        )
    version = int(made.version)
    newest = _holder(client, name, CHALLENGER)
    if newest is None or newest < version:
        client.set_registered_model_alias(name, CHALLENGER, str(version))
    return version


def decide(client: MlflowClient, tracking_uri: str, name: str, version: int, compare: Compare | None) -> Promotion:
    """Do what `promote` says in an open session.

    The registry sets an alias without asking what it was. So the champion is read again after the comparison, and when
    it is another one by then, that one is compared as well.
    """
    for _ in range(_TRIES):
        champion = _holder(client, name, CHAMPION)
        if champion == version:
            return Promotion(
                name=name, version=version, champion=champion, promoted=False, reason="it is champion already"
            )
        better, reason = _judge(client, tracking_uri, name, champion, compare)
        if not better:
            _write_down(client, name, version, champion, reason)
            return Promotion(name=name, version=version, champion=champion, promoted=False, reason=reason)
        if _holder(client, name, CHAMPION) != champion:
            continue
        client.set_registered_model_alias(name, CHAMPION, str(version))
        _write_down(client, name, version, champion, reason)
        now = _holder(client, name, CHAMPION)
        if now != version:
            reason = f"{reason}; version {now} took its place at once"
        return Promotion(name=name, version=version, champion=now, promoted=now == version, reason=reason)
    text = f"the champion of {name} changed {_TRIES} times while version {version} was compared with it"
    raise TransientError(text, hint="log the results again when the other trainings have ended")


def _judge(
    client: MlflowClient, tracking_uri: str, name: str, champion: int | None, compare: Compare | None
) -> tuple[bool, str]:
    if champion is None:
        return True, "there was no champion"
    if compare is None:
        return False, f"not compared with version {champion}: the payments to test on were not at hand"
    try:
        difference = compare(fetch_scorer(client, f"models:/{name}/{champion}", tracking_uri))
    except TransientError:
        raise
    except PayloomError as error:
        return False, f"not compared with version {champion}: {error.message}"
    told = f"average precision {difference.value:+.4f} ({difference.low:+.4f} to {difference.high:+.4f})"
    # A difference that could not be measured is NaN, which is above nothing.
    if difference.low > 0:
        return True, f"better than version {champion}: {told}"
    return False, f"not better than version {champion} by more than noise: {told}"


def _write_down(client: MlflowClient, name: str, version: int, champion: int | None, reason: str) -> None:
    client.set_model_version_tag(name, str(version), COMPARED, str(champion or "none"))
    client.set_model_version_tag(name, str(version), DECISION, reason)


def _holder(client: MlflowClient, name: str, alias: str) -> int | None:
    """Return the version that has an alias."""
    # The model lists its aliases, as numbers or texts; asking for one that nobody has is an error like many others.
    held = client.get_registered_model(name).aliases.get(alias)
    return None if held is None else int(held)


def _registered(client: MlflowClient, name: str, digest: str) -> ModelVersion | None:
    """Return the version that was made of results before, if there is one."""
    found = client.search_model_versions(f"name='{name}' and tags.`{RESULTS_DIGEST}`='{digest}'")
    return min(found, key=lambda version: int(version.version), default=None)
