"""What the documents show in Python gives what they say it gives."""

import doctest
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SNIPPET = re.compile(r"^```pycon\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("name", ["README.md", "docs/library.md"])
def test_snippets_give_what_is_printed(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All snippets of a page run one after the other, as a reader would type them."""
    text = (ROOT / name).read_text("utf-8")
    snippets = SNIPPET.findall(text)
    assert snippets, "the page has no snippet"
    test = doctest.DocTestParser().get_doctest("\n".join(snippets), {}, name, name, 0)
    monkeypatch.chdir(tmp_path)
    said: list[str] = []
    result = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=said.append)
    assert result.attempted > 0
    assert result.failed == 0, "".join(said)
