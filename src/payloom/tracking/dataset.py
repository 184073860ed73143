"""A data set as MLflow knows it: name, digest, place, columns and number of rows, and none of the rows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from payloom.storage.address import is_remote
from payloom.tracking.results_folder import DatasetFacts

if TYPE_CHECKING:
    from mlflow.entities import DatasetInput

DIGEST_CHARS: Final = 36
"""So much of a digest MLflow keeps (`MAX_DATASET_DIGEST_SIZE` in mlflow 3.17)."""

_TYPES: Final = (
    ("Int64", "long"),
    ("UInt32", "long"),
    ("UInt64", "long"),
    ("Int", "integer"),
    ("UInt", "integer"),
    ("Float32", "float"),
    ("Float", "double"),
    ("Boolean", "boolean"),
    ("Date", "datetime"),
    ("Binary", "binary"),
)
"""MLflow's type for types of Polars that begin so; the others are texts to it."""


def dataset_input(facts: DatasetFacts) -> DatasetInput:
    """Return the data set as the input of a run."""
    from mlflow.entities import Dataset, DatasetInput, InputTag  # noqa: PLC0415 - takes seconds

    columns = [{"type": _type(kind), "name": name, "required": True} for name, kind in facts.columns.items()]
    return DatasetInput(
        dataset=Dataset(
            name=facts.name,
            digest=short_digest(facts),
            source_type=_source_type(facts.source),
            source=json.dumps({"uri": facts.source}),
            schema=json.dumps({"mlflow_colspec": columns}),
            profile=json.dumps({"num_rows": facts.rows, "manifests_sha256": facts.digest}),
        ),
        tags=[InputTag("mlflow.data.context", "training")],
    )


def short_digest(facts: DatasetFacts) -> str:
    """Return as much of the digest as MLflow keeps."""
    return facts.digest[:DIGEST_CHARS]


def _source_type(source: str) -> str:
    if not is_remote(source):
        return "local"
    return {"gs": "gs", "az": "wasbs"}.get(source.partition(":")[0].lower(), "s3")


def _type(kind: str) -> str:
    return next((told for begin, told in _TYPES if kind.startswith(begin)), "string")
