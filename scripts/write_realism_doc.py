"""Measure a data set and write what was found into ``docs/realism.md``, and the page beside it.

payloom generate --out data
python scripts/write_realism_doc.py data              # everything; some minutes
python scripts/write_realism_doc.py data --tables     # the tables of facts only
python scripts/write_realism_doc.py --check           # are the facts of the page those of facts.toml?
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from payloom.realism.data import DataSet
from payloom.realism.facts import load_facts, measure_facts
from payloom.realism.measures.evidence import Evidence
from payloom.realism.page import write_page
from payloom.realism.page_text import interval, number, score
from payloom.realism.report import examine, failures
from payloom.realism.results import NOT_MEASURABLE, OUTSIDE, Difficulty, FactResult

DOCS = Path(__file__).resolve().parent.parent / "docs"
PAGE = DOCS / "realism.md"
REPORT = DOCS / "realism-report.html"


def main(arguments: Sequence[str] | None = None, target: Path = PAGE) -> int:
    """Write the tables; give 1 when something that should hold doesn't, or when the page lags behind."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=Path("data"), help="data set (default: data)")
    parser.add_argument("--tables", action="store_true", help="facts only: no models, no page")
    parser.add_argument("--check", action="store_true", help="measure nothing, write nothing, look for lagging lines")
    given = parser.parse_args(arguments)
    text = target.read_text(encoding="utf-8")
    if given.check:
        return _check(text)
    data = DataSet.open(given.folder)
    if given.tables:
        target.write_text(_replaced(text, "facts", fact_tables(measure_facts(Evidence(data)))), encoding="utf-8")
        return 0
    report = examine(data, said=lambda line: print(line, file=sys.stderr))
    text = _replaced(text, "facts", fact_tables(report.facts))
    if report.difficulty is not None:
        text = _replaced(text, "difficulty", difficulty_tables(report.difficulty))
    target.write_text(text, encoding="utf-8")
    write_page(report, REPORT)
    print("\n".join(failures(report)), file=sys.stderr)
    return 1 if failures(report) else 0


def _check(text: str) -> int:
    lagging = [fact.id for fact in load_facts() if fact.statement.replace("|", "\\|") not in text]
    if lagging:
        print(f"{PAGE.name} lacks {', '.join(lagging)}: run python scripts/write_realism_doc.py data")
    return 1 if lagging else 0


def _replaced(text: str, name: str, block: str) -> str:
    """Return the page with other lines between the marks of a block."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    if begin not in text or end not in text:
        raise SystemExit(f"{PAGE.name} has no place for them: {begin} ... {end}")
    pattern = re.escape(begin) + ".*" + re.escape(end)
    return re.sub(pattern, lambda _: f"{begin}\n\n{block}\n\n{end}", text, flags=re.DOTALL)


def fact_tables(facts: Sequence[FactResult]) -> str:
    """Give the Markdown of a table for each group, and of one for what is out of reach."""
    judged = [fact for fact in facts if fact.expected]
    blocks = ["\n".join(_group(name, tuple(group))) for name, group in groupby(judged, lambda fact: fact.group)]
    beyond = ["### Out of reach", "", "| fact | source | measured | why |", "|---|---|---|---|"]
    beyond += [
        f"| {fact.statement} | {fact.source} | {number(fact.value, fact.unit)} | {fact.note} |"
        for fact in facts
        if not fact.expected
    ]
    return "\n\n".join([*blocks, "\n".join(beyond)])


def _group(name: str, facts: Sequence[FactResult]) -> Iterator[str]:
    yield from (f"### {name}", "", "| fact | source | accepted | measured |", "|---|---|---|---|")
    for fact in facts:
        accepted, measured = interval(fact.low, fact.high, fact.unit), number(fact.value, fact.unit)
        note = " **outside**" if fact.status == OUTSIDE else f" ({fact.note})" if fact.status == NOT_MEASURABLE else ""
        yield f"| {fact.statement} | {fact.source} [{fact.confidence}] | {accepted} | {measured}{note} |"


def difficulty_tables(difficulty: Difficulty) -> str:
    """Give the Markdown of the models, of the bands and of the kinds of fraud."""
    models = ["| model | features | AUC | AP | recall at 1 % | cards@100 |", "|---|---|---|---|---|---|"]
    for model in difficulty.scores:
        values = (model.auc, model.ap, model.recall_at_1pct, model.card_precision_at_100)
        models.append(f"| {model.model} | {model.features} | {' | '.join(map(score, values))} |")
    bands = ["| band | source | accepted | measured |", "|---|---|---|---|"]
    for band in difficulty.bands:
        note = " **outside**" if band.status == OUTSIDE else f" ({band.note})" if band.note else ""
        accepted = interval(band.low, band.high)
        bands.append(f"| {band.statement} | {band.source} | {accepted} | {score(band.value)}{note} |")
    kinds = ["| kind of fraud, easiest first | frauds | AUC | recall at 1 % |", "|---|---|---|---|"]
    kinds += [
        f"| {kind.typology} | {kind.frauds:,} | {score(kind.auc)} | {score(kind.recall_at_1pct)} |"
        for kind in sorted(difficulty.typologies, key=lambda kind: -kind.auc)
    ]
    return "\n\n".join("\n".join(lines) for lines in (models, bands, kinds))


if __name__ == "__main__":
    sys.exit(main())
