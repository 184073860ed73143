"""Who may write into a folder, and what --overwrite removes."""

from datetime import date

import pytest

from payloom.engine.failures import FailedJobsError
from payloom.errors import ConflictError, CorruptionError
from payloom.pipeline.generate import GenerateOptions, generate
from payloom.pipeline.verify import verify
from payloom.write.units import Unit
from tests.engine.fake_source import FakeSource
from tests.faults.trees import tree

SMALL = FakeSource(rows=100, months=1)
OVERWRITE = GenerateOptions(overwrite=True)


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (FakeSource(rows=100, months=1, seed=7), "another config"),
        (FakeSource(rows=100, months=1, layout="b"), "file format"),
    ],
)
def test_another_world_or_layout_is_refused_until_it_replaces(other, words, tmp_path):
    """Exit code 4 and not a byte changed; with --overwrite, the tree of a fresh run."""
    out = tmp_path / "out"
    generate(SMALL, out)
    before = tree(out)
    with pytest.raises(ConflictError, match=words) as caught:
        generate(other, out)
    assert caught.value.exit_code == 4
    assert "--overwrite" in caught.value.hint
    assert tree(out) == before
    generate(other, out, OVERWRITE)
    generate(other, tmp_path / "fresh")
    assert tree(out) == tree(tmp_path / "fresh")
    verify(out)


def test_days_that_do_not_overlap_make_one_data_set(tmp_path):
    """The data set is the union of its manifests; entity files are shared."""
    first, second = Unit(date(2025, 1, 1), date(2025, 2, 1)), Unit(date(2025, 2, 1), date(2025, 3, 1))

    for unit, month in ((first, 1), (second, 2)):
        generate(FakeSource(rows=100, only_month=month), tmp_path, GenerateOptions(unit=unit))
    report = verify(tmp_path)
    assert report.units == ("2025-01-01_2025-02-01", "2025-02-01_2025-03-01")
    assert (report.rows, report.parts) == (200, 5)
    with pytest.raises(ConflictError, match="already holds 2025-01-01_2025-02-01, which overlaps full"):
        generate(FakeSource(rows=100), tmp_path)


def test_an_unfinished_unit_is_in_the_way_of_an_overlapping_one(tmp_path):
    """Its rows would be read twice; the message says how to get on."""
    day = Unit(date(2025, 1, 1), date(2025, 1, 2))
    with pytest.raises(FailedJobsError):
        generate(FakeSource(rows=100, fail_at="payments-2025-01-00000"), tmp_path, GenerateOptions(unit=day))
    with pytest.raises(CorruptionError, match="2025-01-01 is unfinished"):
        verify(tmp_path)
    with pytest.raises(ConflictError, match="unfinished run of 2025-01-01"):
        generate(FakeSource(rows=100), tmp_path)
    generate(FakeSource(rows=100), tmp_path, OVERWRITE)
    assert verify(tmp_path).units == ("full",)


def test_overwriting_the_same_data_keeps_what_verifies(tmp_path):
    """An interrupted run with --overwrite, run again, goes on where it stopped."""
    generate(SMALL, tmp_path, OVERWRITE)
    assert generate(SMALL, tmp_path, OVERWRITE).kept_parts == 3


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_folder_with_foreign_files_is_refused(overwrite, tmp_path):
    """Nothing is written and nothing removed."""
    (tmp_path / "thesis.doc").write_text("years of work")
    with pytest.raises(ConflictError, match=r"thesis\.doc"):
        generate(SMALL, tmp_path, GenerateOptions(overwrite=overwrite))
    assert [path.name for path in tmp_path.rglob("*")] == ["thesis.doc"]


def test_hidden_files_do_not_count_as_foreign(tmp_path):
    """A fresh folder may hold a .gitignore."""
    (tmp_path / ".gitignore").write_text("*")
    generate(SMALL, tmp_path)
    assert (tmp_path / ".gitignore").read_text() == "*"


@pytest.mark.parametrize("stray", ["payments/mine.parquet", "payments/year=2025/month=01/notes.txt", "README.md"])
def test_overwrite_never_removes_what_is_not_ours(stray, tmp_path):
    """A foreign file stops it before the first removal."""
    generate(SMALL, tmp_path)
    (tmp_path / stray).write_text("mine")
    before = tree(tmp_path)
    with pytest.raises(ConflictError, match=stray):
        generate(FakeSource(rows=100, months=1, seed=7), tmp_path, OVERWRITE)
    assert tree(tmp_path) == before
    (tmp_path / stray).unlink()
    generate(FakeSource(rows=100, months=1, seed=7), tmp_path, OVERWRITE)
    verify(tmp_path)


def test_two_runs_give_the_same_manifest_bytes(tmp_path):
    """No clock, no host, no version of a library in what is compared."""
    for name in ("a", "b"):
        generate(SMALL, tmp_path / name)
    assert tree(tmp_path / "a") == tree(tmp_path / "b")


def test_other_bytes_from_another_installation_are_not_mixed_in(tmp_path, monkeypatch):
    """A damaged part that would now be written differently is reported, not slipped into the old manifest."""
    generate(SMALL, tmp_path)
    part = next(tmp_path.glob("payments/*/*/*.parquet"))
    part.write_bytes(part.read_bytes()[:-1])
    monkeypatch.setattr("payloom.write.encoding._PAGE_ROWS_MAX", 50)
    with pytest.raises(CorruptionError, match="other bytes"):
        generate(SMALL, tmp_path)
    generate(SMALL, tmp_path, OVERWRITE)
    verify(tmp_path)


def test_another_release_finds_nothing_to_do(tmp_path, monkeypatch):
    """A run over a whole data set keeps its manifest, byte for byte, whichever release made it."""
    generate(SMALL, tmp_path)
    before = tree(tmp_path)
    monkeypatch.setattr("payloom.write.manifest.__version__", "99.0")
    assert generate(SMALL, tmp_path).kept_parts == 3
    assert tree(tmp_path) == before
