"""The gate: reads a data set once, measures every rule and returns the results."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import polars as pl

from payloom.engine.memory import available_cpus
from payloom.quality.dataset import LABELS, MAIN, Data
from payloom.quality.distribution import drift_results, fraud_rate, margin_results, missing_rates
from payloom.quality.integrity import bin_result, label_results, refund_results, unique_result
from payloom.quality.links import LINKS
from payloom.quality.margins import Profile
from payloom.quality.pieces import Piece, UnreadableError, in_declared_types, usable_columns
from payloom.quality.rule import Result
from payloom.quality.scan import Scan, partition_rule, period_rule, readable_rule, row_rules, sorted_rule
from payloom.quality.structure import structure_results
from payloom.quality.tally import Tally
from payloom.schema import FRAUD_LABELS, PAYMENTS, TABLES, Table

ENTITIES: Final = tuple(name for name in TABLES if name not in (MAIN, LABELS))

Said = Callable[[str], None]


@dataclass(frozen=True)
class Measured:
    """What the pass over the data gave.

    Attributes
    ----------
    results
        Every rule, in order of the tables.
    rows
        Payments that were read.
    sample
        A sample of payments for the suite.
    """

    results: tuple[Result, ...]
    rows: int
    sample: pl.DataFrame


def measure(data: Data, *, sample_rows: int, only_sample: bool = False, reference: Data | None = None) -> Measured:
    """Measure every rule that applies to a data set.

    Parameters
    ----------
    data
        What is judged.
    sample_rows
        Payments in the sample.
    only_sample
        Look at the sample alone: rules that need every row are skipped.
    reference
        Data that distributions are compared with.
    """
    declared, total = data.declared, _rows_of(data)
    entities, results = _entities(data)
    labels, label_tally = _labels(data, results)
    every = max(1, total // sample_rows) if sample_rows else 0
    scan = Scan(
        PAYMENTS, declared, entities, None if only_sample else _wanted(data, labels), every, only_sample=only_sample
    )
    tally = _scanned(scan, data.pieces[MAIN])
    found = _row_results(PAYMENTS, scan, tally)
    if not only_sample:
        found += structure_results(PAYMENTS, data.pieces[MAIN], tally, declared)
        found.append(unique_result(PAYMENTS, tally.keys))
        found += [*refund_results(tally, declared), *(label_results(labels, tally) if label_tally else ())]
    found += fraud_rate(tally, declared) if not only_sample else []
    merchants = entities["merchants"].height if "merchants" in entities else 0
    found += [*missing_rates(tally, declared), *margin_results(tally, declared, merchants)]
    if reference is not None:
        found += drift_results(tally.profile, profile_of(reference))
    sample = pl.concat(tally.sample, how="diagonal_relaxed") if tally.sample else pl.DataFrame()
    return Measured((*found, *results), tally.rows, sample)


def profile_of(data: Data) -> Profile:
    """Count the margins of a reference data set."""
    return Profile.merged(Profile.of(batch) for batch in _readable_batches(data.pieces[MAIN]))


def _rows_of(data: Data) -> int:
    if data.declared.rows is not None:
        return data.declared.rows
    return sum(batch.height for piece in data.pieces[MAIN] for batch in _readable_batches([piece]))


def _readable_batches(pieces: Sequence[Piece], columns: Sequence[str] | None = None) -> Iterator[pl.DataFrame]:
    """Yield the batches that can be read; what can't is found by the scan."""
    for piece in pieces:
        try:
            yield from piece.batches(columns)
        except UnreadableError:
            continue


def _scanned(scan: Scan, pieces: Sequence[Piece]) -> Tally:
    with ThreadPoolExecutor(available_cpus(), thread_name_prefix="payloom-validate") as threads:
        return Tally.sum(threads.map(scan.look, pieces))


def _entities(data: Data) -> tuple[dict[str, pl.DataFrame], list[Result]]:
    """Read the tables of entities and judge them; links between them need all of them."""
    frames: dict[str, pl.DataFrame] = {}
    for name in ENTITIES:
        whole = _whole(data.pieces.get(name, ()), TABLES[name])
        if whole is not None:
            frames[name] = _with_code_types(whole, TABLES[name])
    results: list[Result] = []
    for name in ENTITIES if data.declared.ours else ():
        wanted = {link.target for link in LINKS if link.table == name}
        targets = {target: frames[target] for target in wanted if target in frames}
        results += _table_results(Scan(TABLES[name], data.declared, targets), data.pieces.get(name, ()))[0]
    if data.declared.ours:
        results.append(bin_result(frames.get("cards")))
    return frames, results


def _labels(data: Data, results: list[Result]) -> tuple[pl.DataFrame | None, Tally | None]:
    """Judge the labels and return them; their results are added to `results`."""
    pieces = data.pieces.get(LABELS, ())
    if not data.declared.ours:
        return None, None
    found, tally = _table_results(Scan(FRAUD_LABELS, data.declared), pieces)
    results[:0] = found
    return _whole(pieces, FRAUD_LABELS), tally


def _whole(pieces: Sequence[Piece], table: Table) -> pl.DataFrame | None:
    """Read a small table, as far as it can be read and in its declared types; None if there is nothing."""
    batches: list[pl.DataFrame] = []
    for piece in pieces:
        try:
            columns = usable_columns(piece, table)
            batches += [in_declared_types(batch, table) for batch in piece.batches(columns)]
        except UnreadableError:
            continue
    return pl.concat(batches, how="diagonal_relaxed") if batches else None


def _table_results(scan: Scan, pieces: Sequence[Piece]) -> tuple[list[Result], Tally]:
    tally = _scanned(scan, pieces)
    results = _row_results(scan.table, scan, tally)
    results += structure_results(scan.table, pieces, tally, scan.declared)
    if any(column.role == "key" for column in scan.table.columns):
        results.append(unique_result(scan.table, tally.keys))
    return results, tally


def _row_results(table: Table, scan: Scan, tally: Tally) -> list[Result]:
    declared = scan.declared
    rules = [readable_rule(table.name)]
    if declared.ours and not scan.only_sample:
        rules.append(sorted_rule(table))
    if declared.ours and table.by_month:
        rules += [partition_rule(table), period_rule(table)]
    rules += [row_rule.rule for row_rule in row_rules(table, ours=declared.ours)]
    results = []
    for rule in rules:
        if rule.name in tally.measured:
            shown = tuple(tally.examples.get(rule.name, ()))
            # Files are counted by the rule that they can be read, rows by the others.
            total = tally.rows if rule.columns else 0
            results.append(Result.none_breaks(rule, tally.breaks[rule.name], total, shown))
        elif declared.ours:
            results.append(Result.not_judged(rule, _why_not(rule.columns, tally)))
    return results


def _why_not(columns: Sequence[str], tally: Tally) -> str:
    if not tally.rows:
        return "there is no row"
    return f"{', '.join(columns) or 'it'} can't be read, or a table that it leads to is missing"


def _wanted(data: Data, labels: pl.DataFrame | None) -> pl.Series:
    """Return the ids of payments that refunds and labels name: one light pass over one column."""
    name = "original_transaction_id"
    batches = _readable_batches(data.pieces[MAIN], [name])
    ids = [pl.Series("id", [], dtype=pl.Int64)]
    ids += [_ids(batch[name]) for batch in batches if name in batch.columns and batch.schema[name].is_integer()]
    if labels is not None and "transaction_id" in labels.columns:
        ids.append(_ids(labels["transaction_id"]))
    return pl.concat(ids).unique()


def _ids(column: pl.Series) -> pl.Series:
    return column.drop_nulls().cast(pl.Int64, strict=False).drop_nulls().alias("id")


def _with_code_types(frame: pl.DataFrame, table: Table) -> pl.DataFrame:
    """Give codes the types that those of payments get, so that both compare."""
    wanted = {
        c.name: pl.Enum(c.codes) for c in table.columns if c.codes and not c.codes_open and c.name in frame.columns
    }
    text = [name for name, kind in frame.schema.items() if name not in wanted and kind == pl.Categorical]
    return frame.with_columns(
        *(pl.col(name).cast(kind, strict=False) for name, kind in wanted.items()),
        *(pl.col(n).cast(pl.String) for n in text),
    )
