"""`payloom validate`: what it prints, what it writes and how it ends; Great Expectations judges for real."""

from __future__ import annotations

import json
import shutil
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import polars as pl
import pytest

from payloom import World
from payloom.cli.main import run
from payloom.quality.dataset import open_data
from payloom.quality.gate import measure
from payloom.storage.address import open_store
from tests.counts import FULL
from tests.quality.good_data import failed

SMALL = {"world": {"rows": 12_000, "seed": 3}}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("gate") / "world"
    World(SMALL).generate(place, workers=1)
    return place


@pytest.fixture
def copy(folder: Path, tmp_path: Path) -> Path:
    """A copy of the data set to spoil."""
    return Path(shutil.copytree(folder, tmp_path / "copy"))


def parts(place: Path, table: str = "payments") -> list[Path]:
    return sorted((place / table).rglob("*.parquet"))


def rewritten(part: Path, change: pl.Expr) -> None:
    """Write a part again with one column changed, as some other program would."""
    pl.read_parquet(part).with_columns(change).write_parquet(part)


def flipped(part: Path) -> None:
    """Flip one bit in the middle of a page."""
    data = bytearray(part.read_bytes())
    data[len(data) // 2] ^= 4
    part.write_bytes(data)


def test_good_data_passes_with_pages(folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """One line sums up; Data Docs have every rule; JUnit has a case for each."""
    docs, junit = tmp_path / "docs", tmp_path / "gate.xml"
    assert run(["validate", str(folder), "--docs", str(docs), "--junit", str(junit)]) == 0
    out = capfd.readouterr().out
    assert "0 fail" in out
    assert str(docs / "index.html") in out
    pages = "".join(page.read_text("utf-8") for page in docs.rglob("*.html"))
    for rule in ("payments.card_id.cards", "payments.hour.distribution", "fraud_labels.transaction_id.unique"):
        assert rule in pages
    root = ET.fromstring(junit.read_bytes())
    cases = {case.get("name") for case in root.iter("testcase")}
    assert {"payments.card_id.cards", "gate.great_expectations", "sample.payments.currency.be_in_set"} <= cases
    assert root.get("failures") == "0"


def test_a_planted_fault_closes_the_gate(copy: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Exit code 3, failed rules first with column, expected, found, rows and where to look; JUnit says the same."""
    rewritten(
        parts(copy)[0], pl.when(pl.int_range(pl.len()) < 7).then(-1).otherwise("amount_minor").alias("amount_minor")
    )
    junit = tmp_path / "gate.xml"
    assert run(["validate", str(copy), "--junit", str(junit)]) == 3
    out, err = capfd.readouterr()
    lines = out.splitlines()
    assert lines[0].startswith("failed  payments.")
    block = out[out.index("failed  payments.amount_minor.range") :]
    for word in ("column    amount_minor", "found     7 of 12,000", "amount_minor=-1", "duckdb"):
        assert word in block
    assert err.startswith("error:")
    cases = ET.fromstring(junit.read_bytes()).iter("testcase")
    failures = {case.get("name") for case in cases if case.find("failure") is not None}
    # The sample holds every row here: Great Expectations finds the same by itself, and agrees on what was measured.
    assert {"payments.amount_minor.range", "sample.payments.amount_minor.be_between"} <= failures
    assert "gate.great_expectations" not in failures


def test_nothing_bad_is_published(copy: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """`publish --validate` sends nothing of a data set that does not pass, and names the rule."""
    rewritten(parts(copy)[0], pl.col("event_time").reverse())
    target = tmp_path / "target"
    assert run(["publish", str(copy), str(target), "--validate"]) == 3
    assert "payments.event_time.sorted" in capfd.readouterr().err
    assert not list(target.rglob("*"))


def test_a_flipped_bit_is_found(copy: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A damaged page fails the rule of readable files, with the file; it is no crash."""
    flipped(parts(copy)[1])
    assert run(["validate", str(copy), "--json"]) == 3
    answer = json.loads(capfd.readouterr().out)
    assert answer["exit_code"] == 3
    assert answer["results"][0]["verdict"] == "failed"
    wrong = {r["rule"]: r for r in answer["results"] if r["verdict"] == "failed"}
    assert wrong["payments.readable"]["examples"][0]["file"] == parts(copy)[1].relative_to(copy).as_posix()
    assert "payloom verify" in wrong["payments.readable"]["look"]


def test_a_lost_file_is_found(copy: Path) -> None:
    """A file that the manifests list and that is gone closes the gate."""
    parts(copy, "cards")[0].unlink()
    assert {"cards.readable", "cards.rows"} <= set(failed(open_data(copy)))


def test_a_sample_leaves_out_what_needs_every_row(folder: Path) -> None:
    """A sample has about so many payments, and passes the rules of single rows."""
    measured = measure(open_data(folder), sample_rows=3_000, only_sample=True)
    assert 2_900 <= measured.rows <= 3_100
    assert [result.rule.name for result in measured.results if result.verdict == "failed"] == []
    rules = {result.rule.name for result in measured.results}
    assert "payments.currency.codes" in rules
    assert "payments.transaction_id.unique" not in rules


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--sample", "0"], 2),
        (["--sample", "many"], 2),
        (["--sample", "5", "--full"], 2),
        (["--junit", "no/such/folder/gate.xml"], 2),
        (["--mapping", "no-such.toml"], 2),
        (["--reference", "no-such-data"], 5),
    ],
)
def test_wrong_options_are_refused(
    folder: Path, options: list[str], code: int, capfd: pytest.CaptureFixture[str]
) -> None:
    """What can't be done is said in one line before rows are read."""
    assert run(["validate", str(folder), *options]) == code
    assert capfd.readouterr().err.startswith("error:")


def test_a_missing_extra_is_one_line(folder: Path, monkeypatch: pytest.MonkeyPatch, capfd) -> None:
    """Without Great Expectations there is no verdict, and the line says how to get it."""
    monkeypatch.setitem(sys.modules, "great_expectations", None)
    assert run(["validate", str(folder)]) == 2
    assert 'pip install "payloom[quality]"' in capfd.readouterr().err


def test_nothing_there(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A place without data is an error of storage, no verdict."""
    assert run(["validate", str(tmp_path)]) == 5
    assert run(["validate", str(tmp_path / "nowhere")]) == 5
    assert "fix:" in capfd.readouterr().err


def theirs(rows: int, seed: int) -> pl.DataFrame:
    """Payments as somebody else keeps them: other names, words and units."""
    random = np.random.default_rng(seed)
    start = datetime(2024, 5, 1, tzinfo=UTC)
    seconds = np.sort(random.integers(0, 30 * 86_400, rows))
    return pl.DataFrame(
        {
            "id": [f"T{seed}-{number}" for number in range(rows)],
            "ts": [(start + timedelta(seconds=int(second))).isoformat() for second in seconds],
            "amt": np.round(np.exp(random.normal(3.2, 1.2, rows)) + 0.01, 2),
            "ccy": random.choice(["EUR", "NOK", "USD"], rows),
            "where": random.choice(["shop", "web"], rows, p=[0.7, 0.3]),
            "fraud": random.random(rows) < 0.01,
        }
    )


MAPPING = """
[columns]
transaction_id = "id"
event_time = "ts"
amount_minor = "amt"
currency = "ccy"
channel = "where"
is_fraud = "fraud"
[values.channel]
shop = "in_store"
web = "online"
[units]
amount_minor = 100
"""


@pytest.fixture
def mapping(tmp_path: Path) -> str:
    file = tmp_path / "mapping.toml"
    file.write_text(MAPPING, "utf-8")
    return str(file)


def judged(file: Path, mapping: str, capfd: pytest.CaptureFixture[str], *options: str) -> tuple[int, dict[str, str]]:
    code = run(["validate", str(file), "--mapping", mapping, "--json", *options])
    return code, {result["rule"]: result["verdict"] for result in json.loads(capfd.readouterr().out)["results"]}


@pytest.mark.parametrize("suffix", ["csv", "parquet"] if FULL else ["parquet"])
def test_payments_of_others(suffix: str, mapping: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """With a mapping anybody's file is judged: good data passes, a currency that payloom does not know too."""
    file, last_month = tmp_path / f"theirs.{suffix}", tmp_path / f"before.{suffix}"
    for place, seed in ((file, 1), (last_month, 2)):
        getattr(theirs(20_000, seed), f"write_{suffix}")(place)
    code, rules = judged(file, mapping, capfd, "--reference", str(last_month))
    assert code == 0, [name for name, verdict in rules.items() if verdict == "failed"]
    assert rules["payments.transaction_id.unique"] == rules["payments.channel.drift"] == "passed"
    assert rules["payments.event_time.gaps"] == rules["payments.first_digit.distribution"] == "passed"
    assert "payments.card_id.cards" not in rules


@pytest.mark.parametrize(
    ("rule", "change"),
    [
        ("payments.transaction_id.unique", pl.lit("T1").alias("id")),
        ("payments.currency.codes", pl.lit("kroner").alias("ccy")),
        ("payments.channel.codes", pl.lit("kiosk").alias("where")),
        ("payments.amount_minor.range", (-pl.col("amt")).alias("amt")),
        ("payments.amount_minor.not_null", pl.lit(None, dtype=pl.Float64).alias("amt")),
        ("payments.first_digit.distribution", (pl.int_range(pl.len()) % 900 + 100.0).alias("amt")),
        ("payments.channel.drift", pl.lit("web").alias("where")),
        ("payments.event_time.gaps", pl.col("ts").str.replace("2024-05-1", "2024-05-2")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_faults_of_others(rule, change, mapping, tmp_path) -> None:
    """Faults in data of others fail the rule that is about them."""
    file, last_month = tmp_path / "theirs.parquet", tmp_path / "before.parquet"
    theirs(20_000, 1).with_columns(change).write_parquet(file)
    theirs(20_000, 2).write_parquet(last_month)
    assert rule in failed(open_data(file, mapping=mapping), open_data(last_month, mapping=mapping))


def test_a_data_set_in_a_bucket(folder: Path, s3_server, monkeypatch: pytest.MonkeyPatch) -> None:
    """The gate stands before a bucket too: an upload that is good passes, a spoilt object fails."""
    for name, value in s3_server.env().items():
        monkeypatch.setenv(name, value)
    target = f"s3://{s3_server.bucket()}/gate"
    assert run(["publish", str(folder), target, "--quiet"]) == 0
    assert failed(open_data(target)) == []
    store = open_store(target)
    store.put(parts(folder)[0].relative_to(folder).as_posix(), b"PAR1 was here")
    assert "payments.readable" in failed(open_data(target))
