"""Great Expectations judges: the measured results of all rows, and a sample row by row; Data Docs show both."""

from __future__ import annotations

import importlib.util
import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from payloom.extras import extra_libraries
from payloom.quality.data_docs import make_offline
from payloom.quality.later import imported_when_used
from payloom.quality.nulls import is_required
from payloom.quality.rule import EXAMPLES_MAX, Result, Rule
from payloom.quality.values import ID_BITS, RANGES, code_kind
from payloom.schema import PAYMENTS, Column

if TYPE_CHECKING:
    import pandas as pd
    from great_expectations.expectations.expectation import Expectation

EXTRA: Final = "quality"
NEEDED_BY: Final = "payloom validate"

MEASURED: Final = "rules on all rows"
SAMPLED: Final = "sample of payments"

_TYPES: Final = {
    "int64": ["int64", "Int64Dtype"],
    "int32": ["int32", "Int32Dtype"],
    "int16": ["int16", "Int16Dtype"],
    "float64": ["float64"],
    "float32": ["float32"],
    "bool": ["bool"],
    "timestamp": ["datetime64[us]"],
    "string": ["StringDtype"],
}
"""What pandas calls the kinds of the schema, as Great Expectations compares it; codes have their set instead."""

_NULLABLE: Final = {"int64": "Int64", "int32": "Int32", "int16": "Int16", "string": "string"}


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep a library's warnings about its own insides from the user."""
    with warnings.catch_warnings():
        for kind in (DeprecationWarning, FutureWarning, PendingDeprecationWarning, UserWarning):
            warnings.filterwarnings("ignore", category=kind)
        yield


def require_library() -> None:
    """Miss the extra before rows are read; this imports nothing.

    Raises
    ------
    ConfigError
        If the extra is not installed.
    """
    with extra_libraries(EXTRA, NEEDED_BY):
        for name in ("great_expectations", "pandas"):
            if sys.modules.get(name, name) is None or importlib.util.find_spec(name) is None:
                raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def load_library() -> Any:
    """Import Great Expectations, which takes seconds: call it in a thread while rows are read.

    Raises
    ------
    ConfigError
        If the extra is not installed.
    """
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    with extra_libraries(EXTRA, NEEDED_BY), _quiet(), imported_when_used("scipy", "stats"):
        import great_expectations  # noqa: PLC0415 - slow to import
        import great_expectations.expectations  # noqa: PLC0415
        import pandas as pd  # noqa: F401, PLC0415 - its frames are what is judged

        return great_expectations


@dataclass(frozen=True)
class Judgement:
    """What Great Expectations said.

    Attributes
    ----------
    version
        Its version.
    agrees
        Whether it judged the measured results as payloom did.
    results
        Results of the suite on the sample.
    docs
        Page of the Data Docs; None without.
    """

    version: str
    agrees: bool
    results: tuple[Result, ...]
    docs: Path | None


def judge(measured: Sequence[Result], sample: pl.DataFrame, *, ours: bool, docs: Path | None) -> Judgement:
    """Run both suites and write the Data Docs.

    Parameters
    ----------
    measured
        Results of the rules on all rows.
    sample
        Payments to look at one by one; may have no column.
    ours
        Whether payloom wrote the data.
    docs
        Folder for Data Docs; None for none.
    """
    gx = load_library()
    with _quiet():
        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = {"globally": False, "metric_calculations": False}
        if docs is not None:
            _add_site(context, docs)
        judged = [result for result in measured if not result.skipped]
        told = _run(context, MEASURED, _measured_frame(judged), _measured_suite(judged), docs=docs is not None)
        agrees = _verdicts(told) == {result.rule.name: result.verdict == "passed" for result in judged}
        found: tuple[Result, ...] = ()
        if sample.width and sample.height:
            frame = _sample_frame(sample)
            said = _run(context, SAMPLED, frame, _sample_suite(sample.columns, ours=ours), docs=docs is not None)
            found = tuple(_sample_result(one, sample.height) for one in said.results)
        if docs is not None:
            context.build_data_docs()
            make_offline(docs, [*measured, *found])
    return Judgement(gx.__version__, agrees, found, docs / "index.html" if docs is not None else None)


def _add_site(context: Any, docs: Path) -> None:
    context.add_data_docs_site(
        site_name="payloom",
        site_config={
            "class_name": "SiteBuilder",
            "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
            "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(docs.resolve())},
        },
    )


def _run(context: Any, name: str, frame: pd.DataFrame, suite: list[Expectation], *, docs: bool) -> Any:
    import great_expectations as gx  # noqa: PLC0415 - loaded before

    asset = context.data_sources.add_pandas(name).add_dataframe_asset("payments")
    batch = asset.add_batch_definition_whole_dataframe("all")
    expected = gx.ExpectationSuite(name, expectations=suite)
    if not docs:
        return batch.get_batch({"dataframe": frame}).validate(expected, result_format="SUMMARY")
    # A checkpoint stores its results, and Data Docs show what is stored.
    definition = gx.ValidationDefinition(name=name, data=batch, suite=context.suites.add(expected))
    checkpoint = gx.Checkpoint(
        name=name, validation_definitions=[context.validation_definitions.add(definition)], result_format="SUMMARY"
    )
    results = context.checkpoints.add(checkpoint).run(batch_parameters={"dataframe": frame})
    return next(iter(results.run_results.values()))


def _expectations() -> Any:
    import great_expectations.expectations as gxe  # noqa: PLC0415 - loaded before

    return gxe


def _measured_frame(results: Sequence[Result]) -> pd.DataFrame:
    import pandas as pd  # noqa: PLC0415 - loaded before

    return pd.DataFrame({result.rule.name: [result.observed] for result in results})


def _measured_suite(results: Sequence[Result]) -> list[Expectation]:
    gxe = _expectations()

    return [
        gxe.ExpectColumnMaxToBeBetween(
            column=result.rule.name,
            min_value=None if result.low == float("-inf") else result.low,
            max_value=None if result.high == float("inf") else result.high,
            notes=f"{result.rule.holds}. Expected {result.expected}, found {result.found} ({result.rule.counted}).",
            meta={"kind": result.rule.kind, "table": result.rule.table, "columns": list(result.rule.columns)},
        )
        for result in results
    ]


def _verdicts(told: Any) -> dict[str, bool]:
    return {one.expectation_config.kwargs["column"]: bool(one.success) for one in told.results}


def _sample_frame(sample: pl.DataFrame) -> pd.DataFrame:
    """Return the sample for pandas: integers with gaps stay integers, codes become categories."""
    declared = {column.name: column for column in PAYMENTS.columns}
    codes = [name for name in sample.columns if name in declared and declared[name].kind == "enum"]
    # Great Expectations knows no type with a time zone; that times are UTC is judged on all rows.
    naive = pl.col(pl.Datetime).dt.replace_time_zone(None)
    frame = sample.with_columns(pl.col(codes).cast(pl.String).cast(pl.Categorical), naive).to_pandas()
    for name in sample.columns:
        kind = _NULLABLE.get(declared[name].kind) if name in declared else None
        if kind is not None and (sample[name].null_count() or kind == "string"):
            # Straight from Arrow: by way of a float an id could lose digits.
            frame[name] = sample[name].to_arrow().to_pandas(integer_object_nulls=True).astype(kind)
    return frame


def _sample_suite(columns: Sequence[str], *, ours: bool) -> list[Expectation]:
    gxe = _expectations()

    suite: list[Expectation] = []
    if ours:
        suite.append(gxe.ExpectTableColumnsToMatchOrderedList(column_list=list(PAYMENTS.names)))
    for column in PAYMENTS.columns:
        if column.name in columns:
            suite += _of_column(column, ours=ours)
    return suite


def _of_column(column: Column, *, ours: bool) -> list[Expectation]:
    gxe = _expectations()

    found: list[Expectation] = []
    name = column.name
    if ours and column.kind in _TYPES:
        found.append(gxe.ExpectColumnValuesToBeInTypeList(column=name, type_list=_TYPES[column.kind]))
    if is_required(column, ours=ours):
        found.append(gxe.ExpectColumnValuesToNotBeNull(column=name))
    if code_kind(column, ours=ours) == "set":
        found.append(gxe.ExpectColumnValuesToBeInSet(column=name, value_set=list(column.codes)))
    limits = RANGES.get(name)
    if limits is not None:
        found.append(gxe.ExpectColumnValuesToBeBetween(column=name, min_value=limits.low, max_value=limits.high))
    elif ours and column.kind == "int64":
        found.append(gxe.ExpectColumnValuesToBeBetween(column=name, min_value=1, max_value=2**ID_BITS - 1))
    if column.role == "key":
        found.append(gxe.ExpectColumnValuesToBeUnique(column=name))
    return found


def _sample_result(one: Any, rows: int) -> Result:
    config = one.expectation_config
    column = config.kwargs.get("column", "")
    check = config.type.removeprefix("expect_").removeprefix("column_").removeprefix("values_to_")
    rule = Rule(
        f"sample.payments.{column}.{check}" if column else f"sample.payments.{check}",
        "payments", (column,) if column else (), "values",
        f"{config.type.replace('_', ' ')}, by Great Expectations", "rows of the sample that break it",
    )  # fmt: skip
    broken = int(one.result.get("unexpected_count") or 0)
    if not one.success:
        broken = max(broken, 1)
    shown = tuple({column: value} for value in one.result.get("partial_unexpected_list", ())[:EXAMPLES_MAX])
    return Result.none_breaks(rule, broken, rows, shown)
