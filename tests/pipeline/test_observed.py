"""What a defender knew: only what had been reported by then, and nothing that only we know."""

from datetime import UTC, date, datetime
from functools import cache
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from payloom.errors import ConfigError, StorageError
from payloom.pipeline.observed import observed_labels
from payloom.pipeline.world import World

MOMENTS = ["2025-01-01", "2025-02-01", "2025-03-01", "2025-06-01", "2026-06-01"]


@cache
def world() -> World:
    """Ninety days with many frauds and many disputes of genuine payments."""
    return World(
        {
            "world": {"rows": 4_000, "start": "2025-01-01", "end": "2025-04-01", "fraud_rate": 0.05},
            "planted": {"share": 0.02, "mix": {"first_party_dispute": 1.0}},
        }
    )


@pytest.mark.parametrize("as_of", MOMENTS)
def test_it_holds_all_reports_up_to_the_moment_and_no_other(as_of: str) -> None:
    """Every row that was reported by then is there once; a chargeback shows only when it had been raised."""
    moment = datetime.fromisoformat(as_of).replace(tzinfo=UTC)
    truth = world().fraud_labels()
    seen = world().observed_labels(as_of=as_of)
    wanted = truth.filter(pl.col("reported_at") <= moment)
    assert set(seen["transaction_id"]) == set(wanted["transaction_id"])
    assert seen.height == wanted.height
    both = seen.join(truth, on="transaction_id", suffix="_true")
    charged = both.filter(pl.col("chargeback_at_true") <= moment)
    assert (charged["chargeback_at"] == charged["chargeback_at_true"]).all()
    assert both["chargeback_at"].drop_nulls().len() == charged.height
    assert both.filter(pl.col("chargeback_at").is_null())["chargeback_reason"].drop_nulls().is_empty()


def test_later_moments_know_more() -> None:
    """What was known stays known: rows are only added, and a chargeback is only filled in."""
    for earlier, later in pairwise(MOMENTS):
        before, after = (world().observed_labels(as_of=moment) for moment in (earlier, later))
        kept = before.join(after, on="transaction_id", suffix="_later")
        assert kept.height == before.height < after.height
        raised = kept.filter(pl.col("chargeback_at").is_not_null())
        assert (raised["chargeback_at"] == raised["chargeback_at_later"]).all()


def test_a_dispute_looks_like_a_report_of_fraud() -> None:
    """Genuine payments that are disputed are among the reports, and no column says so."""
    truth = world().fraud_labels()
    seen = world().observed_labels(as_of="2026-06-01")
    disputed = truth.filter(~pl.col("is_fraud"))
    assert disputed.height > 0
    assert disputed["transaction_id"].is_in(seen["transaction_id"].implode()).all()
    assert not {"is_fraud", "typology", "campaign_id", "role"} & set(seen.columns)


def test_files_and_world_agree(tmp_path: Path) -> None:
    """From the files of a data set comes what comes from its world, to the type."""
    world().generate(tmp_path / "data", workers=1)
    for as_of in MOMENTS:
        assert_frame_equal(observed_labels(tmp_path / "data", as_of=as_of), world().observed_labels(as_of=as_of))


@pytest.mark.parametrize(
    "same", ["2025-03-01", date(2025, 3, 1), datetime(2025, 3, 1, tzinfo=UTC), "2025-03-01T01:00:00+01:00"]
)
def test_a_day_is_its_midnight(same: object) -> None:
    """A day, its text and its first microsecond in any zone are one moment."""
    expected = world().observed_labels(as_of=datetime(2025, 3, 1))  # noqa: DTZ001 - without a zone it is UTC
    assert_frame_equal(world().observed_labels(as_of=same), expected)  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", ["", "tomorrow", "2025-02-30", 5, None])
def test_what_is_no_moment_is_refused(wrong: object) -> None:
    """The message names the argument and gives an example."""
    with pytest.raises(ConfigError, match=r"as_of.*such as 2025-07-01"):
        world().observed_labels(as_of=wrong)  # type: ignore[arg-type]


def test_a_folder_without_labels_is_refused(tmp_path: Path) -> None:
    """An empty folder is no data set."""
    with pytest.raises(StorageError, match="holds no fraud_labels"):
        observed_labels(tmp_path, as_of="2025-03-01")
