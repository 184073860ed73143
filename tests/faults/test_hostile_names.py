"""No name that a config or a source can give leads outside the data set."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payloom.errors import ConflictError, StorageError
from payloom.pipeline.generate import GenerateOptions, generate
from payloom.storage.local import LocalStore
from payloom.write.contract import Job, Output
from tests.engine.fake_source import FakeSource
from tests.faults.trees import tree

HOSTILE = ["../x", "/etc/x", "a/../../x", "a//b", "", ".", "..", "a/", "a\0b", "a\nb", "a\\b", "x" * 300, "a/./b"]


@dataclass(frozen=True)
class HostileSource(FakeSource):
    job_name: str = "job"
    folder: str = "customers"
    stem: str = "part"

    def jobs(self) -> list[Job]:
        return [Job(self.job_name, (Output("customers", self.folder, self.stem),), 1, 1)]


@pytest.mark.parametrize("name", HOSTILE)
def test_stores_refuse_hostile_keys(name, tmp_path):
    """Nothing is written, whatever the call."""
    store = LocalStore(tmp_path / "out")
    for call in (store.upload, store.read, store.size, store.delete, store.open, lambda key: store.put(key, b"")):
        with pytest.raises(StorageError, match="refused"):
            call(name)
    assert list(tmp_path.rglob("*")) == []


@pytest.mark.parametrize("field", ["job_name", "folder", "stem"])
@pytest.mark.parametrize("name", [name for name in HOSTILE if name])
def test_sources_can_not_write_outside(field, name, tmp_path):
    """A hostile job, folder or file name is refused before anything is written."""
    values: dict[str, Any] = {field: f"customers/{name}" if field == "folder" else name}
    source = HostileSource(**values)
    try:
        generate(source, tmp_path / "out")
    except (StorageError, ValueError):
        assert list(tmp_path.rglob("*")) == []
    else:
        assert {path.name for path in tmp_path.iterdir()} == {"out"}


@pytest.mark.parametrize("link", ["payments", "customers", "_payloom", "payments/year=2025"])
def test_links_are_not_followed(link, tmp_path):
    """A link in the output folder leads no file into another folder."""
    out, canary = tmp_path / "out", tmp_path / "canary"
    canary.mkdir()
    (out / link).parent.mkdir(parents=True)
    (out / link).symlink_to(canary)
    for overwrite in (False, True):
        with pytest.raises((StorageError, ConflictError)):
            generate(FakeSource(), out, GenerateOptions(overwrite=overwrite))
    assert list(canary.iterdir()) == []


def test_a_link_that_appears_later_is_not_followed(tmp_path):
    """The same for a data set that is being added to."""
    out, canary = tmp_path / "out", tmp_path / "canary"
    generate(FakeSource(), out)
    (out / "customers").rename(canary)
    before = tree(canary)
    (out / "customers").symlink_to(canary)
    with pytest.raises(StorageError, match="refused to follow the link"):
        generate(FakeSource(), out)
    with pytest.raises((StorageError, ConflictError)):
        generate(FakeSource(seed=1), out, GenerateOptions(overwrite=True))
    assert tree(canary) == before


@given(st.text(max_size=40))
def test_any_text_as_a_key_stays_inside(name):
    """What is accepted is one relative path below the root."""
    store = LocalStore("out")
    try:
        path = store._path(name)
    except StorageError:
        return
    assert path.is_relative_to(Path("out").absolute())
    assert ".." not in path.parts
