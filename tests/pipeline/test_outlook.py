"""What `payloom plan` says, against runs that were made."""

from __future__ import annotations

import pytest

from payloom.cell.source import PaymentsSource
from payloom.config import make_config
from payloom.errors import ConfigError
from payloom.pipeline.generate import generate
from payloom.pipeline.outlook import Trial, outlook, run_trial, scaled

TRIAL = Trial(
    rows=400_000, bytes_per_row=66.0, cpu_seconds_per_row=1.5e-6, cpu_seconds_per_job=0.02, start_cpu_seconds=0.3
)


def test_the_outlook_of_a_run_is_what_the_run_made(tmp_path) -> None:
    """Rows, fraud and files are exact; bytes are within a tenth, CPU time is of the right size."""
    config = make_config({"world": {"rows": 250_000}})
    trial = run_trial(config)
    told, done = outlook(config, trial), generate(PaymentsSource(config), tmp_path / "data")
    assert (told.rows, told.fraud_rows, told.files) == (done.rows, done.fraud_rows, done.files)
    assert told.size_bytes == pytest.approx(done.size_bytes, rel=0.1)
    # A run takes CPU time for every row: neither nothing nor a hundred times as much as here, on any machine.
    assert 2.5e-8 < told.cpu_seconds / told.rows < 1e-3
    assert told.process_bytes > 0


def test_an_outlook_makes_nothing(tmp_path, monkeypatch) -> None:
    """Ten billion payments are planned in the memory of a process, and no file is left."""
    monkeypatch.chdir(tmp_path)
    told = outlook(make_config({"world": {"rows": 10**10}}), TRIAL)
    assert told.cells > 5_000
    assert told.files > 2 * told.cells
    assert told.size_bytes > 10**10 * TRIAL.bytes_per_row
    assert told.cpu_seconds > 10**10 * TRIAL.cpu_seconds_per_row
    assert list(tmp_path.iterdir()) == []


def test_scaling_keeps_the_world(tmp_path) -> None:
    """Customers and merchants that were given grow with the rows; the rest is as it was."""
    config = make_config({"world": {"rows": 100_000, "customers": 2_000, "seed": 11}})
    large = scaled(config, 1_000_000)
    assert (large.world.rows, large.world.customers, large.world.merchants) == (1_000_000, 20_000, None)
    assert large.fraud == config.fraud
    assert large.world.seed == 11
    with pytest.raises(ConfigError):
        scaled(make_config({"world": {"rows": 1_000, "end": "2025-01-02"}}), 10**11)
