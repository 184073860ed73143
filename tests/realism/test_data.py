"""Data sets are read as they are: payloom's folders, and files of others through a mapping."""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from payloom import World
from payloom.errors import ConfigError, PayloomError
from payloom.realism.data import DataSet

ULB = """Time,V1,V2,Amount,Class
0,-1.36,-0.07,149.62,0
1.5,1.19,0.27,2.69,1
172792,-0.53,0.19,0,0
"""
"""In the style of the credit card records of the Université Libre de Bruxelles."""

ULB_MAPPING = """
[columns]
event_time = "Time"
amount_minor = "Amount"
is_fraud = "Class"

[units]
amount_minor = 100
event_time = "s"
event_time_start = 2013-09-01

[constants]
currency = "EUR"
"""

SPARKOV = """,trans_date_trans_time,cc_num,merchant,category,amt,city,trans_num,is_fraud
0,2019-01-01 00:00:18,2703186189652095,"fraud_Rippin, Kub and Mann",misc_net,4.97,Moravian Falls,0b242abb623afc578575680df30655b9,0
1,2019-01-01 12:00:44,630423337322,"fraud_Heller, Gutmann and Zieme",grocery_pos,107.235,Orient,1f76529f8574734946361c461b024d99,1
2,2019-01-02 00:00:51,630423337322,"fraud_Heller, Gutmann and Zieme",gas_transport,220.11,Orient,,0
"""  # noqa: E501 - rows of a file
"""In the style of the simulator Sparkov."""

SPARKOV_MAPPING = """
[columns]
event_time = "trans_date_trans_time"
transaction_id = "trans_num"
card_id = "cc_num"
merchant_id = "merchant"
amount_minor = "amt"
channel = "category"

[units]
amount_minor = 100

[values.channel]
misc_net = "online"
grocery_pos = "in_store"
gas_transport = "in_store"
"""


def opened(folder: Path, data: str, mapping: str | None = None) -> DataSet:
    (folder / "theirs.csv").write_text(data, "utf-8")
    if mapping is None:
        return DataSet.open(folder / "theirs.csv")
    (folder / "mapping.toml").write_text(mapping, "utf-8")
    return DataSet.open(folder / "theirs.csv", folder / "mapping.toml")


def test_a_file_like_ulb_s(tmp_path: Path):
    """Seconds since a day become times, euro cents and dollars, 0 and 1 labels; the rest keeps its name."""
    data = opened(tmp_path, ULB, ULB_MAPPING)
    rows = data.payments.collect()
    start = datetime(2013, 9, 1, tzinfo=UTC)
    seconds = [(moment - start).total_seconds() for moment in rows["event_time"]]
    assert seconds == [0, 1.5, 172_792]
    assert rows["amount_minor"].to_list() == [14962, 269, 0]
    assert rows["amount_usd"].to_list() == pytest.approx([149.62 * 1.08, 2.69 * 1.08, 0], rel=0.01)
    assert rows["is_fraud"].to_list() == [False, True, False]
    assert rows["currency"].unique().to_list() == ["EUR"]
    assert {"V1", "V2"} <= set(rows.columns)
    assert (data.rows, data.frauds, data.labels, data.customers) == (3, 1, None, None)


def test_a_file_like_sparkov_s(tmp_path: Path):
    """Text becomes times and ids, equal texts equal ids, their categories our codes; what is missing stays missing."""
    rows = opened(tmp_path, SPARKOV, SPARKOV_MAPPING).payments.collect()
    assert rows["amount_usd"].to_list() == pytest.approx([4.97, 107.24, 220.11])
    assert rows["event_time"].dt.hour().to_list() == [0, 12, 0]
    assert rows["amount_minor"].to_list() == [497, 10724, 22011]
    assert rows["card_id"].to_list() == [2703186189652095, 630423337322, 630423337322]
    assert rows["merchant_id"].dtype == pl.Int64
    assert rows["merchant_id"][0] != rows["merchant_id"][1] == rows["merchant_id"][2]
    assert rows["transaction_id"].is_null().to_list() == [False, False, True]
    assert rows["channel"].to_list() == ["online", "in_store", "in_store"]
    assert rows["is_fraud"].to_list() == [False, True, False]


@pytest.mark.parametrize(
    ("mapping", "words"),
    [
        (None, ["no column event_time", "--mapping"]),
        ("[columns]\nevent_time = 'Tme'\n", ["columns.event_time", "Tme", 'did you mean "Time"']),
        ("[columns]\nevent_tme = 'Time'\n", ["columns.event_tme", 'did you mean "event_time"']),
        ("[colums]\nevent_time = 'Time'\n", ["colums", 'did you mean "columns"']),
        ("[columns]\nevent_time = 7\n", ["columns.event_time", "7", "name of a column"]),
        ("[values]\nchannel = 'x'\n", ["values.channel", "table"]),
        ("[units]\namount_minor = 0\n", ["units.amount_minor", "minor units"]),
        ("[units]\nevent_time = 'h'\n", ["units.event_time", "s, ms or us"]),
        ("[units]\nevent_time_start = 2013\n", ["units.event_time_start", "2013"]),
        ("[units]\namount = 100\n", ["units.amount", "amount_minor"]),
        ("[columns\n", ["TOML"]),
        ("[columns]\nevent_time = 'Time'\n", ["no column is_fraud"]),
    ],
)
def test_a_mapping_that_does_not_fit(mapping: str | None, words: list[str], tmp_path: Path):
    """The message names what is wrong and what would be right."""
    with pytest.raises(PayloomError) as caught:
        opened(tmp_path, ULB, mapping)
    assert all(word in f"{caught.value.message} {caught.value.hint}" for word in words), caught.value.message


def test_every_mistake_of_a_mapping_is_told_at_once(tmp_path: Path):
    """Three mistakes are three problems."""
    mapping = "[columns]\nx = 'Time'\n[units]\ny = 1\n[values]\nchannel = 1\n"
    with pytest.raises(ConfigError) as caught:
        opened(tmp_path, ULB, mapping)
    assert len(caught.value.problems) == 3


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda place: None, "does not exist"),
        (lambda place: place.mkdir(), "no Parquet and no CSV"),
        (lambda place: (place / "payments").mkdir(parents=True), "no Parquet and no CSV"),
        (lambda place: place.write_text("event_time,is_fraud\n"), "no Parquet or CSV"),
    ],
)
def test_nothing_to_read(make, words: str, tmp_path: Path):
    """A place without data is refused with what is wrong with it."""
    make(tmp_path / "data")
    with pytest.raises(PayloomError, match=words) as caught:
        DataSet.open(tmp_path / "data")
    assert caught.value.hint


def test_no_rows_and_damaged_files(tmp_path: Path):
    """A file without rows, and one that is no Parquet file though it says so, are refused."""
    (tmp_path / "empty.csv").write_text("event_time,is_fraud\n", "utf-8")
    with pytest.raises(PayloomError, match="no payments"):
        DataSet.open(tmp_path / "empty.csv")
    (tmp_path / "torn.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(PayloomError, match="can't be read"):
        DataSet.open(tmp_path / "torn.parquet")


def test_a_data_set_of_payloom(tmp_path: Path):
    """All tables are there, in the order of the files, with the numbers that were written."""
    done = World({"world": {"rows": 3_000, "fraud_rate": 0.02, "end": "2025-03-01"}}).generate(tmp_path / "w")
    data = DataSet.open(tmp_path / "w")
    assert (data.rows, data.frauds) == (done.rows, done.fraud_rows) == (3_000, 60)
    assert data.labels is not None
    assert data.customers is not None
    assert [file.parent.name for file in data.files] == ["month=01", "month=02"]
    parts = [data.of_file(file).select("transaction_id").collect() for file in data.files]
    assert pl.concat(parts).equals(data.payments.select("transaction_id").collect())
    assert data.schema["channel"] == pl.Categorical
    assert data.card_rows + data.transfers.select(pl.len()).collect().item() == data.rows
    assert data.without_transfers.select(pl.col("card_id").null_count()).collect().item() == 0
    assert data.has("card_id", "is_fraud")
    assert not data.has("card_id", "V1")


def test_frames_read_as_files_do(tmp_path: Path):
    """A world in memory and its files give the same payments."""
    world = World({"world": {"rows": 1_000, "end": "2025-02-01"}})
    world.generate(tmp_path / "w")
    files = DataSet.open(tmp_path / "w").payments.collect()
    frames = DataSet.of_frames(world.payments(), world.fraud_labels()).payments.collect()
    assert files.select(sorted(files.columns)).equals(frames.select(sorted(frames.columns)))
