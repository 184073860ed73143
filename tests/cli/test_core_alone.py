"""What the core's own libraries must suffice for: nobody who generates has to install an extra."""

from pathlib import Path

import pytest

from tests.cli.shell import payloom

EXTRAS = (
    "boto3", "botocore", "data_profiling", "great_expectations", "jinja2", "lightgbm", "matplotlib", "mlflow",
    "obstore", "pandas", "pyiceberg", "ray", "scipy", "skops", "sklearn", "yaml",
)  # fmt: skip
#: Every import of one of these fails as if it were not installed.
WITHOUT = f"""
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {EXTRAS!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Absent())
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Generate without any extra."""
    folder = tmp_path_factory.mktemp("core") / "data"
    done = payloom("generate", "--preset", "small", "--out", str(folder), "--quiet", before=WITHOUT)
    assert (done.returncode, done.stderr) == (0, "")
    return folder


@pytest.mark.parametrize(
    "command",
    [
        ["verify", "DATA"],
        ["status", "DATA"],
        ["publish", "DATA", "OTHER"],
        ["schema"],
        ["config", "--brief"],
        ["scenarios", "show", "card_testing", "--preset", "small"],
        ["ddl", "--location", "s3://bucket/data"],
    ],
    ids=lambda command: command[0],
)
def test_commands_of_the_core_need_no_extra(command: list[str], made: Path, tmp_path: Path) -> None:
    """They work where only the core is installed."""
    places = {"DATA": str(made), "OTHER": str(tmp_path / "other")}
    done = payloom(*(places.get(word, word) for word in command), before=WITHOUT)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    "command",
    [
        ["validate", "DATA"],
        ["profile", "DATA"],
        ["train", "DATA"],
        ["realism", "DATA"],
        ["generate", "--preset", "small", "--engine", "ray", "--out", "OTHER"],
    ],
    ids=lambda command: command[0],
)
def test_commands_of_an_extra_say_which(command: list[str], made: Path, tmp_path: Path) -> None:
    """One line names what is missing, and the next one how to get it."""
    places = {"DATA": str(made), "OTHER": str(tmp_path / "other")}
    done = payloom(*(places.get(word, word) for word in command), before=WITHOUT)
    assert done.returncode == 2
    assert "is not installed" in done.stderr
    assert 'pip install "payloom[' in done.stderr
    assert "Traceback" not in done.stderr
