"""Check deploy/terraform for real, on servers of this machine that answer like AWS. Run by `make terraform-check`.

Style, validity and policies first. Then the whole life on ministack: plan, apply, a second plan that is empty,
payloom's own `publish`, `register` and `count`, Athena's API, Airflow on and off, destroy. Then apply and destroy on moto, as a
second opinion. The configuration is copied; nothing here reaches AWS, and no settings of AWS of this shell are used.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from scripts.aws_stand_in import Kind, StandIn, StandInError, stand_in
from scripts.terraform_tool import ROOT, Terraform, TerraformError, copy_for_stand_in, plugin_folder, settings

ROWS = 20_000
EMAIL = ["somebody@example.com"]
PAYLOOM = Path(sys.executable).with_name("payloom")
GARBAGE = "SELEKT COUNT(*) FROM payments"
QUERY_SECONDS = 120
WHEEL = "payloom-0-py3-none-any.whl"
#: What ministack's Airflow does not keep, so that it is sent again at each plan.
FORGOTTEN = re.compile(
    r"~ update in-place|# module\.mwaa\[0\]\.aws_mwaa_environment\.this will be updated in-place"
    r'|~ resource "aws_mwaa_environment" "this" \{|\+ (requirements|startup_script)_s3_(path|object_version) += .*'
)
#: Airflow, with a file in place of the wheel: the stand-in does not install it.
AIRFLOW = {"enable_mwaa": True, "alert_emails": EMAIL}


class CheckError(Exception):
    """Something is not as it should be."""


@dataclass
class Report:
    """What was found, in order."""

    lines: list[tuple[str, str]] = field(default_factory=list)
    _started: float = field(default_factory=time.monotonic)

    def add(self, what: str, found: str) -> None:
        """Keep a finding, and show it at once."""
        self.lines.append((what, found))
        print(f"{time.monotonic() - self._started:6.1f} s  {what}: {found}", file=sys.stderr, flush=True)


def expect(holds: bool, otherwise: str) -> None:
    """Raise unless it holds."""
    if not holds:
        raise CheckError(otherwise)


def check_style(report: Report, checkov: Path) -> None:
    """Format, the tables' file, and policies."""
    Terraform(ROOT / "deploy/terraform", os.environ).run("fmt", "-check", "-recursive", "-diff")
    report.add("terraform fmt -check", "clean")
    subprocess.run([sys.executable, str(ROOT / "scripts/write_glue_tables.py"), "--check"], check=True)
    report.add("tables.json", "as payloom declares")
    if not checkov.is_file():
        raise CheckError(f"{checkov} is missing; install requirements/checkov.txt, or name another --checkov")
    options = ["--framework", "terraform", "--skip-download", "--compact", "--quiet", "-o", "json"]
    done = subprocess.run(
        [str(checkov), "-d", str(ROOT / "deploy/terraform"), *options], check=False, capture_output=True, text=True
    )
    try:
        summary = json.loads(done.stdout)["summary"]
    except (ValueError, KeyError, TypeError) as error:
        raise CheckError(f"checkov said nothing that can be read: {(done.stderr or done.stdout)[-300:]}") from error
    expect(summary["passed"] > 0, "checkov checked nothing")
    expect(done.returncode == 0 and not summary["failed"], f"checkov: {summary['failed']} policies are not held")
    report.add("checkov", f"{summary['passed']} passed, 0 failed, {summary['skipped']} waived with a reason")


@contextmanager
def stage(kind: Kind, tools: Path, plugins: Path | None) -> Iterator[tuple[StandIn, Terraform]]:
    """A stand-in, and Terraform in a copy that leads to it."""
    with tempfile.TemporaryDirectory(prefix="payloom-terraform-") as name:
        home = Path(name)
        folder = copy_for_stand_in(home / "copy")
        (folder / WHEEL).write_bytes(b"in place of the wheel")
        with stand_in(kind, tools, home / "server") as server:
            yield server, Terraform(folder, server.environment(), plugins)


def check_apply(report: Report, terraform: Terraform, name: str, values: dict[str, Any]) -> None:
    """Plan, apply, and a second plan that is empty."""
    options = settings(values)
    changes, summary = terraform.plan(*options)
    expect(bool(changes), f"{name}: the first plan is empty")
    report.add(f"{name}: plan", summary)
    report.add(f"{name}: apply", terraform.apply(*options))
    expect_no_change(report, terraform, f"{name}: second plan", values)


def expect_no_change(report: Report, terraform: Terraform, what: str, values: dict[str, Any]) -> None:
    """Raise unless a plan is empty."""
    changes, summary = terraform.plan(*settings(values))
    expect(not changes, f"{what} is not empty: {summary}\n" + "\n".join(changes[:20]))
    report.add(what, summary)


def payloom(server: StandIn, *words: str) -> str:
    """Run a command of payloom; give what it printed."""
    done = subprocess.run(
        [str(PAYLOOM), *words],
        check=False,
        env=server.environment(),
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode:
        raise CheckError(f"payloom {words[0]} ended with {done.returncode}: {done.stderr.strip()[-500:]}")
    return done.stdout


def ask_athena(server: StandIn, sql: str, workgroup: str, database: str) -> tuple[dict[str, Any], str]:
    """Run a query by Athena's API as anybody would, without payloom; its execution and its one value."""
    athena = server.client("athena")
    context = {"Database": database}
    started = athena.start_query_execution(QueryString=sql, WorkGroup=workgroup, QueryExecutionContext=context)
    query = started["QueryExecutionId"]
    end_s = time.monotonic() + QUERY_SECONDS
    while True:
        execution = athena.get_query_execution(QueryExecutionId=query)["QueryExecution"]
        if execution["Status"]["State"] in {"SUCCEEDED", "FAILED", "CANCELLED"}:
            break
        expect(time.monotonic() < end_s, "Athena's stand-in does not end a query")
        time.sleep(0.2)
    if execution["Status"]["State"] != "SUCCEEDED":
        return execution, ""
    rows = athena.get_query_results(QueryExecutionId=query)["ResultSet"]["Rows"]
    return execution, str(rows[1]["Data"][0]["VarCharValue"])


def check_data(report: Report, server: StandIn, terraform: Terraform, scratch: Path) -> None:
    """Publish into Terraform's bucket, count through Terraform's tables and workgroup, and register."""
    made = terraform.outputs()
    location, database, workgroup = made["location"], made["database"], made["workgroup"]
    payloom(server, "generate", "--out", str(scratch), "--rows", str(ROWS), "--seed", "7", "--quiet")
    sent = json.loads(payloom(server, "publish", str(scratch), location, "--json"))
    report.add(f"payloom publish to {location}", f"{sent['rows']} rows, {sent['sent_parts']} files")
    execution, count = ask_athena(server, "SELECT COUNT(*) FROM payments", workgroup, database)
    expect(count == str(ROWS), f"Athena counts {count or execution['Status']}, not {ROWS}")
    output = execution["ResultConfiguration"]["OutputLocation"]
    expect(output.startswith(f"s3://{made['bucket']}-athena/{workgroup}/"), f"results lie at {output}")
    report.add("Athena's API: SELECT COUNT(*) FROM payments", f"{count}, in {output.rpartition('/')[0]}/")
    execution, _ = ask_athena(server, GARBAGE, workgroup, database)
    state = execution["Status"]["State"]
    expect(state == "FAILED", f"garbage is {state}")
    report.add(f"Athena's API: {GARBAGE}", state)
    for _ in range(2):
        said = payloom(server, "register", "--location", location, "--database", database)
    report.add("payloom register, the second time", " ".join(said.split()))
    said = payloom(server, "count", "--athena", workgroup, "--location", location, "--database", database)
    report.add("payloom count", " ".join(said.split()))


def check_airflow(report: Report, server: StandIn, terraform: Terraform, core: dict[str, Any]) -> None:
    """Airflow on, unchanged, and off again; the data stay."""
    values = {**core, **AIRFLOW, "mwaa_wheel": WHEEL}
    report.add("Airflow on: plan", terraform.plan(*settings(values))[1])
    report.add("Airflow on: apply", terraform.apply(*settings(values)))
    changes, summary = terraform.plan(*settings(values))
    expect(all(map(FORGOTTEN.fullmatch, changes)), f"Airflow on: second plan: {summary}\n" + "\n".join(changes[:20]))
    report.add("Airflow on: second plan", f"{summary} (requirements and startup script, which ministack forgets)")
    made = terraform.outputs()["mwaa"]
    environment = server.client("mwaa").get_environment(Name=made["name"])["Environment"]
    expect(environment["AirflowVersion"].startswith("3."), f"Airflow {environment['AirflowVersion']}")
    schedules = {item["Name"] for item in server.client("scheduler").list_schedules()["Schedules"]}
    expect({f"{made['name']}-ends-environment", f"{made['name']}-reminder"} <= schedules, f"schedules: {schedules}")
    ending = server.client("scheduler").get_schedule(Name=f"{made['name']}-ends-environment")
    report.add(
        "Airflow ends by itself", f"{ending['ScheduleExpression']}, {ending['Target']['Arn'].rpartition(':')[2]}"
    )
    report.add("Airflow off: apply", terraform.apply(*settings({**core, "alert_emails": EMAIL})))
    left = [address for address in terraform.resources() if address.startswith("module.mwaa")]
    expect(not left, f"left of Airflow: {left}")
    expect(not server.client("mwaa").list_environments()["Environments"], "an environment is left")


def check_destroy(report: Report, server: StandIn, terraform: Terraform, core: dict[str, Any]) -> None:
    """A bucket with data is not destroyed; with force_destroy nothing is left."""
    try:
        terraform.destroy(*settings(core))
    except TerraformError as error:
        expect("BucketNotEmpty" in str(error), f"destroy: {error}")
        report.add("destroy with data", "refused: BucketNotEmpty")
    else:
        raise CheckError("a bucket with data was destroyed")
    forced = {**core, "force_destroy": True}
    terraform.apply(*settings(forced))
    report.add("destroy with force_destroy", terraform.destroy(*settings(forced)))
    expect_nothing_left(report, server, terraform)


def expect_nothing_left(report: Report, server: StandIn, terraform: Terraform) -> None:
    """Raise unless state and server are empty."""
    databases = server.client("glue").get_databases()["DatabaseList"]
    roles = server.client("iam").list_roles()["Roles"]
    workgroups = server.client("athena").list_work_groups()["WorkGroups"]
    left = {
        "state": terraform.resources(),
        "buckets": [item["Name"] for item in server.client("s3").list_buckets()["Buckets"]],
        "databases": [item["Name"] for item in databases if item["Name"] != "default"],
        "roles": [item["RoleName"] for item in roles if item["RoleName"].startswith("payloom")],
        "workgroups": [item["Name"] for item in workgroups if item["Name"] != "primary"],
    }
    expect(not any(left.values()), f"left after destroy: {left}")
    report.add("left on the server", "nothing")


def on_ministack(report: Report, tools: Path, plugins: Path | None) -> None:
    """The whole life."""
    with stage("ministack", tools, plugins) as (server, terraform):
        report.add("terraform validate", terraform.init())
        core: dict[str, Any] = {"alert_emails": EMAIL}
        check_apply(report, terraform, "ministack", core)
        check_data(report, server, terraform, terraform.folder.parents[2] / "data")
        expect_no_change(report, terraform, "plan after payloom register", core)
        check_airflow(report, server, terraform, core)
        check_destroy(report, server, terraform, core)


def on_moto(report: Report, tools: Path, plugins: Path | None) -> None:
    """Apply and destroy, by another reading of AWS's API."""
    with stage("moto", tools, plugins) as (server, terraform):
        terraform.init()
        core: dict[str, Any] = {"alert_emails": EMAIL}
        check_apply(report, terraform, "moto", core)
        airflow = {**core, **AIRFLOW, "mwaa_wheel": WHEEL}
        report.add("moto: plan of Airflow", terraform.plan(*settings(airflow))[1])
        report.add("moto: destroy", terraform.destroy(*settings(core)))
        expect_nothing_left(report, server, terraform)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run every check; give 1 at the first that fails."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tools", type=Path, default=ROOT / ".venv-terraform/bin", help="folder of stand-ins")
    parser.add_argument("--checkov", type=Path, default=ROOT / ".venv-checkov/bin/checkov", help="checkov's program")
    parser.add_argument("--plugin-dir", type=Path, help="folder with the provider (default: TF_PLUGIN_DIR, if any)")
    parser.add_argument("--only", choices=("style", "ministack", "moto"), help="a part of it")
    given = parser.parse_args(arguments)
    report = Report()
    try:
        plugins = plugin_folder(given.plugin_dir)
        if given.only in {None, "style"}:
            check_style(report, given.checkov)
        if given.only in {None, "ministack"}:
            on_ministack(report, given.tools.resolve(), plugins)
        if given.only in {None, "moto"}:
            on_moto(report, given.tools.resolve(), plugins)
    except (CheckError, TerraformError, StandInError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    for what, found in report.lines:
        print(f"{what}: {found}")
    print(f"{len(report.lines)} checks hold")
    return 0


if __name__ == "__main__":
    sys.exit(main())
