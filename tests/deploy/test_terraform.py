"""What Terraform and the one-day Airflow promise, as far as files and arithmetic tell it."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from payloom.catalog.hive import athena_statements
from payloom.catalog.names import ANY_YEAR, Location
from payloom.schema import TABLES
from scripts import aws_stand_in, mwaa, terraform_tool, write_glue_tables

ROOT = Path(__file__).parents[2]
TERRAFORM = ROOT / "deploy/terraform"
FILES = sorted(TERRAFORM.rglob("*.tf"))
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
STATEMENT = re.compile(r"(?:^|\n)\s*statement \{\n(.*?)\n  \}\n|content \{\n(.*?)\n    \}\n", re.DOTALL)
BLOCK = re.compile(r'^(variable|output) "(\w+)" \{\n(.*?)^\}', re.DOTALL | re.MULTILINE)
ACTION = re.compile(r'"([a-z0-9]+:[A-Za-z*]+)"')


def statements() -> Iterator[tuple[str, str]]:
    """Statements of every policy, with the file they are in."""
    for path in FILES:
        for found in STATEMENT.finditer(path.read_text("utf-8")):
            text = found[1] or found[2]
            if "actions" in text:
                yield f"{path.relative_to(TERRAFORM)}", text


def test_the_tables_are_those_that_the_schema_declares() -> None:
    """tables.json is up to date, and has every column of the statements for Athena."""
    assert write_glue_tables.FILE.read_text("utf-8") == write_glue_tables.content()
    declared = json.loads(write_glue_tables.content())
    created = athena_statements(list(TABLES.values()), Location("s3://LOCATION"), "d", ANY_YEAR)[1:]
    for table, sql in zip(declared["tables"], created, strict=True):
        columns = [*table["columns"], *table["partition_keys"]]
        assert [(one["name"], one["type"]) for one in columns] == re.findall(
            r"^  `(\w+)` (\w+) COMMENT", sql, re.MULTILINE
        )


def test_no_right_is_given_for_every_action() -> None:
    """No statement that allows has a wildcard among its actions; one that denies may."""
    found = list(statements())
    assert len(found) > 25
    allowing = [(name, text) for name, text in found if '"Deny"' not in text]
    assert len(allowing) < len(found)
    actions = [(name, action) for name, text in allowing for action in ACTION.findall(text)]
    assert len(actions) > 60
    assert [one for one in actions if "*" in one[1]] == []
    assert [name for name, text in allowing if "not_actions" in text] == []


def test_the_publisher_may_do_what_the_page_says_and_no_more() -> None:
    """The rights on objects are those of docs/publishing.md."""
    page = (ROOT / "docs/publishing.md").read_text("utf-8")
    documented = set(re.findall(r'"(s3:\w+)"', page))
    text = (TERRAFORM / "modules/roles/main.tf").read_text("utf-8")
    publisher = text[text.index('"publisher" {') : text.index('"analyst" {')]
    assert {action for action in ACTION.findall(publisher) if re.match("s3:[A-Z]", action)} == documented


def test_every_waiver_of_a_policy_has_a_reason() -> None:
    """A check of checkov is left out only with words behind its number."""
    waivers = [line for path in FILES for line in path.read_text("utf-8").splitlines() if "checkov:skip" in line]
    assert waivers
    assert [line for line in waivers if not re.search(r"#checkov:skip=CKV2?_AWS_\d+:.{12,}", line)] == []


def test_every_variable_and_output_is_described() -> None:
    """Each variable has a type and a description, each output a description."""
    lost = []
    for path in FILES:
        for block in re.findall(
            r'^(variable|output) "(\w+)" \{\n(.*?)^\}', path.read_text("utf-8"), re.MULTILINE | re.DOTALL
        ):
            wanted = ["description"] if block[0] == "output" else ["description", "type"]
            lost += [
                (path.name, block[1], word) for word in wanted if not re.search(rf"^  {word} ", block[2], re.MULTILINE)
            ]
    assert lost == []


def test_airflow_is_off_by_default() -> None:
    """Who applies without a word about Airflow pays for none."""
    text = (TERRAFORM / "variables.tf").read_text("utf-8")
    assert re.search(r'"enable_mwaa" \{[^}]*?default\s+= false', text)


def test_the_estimate_adds_up() -> None:
    """Hours times the sum of the parts, with each further worker."""
    assert mwaa.usd_per_hour(1) == pytest.approx(sum(price.usd_per_hour for price in mwaa.PRICES))
    assert mwaa.usd_per_hour(3) == pytest.approx(mwaa.usd_per_hour(1) + 2 * mwaa.EXTRA_WORKER.usd_per_hour)
    assert f"{10 * mwaa.usd_per_hour(1):.2f} USD for 10 hours" in mwaa.estimate(10, 1)
    default = re.search(
        r'"mwaa_usd_per_hour" \{.*?default\s+= ([0-9.]+)', (TERRAFORM / "variables.tf").read_text("utf-8"), re.DOTALL
    )
    assert default is not None
    assert float(default[1]) == mwaa.usd_per_hour(1)


@pytest.mark.parametrize(
    ("hours_left", "exists", "renewed"),
    [
        (5.0, True, False),
        (1.01, True, False),
        (0.99, True, True),
        (-3.0, True, True),
        (5.0, False, True),
        # Begun, and never finished: when is not known.
        (None, False, True),
        (None, True, True),
    ],
)
def test_the_time_to_live_begins_anew_when_airflow_is_gone_or_nearly(
    hours_left: float | None, exists: bool, renewed: bool
) -> None:
    """A running Airflow keeps its end; one that is gone, or has less than an hour, gets a new one."""
    made = None if hours_left is None else {"delete_at": (NOW + timedelta(hours=hours_left)).isoformat()}
    assert mwaa.needs_new_time(made, NOW, begun=True, exists=exists) is renewed
    assert not mwaa.needs_new_time(None, NOW, begun=False, exists=False)


def test_what_is_left_is_said_in_hours_and_minutes() -> None:
    """The end as a person reads it, with Terraform's Z for UTC."""
    assert mwaa.left("2026-11-23T14:05:00Z", NOW) == "in 2 h 5 min"
    assert mwaa.left("2026-11-23T11:00:00Z", NOW) == "its time is over"
    assert mwaa.first_day(NOW) == "2026-11-16"


@pytest.mark.parametrize("hours", ["1", "49", "0", "-2"])
def test_a_life_that_is_too_short_or_too_long_is_refused(hours: str, capsys: pytest.CaptureFixture[str]) -> None:
    """2 to 48 hours; the message says so."""
    with pytest.raises(SystemExit) as ended:
        mwaa.main(["up", f"--ttl-hours={hours}"])
    assert ended.value.code == 2
    assert "expected 2 to 48" in capsys.readouterr().err


def test_no_terraform_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 1 and the way out, and no traceback."""
    monkeypatch.setenv("TERRAFORM", "terraform-that-is-nowhere")
    monkeypatch.setattr(mwaa, "check_credentials", lambda endpoint: "123456789012")
    assert mwaa.main(["up", "--yes", "--email=a@example.com"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("error: terraform is not on the PATH")
    assert said.count("\n") == 1


def test_a_stand_in_that_is_missing_names_the_target_that_makes_it(tmp_path: Path) -> None:
    """The way out is a target that the Makefile has."""
    with (
        pytest.raises(aws_stand_in.StandInError, match="is missing; run make ") as caught,
        aws_stand_in.stand_in("ministack", tmp_path, tmp_path / "home"),
    ):
        pass
    target = str(caught.value).partition("run make ")[2].partition(",")[0]
    done = subprocess.run(["make", "--dry-run", target], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_without_credentials_one_line_says_so(tmp_path: Path) -> None:
    """Nobody is logged in: exit code 1, one line, nothing made."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts/mwaa.py"), "up", "--yes", f"--folder={tmp_path}"],
        env={"PATH": "", "HOME": str(tmp_path), "AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": "/dev/null"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert re.fullmatch(r"error: no credentials of AWS that work: .*; log in, or set AWS_PROFILE\n", done.stderr), (
        done.stderr
    )
    assert list(tmp_path.iterdir()) == []


#: In place of Terraform: `apply` is there to be interrupted, and `state list` says what it is told to.
STAND_IN = """#!/bin/sh
case "$1" in
  init) exit 0;;
  validate) echo Success; exit 0;;
  console) echo '"name"'; exit 0;;
  state) echo "$SAID" >&2; exit 1;;
esac
trap 'sleep 0.3; echo made > kept; echo "Error: interrupted" >&2; exit 1' INT
echo started > started
while :; do sleep 0.1; done
"""


@pytest.fixture
def stand_in(tmp_path: Path) -> Path:
    """A program that is called instead of Terraform."""
    program = tmp_path / "terraform"
    program.write_text(STAND_IN, "utf-8")
    program.chmod(0o755)
    return program


def test_an_interrupted_terraform_may_keep_what_it_has_made(tmp_path: Path, stand_in: Path) -> None:
    """Ctrl-C reaches both; payloom's script waits until Terraform has written its state, and says one line."""
    script = (
        # Who starts the tests in the background has them ignore Ctrl-C, and so would this.
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "import os, sys; from pathlib import Path; from scripts.terraform_tool import *\n"
        "try: Terraform(Path(sys.argv[1]), os.environ).run('apply')\n"
        "except TerraformError as error: sys.exit(f'error: {error}')"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "TERRAFORM": str(stand_in)},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    end_s = time.monotonic() + 30
    while not (tmp_path / "started").exists() and time.monotonic() < end_s:
        time.sleep(0.02)
    try:
        os.killpg(process.pid, signal.SIGINT)
        _, said = process.communicate(timeout=30)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 1
    assert (tmp_path / "kept").exists()
    assert "it was interrupted" in said
    assert "Traceback" not in said


@pytest.mark.parametrize(("said", "is_none"), [("No state file was found!", True), ("ExpiredToken", False)])
def test_a_state_that_cannot_be_read_is_not_an_empty_one(
    tmp_path: Path, stand_in: Path, monkeypatch: pytest.MonkeyPatch, said: str, is_none: bool
) -> None:
    """Else `make mwaa-down` would say that there is nothing to delete."""
    monkeypatch.setenv("TERRAFORM", str(stand_in))
    terraform = terraform_tool.Terraform(tmp_path, {**os.environ, "SAID": said})
    if is_none:
        assert terraform.resources() == []
    else:
        with pytest.raises(terraform_tool.TerraformError, match=said):
            terraform.resources()


@pytest.mark.parametrize("action", ["up", "down"])
def test_airflow_of_a_state_that_is_lost_is_named(
    tmp_path: Path, stand_in: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], action: str
) -> None:
    """It costs whether or not this state knows it; nothing is made beside it."""
    monkeypatch.setenv("TERRAFORM", str(stand_in))
    monkeypatch.setenv("SAID", "No state file was found!")
    monkeypatch.setattr(mwaa, "check_credentials", lambda endpoint: "123456789012")
    monkeypatch.setattr(mwaa, "environment_exists", lambda name, region, endpoint: True)
    assert mwaa.main([action, "--yes", "--email=a@example.com", f"--folder={tmp_path}"]) == 1
    assert "aws mwaa delete-environment --region name --name name" in capsys.readouterr().err
    assert not (tmp_path / mwaa.CHOICES).exists()


def test_what_up_has_chosen_goes_but_for_the_addresses(tmp_path: Path) -> None:
    """After `down` nothing turns Airflow on again, and the budget still knows whom to tell."""
    path = tmp_path / mwaa.CHOICES
    path.write_text(json.dumps({"enable_mwaa": True, "alert_emails": ["a@example.com"]}), "utf-8")
    mwaa.forget_choices(tmp_path)
    assert json.loads(path.read_text("utf-8")) == {"alert_emails": ["a@example.com"]}
    path.write_text(json.dumps({"enable_mwaa": True}), "utf-8")
    mwaa.forget_choices(tmp_path)
    mwaa.forget_choices(tmp_path)
    assert not path.exists()


def test_what_is_planned_is_read_from_what_terraform_says() -> None:
    """The summaries that the check prints are whole lines of Terraform."""
    last = "Apply complete! Resources: 3 added, 0 changed, 0 destroyed."
    assert terraform_tool.SUMMARY.findall(f"…\n\nPlan: 3 to add, 0 to change, 0 to destroy.\n\n{last}\n")[-1] == last
    options = terraform_tool.settings({"a": True, "b": ["x"], "c": "text"})
    assert options == ["-var=a=true", '-var=b=["x"]', "-var=c=text"]
