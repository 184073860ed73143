"""``profile.html``: small, alone, harmless, and nobody is told of it."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from payloom.profile.column_page import column_page
from payloom.profile.subject import Subject, open_subject
from payloom.realism.page_text import harmless
from payloom.schema import PAYMENTS
from payloom.storage.address import StoreOptions
from tests.profile.hostile import MARK, NAMES, Page, write_hostile, write_plain

MAX_BYTES = 5_000_000

RUN = """
import sys
from payloom.profile.column_page import column_page
from payloom.profile.subject import open_subject
from payloom.storage.address import StoreOptions
with open_subject(sys.argv[1], StoreOptions(), sample_rows=1_000) as subject:
    print(len(column_page(subject)))
"""


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of a data set whose every text is hostile."""
    return write_hostile(tmp_path_factory.mktemp("hostile") / "data")


@pytest.fixture(scope="module")
def subject(hostile: Path) -> Iterator[Subject]:
    """Open it."""
    with open_subject(str(hostile), StoreOptions(), sample_rows=2_000) as opened:
        yield opened


@pytest.fixture(scope="module")
def page(subject: Subject) -> str:
    """Give its page."""
    return column_page(subject)


def test_hostile_texts_reach_the_page_as_texts(page: str) -> None:
    """No script, hook or tag comes from the data, though its texts are on the page."""
    read = Page(page)
    assert "payloomowned" in page
    assert not [script for script in read.scripts if MARK in script]
    assert not [hook for hook in read.hooks() if MARK in hook]
    assert not {"iframe", "object", "embed"} & {tag for tag, _ in read.tags}
    assert not [link for link in read.values("href") if link.lower().startswith("javascript")]
    assert "\u202e" not in page
    assert "\x00" not in page
    for name in NAMES:
        assert name not in page or not set(name) & set("<>\"'&{")


def test_the_page_needs_nothing_from_elsewhere(page: str) -> None:
    """Nothing is loaded by a link, a source or a style; a policy says so to the browser; the size is kept."""
    read = Page(page)
    for attribute in ("src", "srcset", "data", "poster", "action"):
        assert all(value.startswith(("data:", "#")) for value in read.values(attribute))
    assert all(target.startswith(("#", "data:")) or not target for target in read.values("href"))
    assert not re.search(r"url\((?!\s*[\"']?(?:data:|#))|@import", page)
    assert read.tags[1][1].get("content", "").startswith("default-src 'none'"), "before anything that could load"
    assert len(page.encode()) < MAX_BYTES


def test_the_page_says_what_it_is_about(page: str, subject: Subject) -> None:
    """Rows of the whole data set, rows of the sample and our descriptions of columns are on it; ids are not."""
    assert f"{subject.rows:,} rows" in page
    assert "A sample of 2,000 of 4,000 payments" in page
    assert harmless(PAYMENTS.column("amount_usd").description) in page
    assert "device_id" not in page
    assert "ip_address" not in page


@pytest.mark.full
def test_nobody_is_told_of_a_run(tmp_path: Path) -> None:
    """The library's message to its makers is not sent: a proxy that it would have to use hears nothing."""
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        proxy.settimeout(0)
        address = "http://{}:{}".format(*proxy.getsockname())
        names = ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY")
        kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("no_proxy")}
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", RUN, str(write_plain(tmp_path / "data.parquet"))],
            env={**kept, **dict.fromkeys(names, address)},
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
        assert int(done.stdout) > 100_000
        with pytest.raises(BlockingIOError):
            proxy.accept()
