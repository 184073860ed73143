"""The keys of the Compose stack: drawn once, kept, and shown to nobody."""

from __future__ import annotations

import base64
import re
import stat

from scripts import compose_env
from scripts.compose_env import DRAWN, EXAMPLE, assigned


def values(text: str) -> dict[str, str]:
    """What a file of settings says."""
    return dict(filter(None, map(assigned, text.splitlines())))


def test_every_key_is_drawn_private_and_not_shown(tmp_path, capsys):
    """The first run draws every value into a file that only its owner may read, and prints names only."""
    file = tmp_path / ".env"
    assert compose_env.main(file) == 0
    found = values(file.read_text("utf-8"))
    assert set(found) == set(DRAWN)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    printed = "".join(capsys.readouterr())
    for name, value in found.items():
        assert len(value) >= 10, name
        assert name in printed
        assert value not in printed
        assert re.fullmatch(r"[A-Za-z0-9_=-]+", value), name
    assert len(base64.urlsafe_b64decode(found["AIRFLOW_FERNET_KEY"])) == 32


def test_two_machines_have_different_keys(tmp_path):
    """No key is the same twice, within a file or between two."""
    seen: set[str] = set()
    for name in ("one", "two"):
        compose_env.main(tmp_path / name)
        found = values((tmp_path / name).read_text("utf-8"))
        del found["PAYLOOM_FIRST_DAY"]
        assert not seen & set(found.values())
        seen |= set(found.values())
    assert len(seen) == 2 * (len(DRAWN) - 1)


def test_what_stands_there_stays(tmp_path, capsys):
    """Values, comments and foreign names of an older file stay; only what is missing or empty is added."""
    file = tmp_path / ".env"
    mine = "# mine\nPOSTGRES_PASSWORD='kept'\nexport MLFLOW_DB_PASSWORD = also-kept\nOTHER=1\nAIRFLOW_SECRET_KEY=\n"
    file.write_text(mine, "utf-8")
    file.chmod(0o644)
    assert compose_env.main(file) == 0
    text = file.read_text("utf-8")
    assert text.startswith(mine.removesuffix("AIRFLOW_SECRET_KEY=\n"))
    found = values(text)
    assert (found["POSTGRES_PASSWORD"], found["MLFLOW_DB_PASSWORD"], found["OTHER"]) == ("kept", "also-kept", "1")
    assert len(found["AIRFLOW_SECRET_KEY"]) == 128
    assert set(found) == {*DRAWN, "OTHER"}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "kept" not in capsys.readouterr().out
    compose_env.main(file)
    assert file.read_text("utf-8") == text
    assert "nothing was changed" in capsys.readouterr().out


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path, capsys):
    """What cannot be written is told in one line with the way out."""
    (tmp_path / "there").write_text("", "utf-8")
    assert compose_env.main(tmp_path / "there" / ".env") == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "make that folder writable" in error


def test_the_example_explains_every_name():
    """Each name of the example has a comment above it, or stands in a group that has one."""
    lines = EXAMPLE.read_text("utf-8").splitlines()
    assert set(values("\n".join(lines))) == set(DRAWN)
    for number, line in enumerate(lines):
        if assigned(line):
            above = [one for one in lines[:number] if not assigned(one) and one]
            assert above[-1].startswith("#"), line
