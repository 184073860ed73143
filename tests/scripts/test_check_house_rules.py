"""The house rules are enforced, and their excuses work."""

import subprocess
from pathlib import Path

import pytest

from scripts.check_house_rules import main, problems

LONG_FUNCTION = "def f() -> None:\n" + "    pass\n" * 60


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("src/a.py", "x = 1\n" * 401, "401 lines"),
        ("src/a.py", LONG_FUNCTION, "f has 61 lines"),
        ("src/utils.py", "", "a name that says nothing: utils"),
        ("src/common/a.py", "", "a name that says nothing: common"),
        ("src/a/__init__.py", "import b\n\nb.run()\n", "code in __init__.py"),
        ("src/a/__init__.py", "TABLE = {}\n", "code in __init__.py"),
        ("notes.md", "see https://py" + "pi.org/project/x", "names a registry host"),
        ("run.sh", "cd /wor" + "k/main\n", "names a machine path"),
        ("run.sh", "cd /home/" + "ada/payloom\n", "names a machine path"),
    ],
)
def test_each_rule_finds_its_offence(repository, name, text, message):
    """A file that breaks a rule is named with its line and the rule."""
    offender = repository / name
    offender.parent.mkdir(parents=True, exist_ok=True)
    offender.write_text(text)
    found = list(problems(repository))
    assert len(found) == 1
    assert found[0].startswith(f"{name}:")
    assert message in found[0]
    assert main(repository) == 1


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("src/a.py", "# long because: one table of codes\n" + "x = 1\n" * 401),
        ("src/a.py", LONG_FUNCTION.replace("pass", "pass  # long because: one state machine", 1)),
        ("src/a.py", 'def f() -> None:\n    """Doc.\n' + "    line\n" * 60 + '    """\n'),
        ("src/a/__init__.py", '"""Doc."""\n\nfrom a import b\n\n__all__ = ["b"]\n'),
        ("notes.md", "benchmarks/wor" + "k/x and data/payments/\n"),
        ("utils.md", ""),
    ],
)
def test_what_the_rules_allow_passes(repository, name, text):
    """A reason given, a docstring, public names and relative paths are no offence."""
    allowed = repository / name
    allowed.parent.mkdir(parents=True, exist_ok=True)
    allowed.write_text(text)
    assert list(problems(repository)) == []
    assert main(repository) == 0


def test_ignored_files_are_not_checked(repository):
    """What git ignores, such as .venv, is nobody's business."""
    (repository / ".gitignore").write_text("/utils.py\n")
    (repository / "utils.py").write_text("")
    assert list(problems(repository)) == []
