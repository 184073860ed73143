"""Features that go to disk month by month are those of the frame."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from payloom.errors import ConflictError
from payloom.features import files
from payloom.features.catalogue import EVERYTHING, build_features
from payloom.features.files import write_features
from tests.cell.worlds import make


@pytest.fixture(scope="module")
def data() -> tuple[pl.DataFrame, pl.DataFrame]:
    frames = make({"world": {"rows": 2_000, "start": "2025-01-20", "end": "2025-03-05", "customers": 40}}).frames
    return frames["payments"], frames["fraud_labels"].select("transaction_id", "reported_at")


def test_files_hold_the_frame(data, tmp_path) -> None:
    """Files by month hold every feature of every payment in the order of time, with its id and time, and no more."""
    payments, reports = data
    shuffled = payments[np.random.default_rng(1).permutation(len(payments))]
    found = write_features(shuffled.lazy(), reports.lazy(), tmp_path / "features")
    assert [str(file.relative_to(tmp_path)) for file in found] == [
        f"features/year=2025/month={month}/part-00000.parquet" for month in ("01", "02", "03")
    ]
    assert sorted(file for file in tmp_path.rglob("*") if file.is_file()) == list(found)
    table = pl.concat([pl.read_parquet(file) for file in found])
    assert table["event_time"].to_list() == payments["event_time"].to_list()
    assert table["transaction_id"].to_list() == payments["transaction_id"].to_list()
    made = table.drop("transaction_id", "event_time")
    for name, values in build_features(payments, reports, groups=EVERYTHING).to_dict().items():
        if values.dtype.is_float():
            assert made[name].equals(values), name
        else:
            assert made[name].cast(pl.String).equals(values.cast(pl.String)), name
    assert {months.year * 100 + months.month for months in pl.read_parquet(found[1])["event_time"]} == {202502}


def test_a_folder_in_use_is_refused(data, tmp_path) -> None:
    """Other files are never written over or mixed with features."""
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(ConflictError, match="is not empty"):
        write_features(data[0], data[1], tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["mine.txt"]


def test_an_end_before_the_end_leaves_nothing(data, tmp_path, monkeypatch) -> None:
    """When the second month fails there is no folder that looks whole, and nothing beside it."""
    put = files._put_together

    def failing(columns, folder, month, start, rows):
        if month.month == 2:
            raise OSError("no space left")
        return put(columns, folder, month, start, rows)

    monkeypatch.setattr(files, "_put_together", failing)
    with pytest.raises(OSError, match="no space left"):
        write_features(data[0], data[1], tmp_path / "features")
    assert list(tmp_path.iterdir()) == []


def test_groups_can_be_chosen(data, tmp_path) -> None:
    """A file of one group holds that group."""
    (file, *_) = write_features(data[0], data[1], tmp_path / "amount", groups=["amount"])
    assert pl.read_parquet(file).columns == ["transaction_id", "event_time", "amount_usd"]
