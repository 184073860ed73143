"""`payloom realism`: what it prints, for people and for programs, and how it ends."""

import json
import sys
from pathlib import Path

import pytest

from payloom import World
from payloom.cli.main import run
from tests.cli.shell import payloom

SMALL = {"world": {"rows": 20_000, "fraud_rate": 0.02}}
#: A system without a database of time zones, as a bare container.
NO_ZONES = """
import sys, zoneinfo
sys.modules["tzdata"] = None
zoneinfo.reset_tzpath(())
try:
    zoneinfo.ZoneInfo("UTC")
except zoneinfo.ZoneInfoNotFoundError:
    pass
else:
    sys.exit("the time zones are not hidden")
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("realism") / "world"
    World(SMALL).generate(place)
    return place


def test_tables(folder: Path, capfd: pytest.CaptureFixture[str]):
    """People get tables of facts, leaks and structure with a line that sums up; what goes on is said on stderr."""
    code = run(["realism", str(folder), "--fast"])
    out, err = capfd.readouterr()
    assert "20,000 payments, 400 of them fraud" in out
    for title in ("Facts", "What alone tells fraud", "Structure"):
        assert title in out
    assert "needs 150,000 payments" in " ".join(out.split())
    assert "facts: " in out.splitlines()[-2]
    assert "probes" in out.splitlines()[-1]
    assert "measuring facts" in err
    # So few payments prove no fact wrong.
    assert code == (3 if "LEAK" in out else 0)


def test_json_is_the_whole_report_and_nothing_else(folder: Path, capfd: pytest.CaptureFixture[str]):
    """Programs get one object: every fact with its status, every leak, the structure and the exit code."""
    code = run(["realism", str(folder), "--fast", "--json"])
    report = json.loads(capfd.readouterr().out)
    assert report["exit_code"] == code
    assert (report["rows"], report["frauds"], report["difficulty"]) == (20_000, 400, None)
    assert len(report["facts"]) >= 40
    assert {fact["status"] for fact in report["facts"]} <= {"within", "outside", "not measurable"}
    assert report["leaks"]
    assert report["structure"]["histograms"]
    assert set(report["seconds"]) == {"facts", "structure", "plots", "leaks"}


def test_a_system_without_time_zones_gets_the_same_report(folder: Path, capfd: pytest.CaptureFixture[str]):
    """Times are told in UTC, and UTC is in no need of a database."""
    code = run(["realism", str(folder), "--fast", "--json"])
    here = json.loads(capfd.readouterr().out)
    there = payloom("realism", str(folder), "--fast", "--json", before=NO_ZONES)
    assert there.returncode == code, there.stderr
    report = json.loads(there.stdout)
    assert report["first_time"].endswith("+00:00")
    assert report.keys() == here.keys()
    # Sums run in threads, so their last digit is by chance.
    got, expected = ({fact["id"]: fact.pop("value") for fact in one["facts"]} for one in (report, here))
    near = {name: value if value is None else pytest.approx(value, rel=1e-12) for name, value in expected.items()}
    assert got == near
    assert {**report, "seconds": None} == {**here, "seconds": None}


def write_others(folder: Path, *, wrong: bool) -> list[str]:
    """Write 160,000 payments of a stranger; every second amount ends in .99 when they are to be `wrong`."""
    amounts = ["10.99" if wrong and n % 2 else f"{n % 97}.{n % 89:02}" for n in range(160_000)]
    lines = [f"{n * 60},{amount},{int(n % 400 == 7)}" for n, amount in enumerate(amounts)]
    (folder / "theirs.csv").write_text("\n".join(["Time,Amount,Class", *lines]), "utf-8")
    mapping = (
        "[columns]\nevent_time = 'Time'\namount_minor = 'Amount'\nis_fraud = 'Class'\n[units]\namount_minor = 100\n"
    )
    (folder / "mapping.toml").write_text(mapping, "utf-8")
    return ["realism", str(folder / "theirs.csv"), "--mapping", str(folder / "mapping.toml"), "--fast"]


def test_a_fact_that_does_not_hold_ends_with_3(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    """Data in which half of all prices end in .99 is refused, and the line says by which number."""
    assert run(write_others(tmp_path, wrong=True)) == 3
    out, err = capfd.readouterr()
    assert "OUTSIDE" in out
    assert "error: " in err
    assert "fix: " in err
    assert "end_99_share is 0.49" in err


def test_json_says_what_failed(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    """The same as JSON: one object, the failures by name, exit code 3."""
    assert run([*write_others(tmp_path, wrong=True), "--json"]) == 3
    report = json.loads(capfd.readouterr().out)
    assert (report["status"], report["exit_code"]) == ("error", 3)
    assert any("end_99_share" in line for line in report["failures"])


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["nowhere"], 5, "does not exist"),
        ([".", "--mapping", "none.toml"], 2, "none.toml"),
        ([".", "--out", "nowhere/page.html"], 2, "folder that exists"),
        ([".", "--out", "."], 2, "expected a file"),
    ],
)
def test_what_cannot_be(
    arguments: list[str], code: int, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd
):
    """Each refusal is one line with the cause and one with the way out, before anything is measured."""
    monkeypatch.chdir(tmp_path)
    assert run(["realism", *arguments, "--fast"]) == code
    out, err = capfd.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 2
    assert words in err


def test_the_page(folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    """With --out there is a page that needs nothing else."""
    run(["realism", str(folder), "--fast", "--out", str(tmp_path / "page.html")])
    assert "page.html" in capfd.readouterr().out
    page = (tmp_path / "page.html").read_text("utf-8")
    assert page.lstrip().lower().startswith("<!doctype html>")


def test_a_missing_library_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]):
    """Without the extra the report says what to install."""
    monkeypatch.setitem(sys.modules, "sklearn", None)
    for name in [name for name in sys.modules if name.startswith(("payloom.realism.", "sklearn."))]:
        monkeypatch.delitem(sys.modules, name)
    assert run(["realism", str(folder), "--fast"]) == 2
    assert "payloom[realism]" in capfd.readouterr().err
