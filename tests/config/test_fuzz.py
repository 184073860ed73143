"""No config, however hostile, ends in anything but a config or a list of problems."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from payloom.config import config_toml, load_config, make_config, world_digest
from payloom.config.load import LoadedConfig
from payloom.errors import ConfigError, PayloomError
from payloom.pipeline.world import World
from tests.config.hostile import extreme_tables, hostile_tables, hostile_toml
from tests.counts import count

several = settings(max_examples=count(120, 2_000), suppress_health_check=[HealthCheck.function_scoped_fixture])


def checked(error: ConfigError) -> None:
    """Every problem is one printable line that says where, and what is allowed."""
    assert error.problems
    assert error.exit_code == 2
    for problem in error.problems:
        assert problem.field
        assert problem.allowed
        assert problem.line().isprintable()
        assert len(problem.line()) < 1_000


def usable(loaded: LoadedConfig, folder: Path) -> None:
    """A config that was accepted has digests and can be printed and read back."""
    world = loaded.config.world
    assert 0 <= world.fraud_rows <= world.rows
    assert world.customer_count >= 1
    file = folder / "again.toml"
    file.write_text(config_toml(loaded), encoding="utf-8")
    assert world_digest(load_config(file=file).config) == world_digest(loaded.config)


@several
@given(values=hostile_tables())
def test_hostile_values_are_refused_or_usable(values: dict[str, Any]):
    """As a library: a ConfigError with problems, or a config."""
    try:
        world_digest(make_config(values))
    except ConfigError as error:
        checked(error)


@several
@given(data=hostile_toml)
def test_hostile_files_are_refused_or_usable(tmp_path: Path, data: bytes):
    """As a file: a ConfigError with problems, or a config that survives printing."""
    file = tmp_path / "x.toml"
    file.write_bytes(data)
    try:
        usable(load_config(file=file), tmp_path)
    except ConfigError as error:
        checked(error)


@settings(max_examples=count(15, 2_000), deadline=None, suppress_health_check=list(HealthCheck))
@given(values=st.one_of(extreme_tables(), extreme_tables(), hostile_tables()))
@pytest.mark.filterwarnings("error")
def test_an_accepted_config_makes_its_rows(values: dict[str, Any]):
    """With at most 300 rows and few entities, exactly as many payments and frauds, or an error of ours."""
    try:
        config = make_config(values)
    except ConfigError:
        assume(False)
    world = config.world
    few = {"rows": min(world.rows, 300), "customers": min(world.customer_count, 200), "merchants": 100}
    config = config.model_copy(update={"world": world.model_copy(update=few)})
    try:
        payments = World(config).payments()
    except PayloomError:
        return
    assert payments.height == config.world.rows
    assert payments["is_fraud"].sum() == config.world.fraud_rows
