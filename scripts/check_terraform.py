"""Check deploy/terraform for real, on servers of this machine that answer like AWS. Run by `make terraform-check`.

Style, validity and policies first. Then the whole life on ministack: plan, apply, a second plan that is empty,
payloom's own `publish`, `register` and `count`, Athena's API, Airflow on and off, Ray on, destroy. Then apply and
destroy on moto, as a second opinion. The configuration is copied; nothing here reaches AWS, and no setting of AWS of
this shell is used.
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
from scripts.check_ray_cluster import problems as ray_problems
from scripts.terraform_tool import ROOT, Terraform, TerraformError, copy_for_stand_in, plugin_folder, settings

ROWS = 20_000
EMAIL = ["somebody@example.com"]
PAYLOOM = Path(sys.executable).with_name("payloom")
GARBAGE = "SELEKT COUNT(*) FROM payments"
QUERY_SECONDS = 120
#: payloom's exit code for what is refused for good.
REFUSED = 5
SOMEBODY = "somebody"
#: What takes longer waits for an answer that the stand-in does not have.
TERRAFORM_SECONDS = 300
#: A file in place of the wheel: the stand-in does not install it.
WHEEL = "payloom-0-py3-none-any.whl"
#: What ministack's Airflow does not keep, so that it is sent again at each plan.
FORGOTTEN = re.compile(
    r"~ update in-place|# module\.mwaa\[0\]\.aws_mwaa_environment\.this will be updated in-place"
    r'|~ resource "aws_mwaa_environment" "this" \{|\+ (requirements|startup_script)_s3_(path|object_version) += .*'
)
AIRFLOW = {"enable_mwaa": True, "mwaa_wheel": WHEEL}
RAY = {"enable_ray": True, "ray_ssh_cidrs": ["203.0.113.7/32"]}
#: ministack knows no image by a name; moto does.
IMAGE = {"ray_image_id": "ami-0123456789abcdef0"}


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
def stage(kind: Kind, tools: Path, plugins: Path | None) -> Iterator[tuple[StandIn, Terraform, str]]:
    """A stand-in, Terraform in a copy that leads to it, and what `validate` said."""
    with tempfile.TemporaryDirectory(prefix="payloom-terraform-") as name:
        home = Path(name)
        folder = copy_for_stand_in(home / "copy")
        (folder / WHEEL).write_bytes(b"in place of the wheel")
        # A registry is asked before everything leads to the stand-in.
        validated = Terraform(folder, os.environ, plugins).init()
        with stand_in(kind, tools, home / "server") as server:
            yield server, Terraform(folder, server.environment(), plugins, TERRAFORM_SECONDS), validated


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


def as_role(server: StandIn, role: str, *words: str, endpoint: str | None = None) -> tuple[int, str]:
    """Run a command of payloom as somebody who has taken on a role; exit code, and what it said."""
    iam = server.client("iam")
    policy = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": role}
    iam.create_user(UserName=SOMEBODY)
    try:
        document = json.dumps({"Version": "2012-10-17", "Statement": [policy]})
        iam.put_user_policy(UserName=SOMEBODY, PolicyName="assume", PolicyDocument=document)
        key = iam.create_access_key(UserName=SOMEBODY)["AccessKey"]
        sts = server.client("sts", key["AccessKeyId"], key["SecretAccessKey"])
        taken = sts.assume_role(RoleArn=role, RoleSessionName="check")["Credentials"]
        iam.delete_access_key(UserName=SOMEBODY, AccessKeyId=key["AccessKeyId"])
        iam.delete_user_policy(UserName=SOMEBODY, PolicyName="assume")
    finally:
        iam.delete_user(UserName=SOMEBODY)
    environment = {
        **server.environment(),
        "AWS_ACCESS_KEY_ID": taken["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": taken["SecretAccessKey"],
        "AWS_SESSION_TOKEN": taken["SessionToken"],
        "AWS_ENDPOINT_URL": endpoint or server.endpoint,
    }
    done = subprocess.run(
        [str(PAYLOOM), *words], check=False, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    return done.returncode, done.stdout + done.stderr


def check_rights(report: Report, server: StandIn, terraform: Terraform, scratch: Path) -> None:
    """What the roles may do in the bucket; the stand-in asks their policies."""
    made = terraform.outputs()
    publisher, analyst, location = made["publisher_role"], made["analyst_role"], made["location"]
    other, plain = f"s3://{made['bucket']}/other", server.plain_endpoint
    payloom(server, "generate", "--out", str(scratch), "--rows", str(ROWS), "--seed", "7", "--quiet")
    cases: list[tuple[str, int, tuple[int, str]]] = [
        ("publisher publishes below its prefix", 0, as_role(server, publisher, "publish", str(scratch), location)),
        ("publisher cleans", 0, as_role(server, publisher, "clean", location)),
        ("publisher publishes elsewhere", REFUSED, as_role(server, publisher, "publish", str(scratch), other)),
        ("publisher without TLS", REFUSED, as_role(server, publisher, "status", location, endpoint=plain)),
        ("analyst reads", 0, as_role(server, analyst, "status", location)),
        ("analyst publishes", REFUSED, as_role(server, analyst, "publish", str(scratch), location)),
    ]
    for what, wanted, (code, said) in cases:
        expect(code == wanted, f"{what}: exit code {code}: {said.strip()[-500:]}")
        expect(wanted == 0 or "access is denied" in said, f"{what}: {said.strip()[-500:]}")
        report.add(what, "access is denied" if wanted else "done")


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
    sent = json.loads(payloom(server, "publish", str(scratch), location, "--json"))
    report.add(
        f"payloom publish to {location}",
        f"{sent['rows']} rows, {sent['sent_parts']} files sent, {sent['kept_parts']} kept",
    )
    execution, count = ask_athena(server, "SELECT COUNT(*) FROM payments", workgroup, database)
    expect(count == str(ROWS), f"Athena counts {count or execution['Status']}, not {ROWS}")
    output = execution["ResultConfiguration"]["OutputLocation"]
    expect(output.startswith(f"s3://{made['bucket']}-athena/{workgroup}/"), f"results lie at {output}")
    report.add("Athena's API: SELECT COUNT(*) FROM payments", f"{count}, in {output.rpartition('/')[0]}/")
    execution, _ = ask_athena(server, GARBAGE, workgroup, database)
    state = execution["Status"]["State"]
    expect(state == "FAILED", f"garbage is {state}")
    report.add(f"Athena's API: {GARBAGE}", state)
    register = ("register", "--location", location, "--database", database)
    first, second = payloom(server, *register).splitlines()[1:], payloom(server, *register).splitlines()[1:]
    expect(all(" kept" in line and " added" not in line for line in second), f"register, again: {second}")
    report.add("payloom register", " ".join(first[0].split()))
    said = payloom(server, "count", "--athena", workgroup, "--location", location, "--database", database)
    report.add("payloom count", " ".join(said.split()))


def mwaa(server: StandIn, terraform: Terraform, *words: str) -> str:
    """Run scripts/mwaa.py, as `make mwaa-up` does; give the first line that it printed."""
    plugins = [f"--plugin-dir={terraform.plugins}"] if terraform.plugins else []
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts/mwaa.py"), *words, f"--folder={terraform.folder}", *plugins],
        check=False,
        env=server.environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise CheckError(f"mwaa.py {words[0]} ended with {done.returncode}: {done.stderr.strip()[-2000:]}")
    return done.stdout.splitlines()[0]


def check_airflow(report: Report, server: StandIn, terraform: Terraform, core: dict[str, Any]) -> None:
    """Airflow on, unchanged, and off again; the data stay."""
    up = ("up", "--yes", f"--email={EMAIL[0]}", f"--wheel={terraform.folder / WHEEL}")
    report.add("Airflow: plan", terraform.plan(*settings({**core, **AIRFLOW}))[1])
    report.add("make mwaa-up", mwaa(server, terraform, *up))
    changes, summary = terraform.plan()
    expect(all(map(FORGOTTEN.fullmatch, changes)), f"Airflow: second plan: {summary}\n" + "\n".join(changes[:20]))
    report.add("Airflow: second plan", f"{summary} (requirements and startup script, which ministack forgets)")
    made = terraform.outputs()["mwaa"]
    environment = server.client("mwaa").get_environment(Name=made["name"])["Environment"]
    expect(environment["AirflowVersion"].startswith("3."), f"Airflow {environment['AirflowVersion']}")
    schedules = {item["Name"] for item in server.client("scheduler").list_schedules()["Schedules"]}
    expect({f"{made['name']}-ends-environment", f"{made['name']}-reminder"} <= schedules, f"schedules: {schedules}")
    ending = server.client("scheduler").get_schedule(Name=f"{made['name']}-ends-environment")
    what = ending["Target"]["Arn"].rpartition(":")[2]
    report.add("Airflow ends by itself", f"{ending['ScheduleExpression']}, {what}")
    said = mwaa(server, terraform, *up)
    expect(said.startswith("Airflow runs already"), f"make mwaa-up, again: {said}")
    report.add("make mwaa-up, again", said)
    check_overdue(report, terraform)
    mwaa(server, terraform, "down", "--yes")
    left = [address for address in terraform.resources() if address.startswith("module.mwaa")]
    expect(not left, f"left of Airflow: {left}")
    expect(not server.client("mwaa").list_environments()["Environments"], "an environment is left")
    report.add("make mwaa-down", "nothing of Airflow is left")
    expect_no_change(report, terraform, "plan after make mwaa-down", core)


def check_overdue(report: Report, terraform: Terraform) -> None:
    """After its time a plain plan is refused: no schedule would end what it makes."""
    path = terraform.folder / "terraform.tfstate"
    kept = path.read_text("utf-8")
    state = json.loads(kept)
    (born,) = (one for one in state["resources"] if one["type"] == "terraform_data" and one["name"] == "born")
    born["instances"][0]["attributes"]["output"]["value"] = "2020-01-01T00:00:00Z"
    path.write_text(json.dumps(state), "utf-8")
    try:
        _, said = terraform.plan()
    except TerraformError as error:
        said = " ".join(str(error).split())
    finally:
        path.write_text(kept, "utf-8")
    expect("make mwaa-up begins anew" in said.replace("\u2502 ", ""), f"a plan after the time: {said}")
    report.add("plan after its time is over", "refused")


def check_ray(report: Report, terraform: Terraform, core: dict[str, Any]) -> None:
    """What a Ray cluster needs is made, and its file is filled in and keeps every rule."""
    values = {**core, **RAY, **IMAGE}
    check_apply(report, terraform, "Ray", values)
    made = terraform.outputs()["ray_cluster"]
    found = ["names are left", *ray_problems(made)] if "${" in made else ray_problems(made)
    expect(not found, f"Ray's cluster file: {found}")
    report.add("Ray's cluster file", "filled in, and every rule holds")


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
    with stage("ministack", tools, plugins) as (server, terraform, validated):
        report.add("terraform validate", validated)
        core: dict[str, Any] = {"alert_emails": EMAIL}
        check_apply(report, terraform, "ministack", core)
        check_rights(report, server, terraform, terraform.folder.parents[2] / "data")
        check_data(report, server, terraform, terraform.folder.parents[2] / "data")
        expect_no_change(report, terraform, "plan after payloom register", core)
        check_airflow(report, server, terraform, core)
        check_ray(report, terraform, core)
        check_destroy(report, server, terraform, core)


def on_moto(report: Report, tools: Path, plugins: Path | None) -> None:
    """Apply and destroy, by another reading of AWS's API."""
    with stage("moto", tools, plugins) as (server, terraform, _):
        # No budget: moto cannot say who is told, and Terraform would ask for ever.
        core: dict[str, Any] = {}
        check_apply(report, terraform, "moto", core)
        report.add("moto: plan with Airflow", terraform.plan(*settings({**AIRFLOW, "alert_emails": EMAIL}))[1])
        report.add("moto: plan with Ray", terraform.plan(*settings(RAY))[1])
        report.add("moto: destroy", terraform.destroy(*settings(core)))
        expect_nothing_left(report, server, terraform)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run every check; give 1 at the first that fails."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tools", type=Path, default=ROOT / ".venv-athena/bin", help="folder of stand-ins")
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
