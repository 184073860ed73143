"""Files that changed under our hands: found, named, and made again."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from payloom.errors import ConflictError, CorruptionError
from payloom.pipeline.generate import generate
from payloom.pipeline.verify import verify
from payloom.storage.local import LocalStore
from payloom.write.inspect import unreadable
from payloom.write.records import manifests
from tests.counts import count
from tests.engine.fake_source import FakeSource
from tests.faults.trees import tree

SOURCE = FakeSource(rows=300, months=2)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("damage") / "whole"
    generate(SOURCE, out)
    return out


def bits(number: int) -> Iterator[int]:
    """A cheap stream of numbers for mutation `number`."""
    state = number * 0x9E3779B97F4A7C15 % 2**64
    while True:
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        yield state >> 33


def mutate(out: Path, number: int, candidates: list[Path]) -> Path:
    draw = bits(number)
    path = candidates[next(draw) % len(candidates)]
    data = path.read_bytes()
    kind = ("truncate", "flip", "delete", "append", "empty", "swap")[next(draw) % 6]
    if kind == "swap":
        other = next(other for other in candidates if other.read_bytes() != data)
        path.write_bytes(other.read_bytes())
        other.write_bytes(data)
    elif kind == "delete":
        path.unlink()
    elif kind == "append":
        path.write_bytes(data + b"x")
    elif kind == "flip":
        place = next(draw) % (8 * len(data))
        changed = bytearray(data)
        changed[place // 8] ^= 1 << place % 8
        path.write_bytes(changed)
    else:
        path.write_bytes(data[: next(draw) % len(data)] if kind == "truncate" else b"")
    return path


def test_damaged_parts_and_manifests_are_found_and_made_again(whole, tmp_path):
    """After each of many mutations `verify` says 7, and the same command ends in the same tree."""
    out, before = tmp_path / "out", tree(whole)
    shutil.copytree(whole, out)
    candidates = sorted(out.rglob("*.parquet")) + sorted((out / "_payloom/manifests").glob("*"))
    for number in range(count(40, 1500)):
        path = mutate(out, number, candidates)
        with pytest.raises(CorruptionError) as caught:
            verify(out)
        assert caught.value.hint
        generate(SOURCE, out)
        assert tree(out) == before, (number, path)


def test_damaged_receipts_are_not_trusted(whole, tmp_path):
    """A receipt that lies, even about a sound part, costs its job again and nothing else."""
    out, before = tmp_path / "out", tree(whole)
    shutil.copytree(whole, out)
    candidates = sorted((out / "_payloom/receipts").glob("*"))
    for number in range(count(20, 300)):
        mutate(out, number, candidates)
        generate(SOURCE, out)
        assert tree(out) == before, number


def test_a_damaged_record_of_what_the_folder_holds_is_refused(whole, tmp_path):
    """Without knowing whose the data is, nothing is written or removed."""
    out = tmp_path / "out"
    shutil.copytree(whole, out)
    path = out / "_payloom/dataset.json"
    path.write_bytes(path.read_bytes().replace(b'"', b"'", 1))
    before = tree(out)
    with pytest.raises(CorruptionError):
        generate(SOURCE, out)
    assert tree(out) == before
    (out / "_payloom/dataset.json").unlink()
    with pytest.raises(ConflictError, match="parts of an unknown data set"):
        generate(SOURCE, out)


@given(st.integers(min_value=0))
def test_a_flipped_bit_never_reads_as_other_rows(whole, place):
    """Page checksums: whoever reads with them gets our rows or an error, even without our sha256."""
    manifest = manifests(LocalStore(whole))[0]
    part = next(part for part in manifest.parts if part.table == "payments")
    path = whole / part.key
    rows, data = pq.read_table(path), path.read_bytes()
    changed = bytearray(data)
    changed[place % (8 * len(data)) // 8] ^= 1 << place % 8
    try:
        read = pq.read_table(pa.BufferReader(bytes(changed)), page_checksum_verification=True)
    except (pa.ArrowException, OSError, ValueError, KeyError, UnicodeDecodeError):
        return
    # Names, null flags and statistics lie in the footer, which only the sha256 covers.
    assert read.num_rows == rows.num_rows
    if read.schema.equals(rows.schema):
        assert read.equals(rows)


def test_a_valid_shorter_file_is_no_part(whole, tmp_path):
    """A file that Parquet readers accept, with rows missing, does not pass."""
    out = tmp_path / "out"
    shutil.copytree(whole, out)
    part = next(part for part in manifests(LocalStore(out))[0].parts if part.table == "payments")
    table = pq.read_table(out / part.key, partitioning=None)
    pq.write_table(table.slice(0, 200), out / part.key)
    with (out / part.key).open("rb") as file:
        assert "200 rows instead of 300" in unreadable(file, part)
    with pytest.raises(CorruptionError, match=part.key):
        verify(out)


def test_stray_files_are_named(whole, tmp_path):
    """A file in a data folder that no manifest lists would be read as data."""
    out = tmp_path / "out"
    shutil.copytree(whole, out)
    stray = out / "payments/year=2025/month=01/notes.txt"
    stray.write_text("hello")
    with pytest.raises(CorruptionError, match=r"notes\.txt"):
        verify(out)
