"""Help, version, completion, and how little they load."""

import click
import pytest

from payloom import __version__
from payloom.cli.app import app
from payloom.cli.main import run
from payloom.cli.options import CONFIG_OPTIONS
from payloom.config import Config
from payloom.config.section import Section
from tests.cli.shell import payloom

COMMANDS = ["completion", "config", "generate", "realism", "scenarios", "schema", "verify"]
HEAVY = ["numpy", "polars", "pyarrow", "pydantic", "rich"]


def option_helps(command: str) -> dict[str, str]:
    """Flag and help text of every option of a command."""
    parameters = app.commands[command].params
    return {param.opts[0]: param.help or "" for param in parameters if isinstance(param, click.Option)}


def test_help_lists_the_commands(capfd: pytest.CaptureFixture[str]):
    """The first screen names every command and what to do first."""
    assert run(["--help"]) == 0
    out = capfd.readouterr().out
    assert all(command in out for command in COMMANDS)
    assert "payloom generate" in out


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str, capfd: pytest.CaptureFixture[str]):
    """Each command explains itself."""
    assert run([command, "--help"]) == 0
    assert f"Usage: payloom {command}" in capfd.readouterr().out


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_has_a_unit_and_a_default(command: str):
    """The help of an option ends with its unit or kind and its default in brackets."""
    for flag, text in option_helps(command).items():
        note = text.rpartition("[")[2]
        assert "default: " in note, flag
        assert note.endswith("]"), flag
        assert note.startswith("default: off") or "; default: " in note, flag


@pytest.mark.parametrize("option", CONFIG_OPTIONS, ids=lambda option: option.flag)
def test_the_default_in_the_help_is_the_config_s(option):
    """What the help calls the default is what the config has."""
    section = getattr(Config(), option.section)
    assert isinstance(section, Section)
    value = getattr(section, option.key)
    text = option_helps("generate")[option.flag].rpartition("default: ")[2].removesuffix("]")
    if value is None:
        assert any(word in text for word in ("rows", "customer"))
    else:
        assert text == str(value)


def test_the_options_of_the_issue_are_there():
    """Every option that users were promised exists."""
    promised = (
        "--config --preset --rows --start --end --from --to --day --seed --fraud-rate --customers --merchants --out "
        "--workers --max-memory --compression --row-group-mb --quiet --json --overwrite"
    )
    assert set(promised.split()) <= set(option_helps("generate"))


def test_version(capfd: pytest.CaptureFixture[str]):
    """The version is the package's."""
    assert run(["--version"]) == 0
    assert __version__ in capfd.readouterr().out


@pytest.mark.parametrize("arguments", [["--help"], ["generate", "--help"], ["--version"], ["generate", "--nonsense"]])
def test_help_loads_nothing_heavy(arguments: list[str]):
    """Help and usage errors don't import what only a run needs."""
    report = "import atexit, sys; atexit.register(lambda: print('loaded', *sys.modules, file=sys.stderr))"
    loaded = payloom(*arguments, before=report).stderr.rpartition("loaded ")[2].split()
    assert "click" in loaded
    assert [name for name in HEAVY if name in loaded] == []


@pytest.mark.parametrize(("shell", "word"), [("bash", "complete "), ("zsh", "#compdef"), ("fish", "complete ")])
def test_completion_scripts(shell: str, word: str, capfd: pytest.CaptureFixture[str]):
    """Each shell gets a script that calls payloom back."""
    assert run(["completion", shell]) == 0
    out = capfd.readouterr().out
    assert word in out
    assert "_PAYLOOM_COMPLETE" in out


@pytest.mark.parametrize(
    ("words", "expected"),
    [("payloom gen", "generate"), ("payloom generate --pre", "--preset"), ("payloom config --preset sm", "small")],
)
def test_completion_answers(words: str, expected: str):
    """Commands, options and presets are completed."""
    answer = payloom(_PAYLOOM_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=str(len(words.split()) - 1))
    assert expected in answer.stdout


@pytest.mark.parametrize(
    ("arguments", "meant"), [(["generate", "--row", "5"], "--rows"), (["shema"], "payloom --help")]
)
def test_a_mistyped_command_line(arguments: list[str], meant: str, capfd: pytest.CaptureFixture[str]):
    """A usage error is one line, a way out, and exit code 2."""
    assert run(arguments) == 2
    error, fix = capfd.readouterr().err.splitlines()
    assert error.startswith("error: ")
    assert fix.startswith("fix: ")
    assert meant in error + fix
