"""``payloom profile`` as a shell starts it."""

import json
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.cli.shell import payloom
from tests.profile.hostile import write_plain

WITHOUT = "import sys; sys.modules['data_profiling'] = None"
"""Code that makes the library missing."""


@pytest.mark.full
def test_two_data_sets_make_one_page(world: Path, tmp_path: Path) -> None:
    """--compare writes one page into a folder that it makes, and says so as JSON."""
    out = tmp_path / "deep" / "pages"
    done = payloom("profile", "--compare", str(world), str(world), "--out", str(out), "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    page = out / "compare.html"
    assert answer["pages"] == {"compare.html": page.stat().st_size}
    assert answer["rows"] == 30_000
    assert [file.name for file in out.iterdir()] == ["compare.html"]


@pytest.mark.skipif(find_spec("data_profiling") is None, reason="needs the extra profile")
def test_a_data_set_makes_two_pages(tmp_path: Path) -> None:
    """Both pages are written, named on standard output, and nothing else is in the folder."""
    data = write_plain(tmp_path / "data.parquet")
    done = payloom("profile", str(data), "--out", str(tmp_path / "pages"), "--sample", "1k")
    assert done.returncode == 0, done.stderr
    assert sorted(file.name for file in (tmp_path / "pages").iterdir()) == ["payments.html", "profile.html"]
    assert "profile.html (" in done.stdout
    assert "it/s" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--sample", "12"), 2, "expected a whole number from 1000 to 1000000"),
        (("--sample", "many"), 2, "option --sample"),
        (("--compare", "nowhere"), 5, "nowhere does not exist"),
        (("--out", "world/payments"), 4, "inside of the data set"),
        (("--out", "file"), 5, "file"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(
    world: Path, tmp_path: Path, arguments: tuple[str, str], code: int, said: str
) -> None:
    """Each mistake has its exit code and a line with the way out, and no page is written."""
    (tmp_path / "file").write_text("")
    (tmp_path / "world").symlink_to(world)
    done = payloom("profile", "world", *arguments, cwd=tmp_path)
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert "fix: " in done.stderr
    assert list(tmp_path.rglob("*.html")) == []


def test_nothing_to_read(tmp_path: Path) -> None:
    """A place without data is said to be one."""
    done = payloom("profile", "nothing", cwd=tmp_path)
    assert done.returncode == 5
    assert "nothing does not exist" in done.stderr


def test_a_missing_library_is_said_at_once(world: Path, tmp_path: Path) -> None:
    """Without the extra a line says how to get it, before anything is read or written."""
    done = payloom("profile", str(world), "--out", str(tmp_path / "pages"), before=WITHOUT)
    assert done.returncode == 2
    assert 'pip install "payloom[profile]"' in done.stderr
    assert not (tmp_path / "pages").exists()
