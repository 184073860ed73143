"""Airflow by Amazon for a day: turn it on, off, or ask. Run by `make mwaa-up`, `make mwaa-down` and `make mwaa-status`.

    python scripts/mwaa.py up --email somebody@example.com [--ttl-hours 12] [--yes]
    python scripts/mwaa.py down|status

It says what it will cost and asks before anything is made. Airflow deletes itself when its time is over, whether or not
this machine is there; `down` removes it earlier, with its network, and leaves bucket, tables and data alone.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from scripts.terraform_tool import ROOT, Terraform, TerraformError, plugin_folder, settings

DEFAULT_TTL_HOURS = 12
TTL_HOURS = range(2, 49)
#: Creating an environment takes half an hour; one with less left is given its whole time again.
RENEW_BELOW = timedelta(hours=1)
LOOK_BACK_DAYS = 7
WHEELS = ROOT / "dist"
#: Since when the time runs.
BORN = "module.mwaa[0].terraform_data.born"
#: Written by `up`, kept out of git: addresses are nobody else's business.
CHOICES = "mwaa.auto.tfvars.json"


@dataclass(frozen=True)
class Price:
    """What an hour of something costs in US dollars, without tax."""

    what: str
    usd_per_hour: float


#: us-east-1, 2026-06; docs/aws.md has the sources. Other regions cost up to a third more.
PRICES = (
    # mw1.micro costs less; how much was not to be found out here, so it is counted like mw1.small.
    Price("Airflow, with a worker, schedulers and servers of its pages", 0.49),
    Price("NAT gateway", 0.045),
    Price("its public address", 0.005),
    Price("four interface endpoints that MWAA makes in two zones", 0.04),
)
EXTRA_WORKER = Price("each further worker while it runs", 0.055)


class DemoError(Exception):
    """The demo cannot be started or stopped; the text says why and what to do."""


def usd_per_hour(max_workers: int) -> float:
    """What an hour costs at most."""
    return round(sum(price.usd_per_hour for price in PRICES) + (max_workers - 1) * EXTRA_WORKER.usd_per_hour, 3)


def estimate(ttl_hours: int, max_workers: int) -> str:
    """What it costs, by the hour and for its whole life, and what that is made of."""
    hour = usd_per_hour(max_workers)
    parts = [f"  {price.usd_per_hour:6.3f}  {price.what}" for price in PRICES]
    if max_workers > 1:
        parts.append(f"  {EXTRA_WORKER.usd_per_hour:6.3f}  {EXTRA_WORKER.what}, at most {max_workers - 1}")
    # The gateway goes an hour after Airflow, its address half an hour later.
    return "\n".join(
        (
            f"about {hour:.2f} USD an hour, {hour * ttl_hours:.2f} USD for {ttl_hours} hours, without tax and traffic:",
            *parts,
            "  prices of us-east-1, 2026-06: https://aws.amazon.com/managed-workflows-for-apache-airflow/pricing/",
        )
    )


def needs_new_time(made: Mapping[str, Any] | None, now: datetime, *, begun: bool, exists: bool) -> bool:
    """Whether the time to live begins anew: Airflow is gone, as good as gone, or was begun and never finished."""
    if not begun:
        return False
    return not made or not exists or datetime.fromisoformat(str(made["delete_at"])) - now < RENEW_BELOW


def first_day(now: datetime) -> str:
    """The day from which on Airflow makes days: a week is enough for a demo."""
    return (now.date() - timedelta(days=LOOK_BACK_DAYS)).isoformat()


def left(delete_at: str, now: datetime) -> str:
    """How long it is until a moment, in words."""
    minutes = int((datetime.fromisoformat(delete_at) - now).total_seconds() // 60)
    return f"in {minutes // 60} h {minutes % 60} min" if minutes > 0 else "its time is over"


def build_wheel() -> Path:
    """Build payloom's wheel; the environment's own Python has the builder."""
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "wheel",
            "--quiet",
            "--no-deps",
            "--no-build-isolation",
            "-w",
            str(WHEELS),
            str(ROOT),
        ],
        check=False,
        capture_output=True,
        text=True,
    )
    wheels = sorted(WHEELS.glob("payloom-*.whl"), key=lambda path: path.stat().st_mtime)
    if done.returncode or not wheels:
        said = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["it said nothing"]
        raise DemoError(f"the wheel cannot be built: {said[0]}; run make setup")
    return wheels[-1]


def check_credentials(endpoint: str | None) -> str:
    """Say who pays; raise when nobody is logged in."""
    try:
        import boto3  # noqa: PLC0415 - an extra
        import botocore.exceptions  # noqa: PLC0415
    except ImportError:
        raise DemoError("boto3 is missing; run make setup-all, or pip install 'payloom[s3]'") from None
    try:
        region = boto3.session.Session().region_name or "us-east-1"
        caller = boto3.client("sts", region_name=region, endpoint_url=endpoint).get_caller_identity()
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
        said = " ".join(str(error).split())[:150]
        raise DemoError(f"no credentials of AWS that work: {said}; log in, or set AWS_PROFILE") from None
    return str(caller["Account"])


def environment_exists(name: str, region: str, endpoint: str | None) -> bool:
    """Whether Amazon has the environment."""
    import boto3  # noqa: PLC0415 - an extra
    import botocore.config  # noqa: PLC0415
    import botocore.exceptions  # noqa: PLC0415

    config = botocore.config.Config(inject_host_prefix=endpoint is None)
    client = boto3.client("mwaa", region_name=region, endpoint_url=endpoint, config=config)
    try:
        status = client.get_environment(Name=name)["Environment"]["Status"]
    except client.exceptions.ResourceNotFoundException:
        return False
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
        raise DemoError(f"cannot ask for {name}: {' '.join(str(error).split())[:150]}") from None
    return status not in {"DELETING", "DELETED", "CREATE_FAILED"}


def asked_for(terraform: Terraform) -> tuple[str, str]:
    """Name and region of the environment, as the variables say, whether or not it is there."""
    return str(terraform.console('"${var.name}-airflow"')), str(terraform.console("var.region"))


def unknown(name: str, region: str) -> DemoError:
    """Airflow that costs and that this state does not know."""
    return DemoError(
        f"{name} runs in {region}, and Terraform's state here does not know it; go where it was made, or end it with "
        f"aws mwaa delete-environment --region {region} --name {name}"
    )


def confirmed(yes: bool, question: str) -> bool:
    """Ask, unless the answer was given."""
    if yes:
        return True
    if not sys.stdin.isatty():
        raise DemoError("nobody is there to confirm; pass --yes")
    return input(f"{question} [y/N] ").strip().lower() in {"y", "yes"}


def up(given: argparse.Namespace, terraform: Terraform, now: datetime) -> int:
    """Turn Airflow on, or leave it as it runs."""
    endpoint = os.environ.get("AWS_ENDPOINT_URL")
    account = check_credentials(endpoint)
    terraform.init()
    resources = terraform.resources()
    made = terraform.outputs().get("mwaa") if resources else None
    name, region = asked_for(terraform)
    begun, exists = BORN in resources, environment_exists(name, region, endpoint)
    if exists and not begun:
        raise unknown(name, region)
    renew = needs_new_time(made, now, begun=begun, exists=exists)
    if not given.email and not terraform.console("length(var.alert_emails)"):
        raise DemoError("nobody would hear what it costs; pass --email somebody@example.com")
    access = "PUBLIC_ONLY" if given.public else "PRIVATE_ONLY"
    if made and exists and not renew and (made["ttl_hours"], made["access_mode"]) == (given.ttl_hours, access):
        print(f"Airflow runs already, and is deleted at {made['delete_at']} ({left(made['delete_at'], now)})")
        print(address(made))
        return 0
    print(f"Airflow in account {account}, {region}: {estimate(given.ttl_hours, given.max_workers)}")
    print(f"It deletes itself about {(now + timedelta(hours=given.ttl_hours)):%Y-%m-%d %H:%M} UTC.")
    if not confirmed(given.yes, "Make it?"):
        print("Nothing was made")
        return 1
    choices = {
        "enable_mwaa": True,
        "mwaa_ttl_hours": given.ttl_hours,
        "mwaa_max_workers": given.max_workers,
        "mwaa_usd_per_hour": usd_per_hour(given.max_workers),
        "mwaa_wheel": os.path.relpath(given.wheel or build_wheel(), given.folder),
        "mwaa_first_day": first_day(now),
        "mwaa_webserver_access_mode": access,
        **({"alert_emails": given.email} if given.email else {}),
    }
    (given.folder / CHOICES).write_text(json.dumps(choices, indent=2) + "\n", "utf-8")
    again = ["-replace=module.mwaa[0].terraform_data.born"] if renew else []
    print("Terraform works; a new environment takes 20 to 40 minutes", file=sys.stderr, flush=True)
    print(terraform.apply(*again))
    made = terraform.outputs()["mwaa"]
    print(address(made))
    print(f"It is deleted at {made['delete_at']}; make mwaa-down does it now")
    return 0


def down(given: argparse.Namespace, terraform: Terraform) -> int:
    """Turn Airflow off, with its network and its bucket; nothing else."""
    endpoint = os.environ.get("AWS_ENDPOINT_URL")
    check_credentials(endpoint)
    terraform.init()
    running = [one for one in terraform.resources() if one.startswith("module.mwaa")]
    if not running:
        name, region = asked_for(terraform)
        if environment_exists(name, region, endpoint):
            raise unknown(name, region)
        forget_choices(given.folder)
        print("There is no Airflow to delete")
        return 0
    if not confirmed(given.yes, f"Delete Airflow, its network and its logs' settings ({len(running)} things)?"):
        print("Nothing was deleted")
        return 1
    print("Terraform works; deleting an environment takes 10 to 30 minutes", file=sys.stderr, flush=True)
    forget_choices(given.folder)
    print(terraform.apply(*settings({"enable_mwaa": False})))
    print(f"Airflow is gone; {terraform.outputs()['location']} and its tables are as they were")
    return 0


def forget_choices(folder: Path) -> None:
    """Leave nothing of `up` but the addresses, on which the budget hangs."""
    path = folder / CHOICES
    emails = json.loads(path.read_text("utf-8")).get("alert_emails") if path.exists() else None
    if emails:
        path.write_text(json.dumps({"alert_emails": emails}, indent=2) + "\n", "utf-8")
    else:
        path.unlink(missing_ok=True)


def status(terraform: Terraform, now: datetime) -> int:
    """Say whether Airflow runs, until when and what it costs; asks the state, not Amazon."""
    made = terraform.outputs().get("mwaa") if (terraform.folder / ".terraform").exists() else None
    if not made:
        print("Airflow is off; make mwaa-up turns it on")
        return 1
    print(f"{address(made)}\nIt is deleted at {made['delete_at']} ({left(made['delete_at'], now)})")
    print(f"It costs about {float(terraform.console('var.mwaa_usd_per_hour')):.2f} USD an hour")
    return 0


def address(made: Mapping[str, Any]) -> str:
    """Where Airflow's pages are."""
    reach = "from its VPC alone" if made["access_mode"] == "PRIVATE_ONLY" else "after a login by IAM"
    return f"Airflow {made['name']}: https://{made['webserver_url']}/ ({reach})"


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("action", choices=("up", "down", "status"))
    parser.add_argument("--ttl-hours", type=int, default=DEFAULT_TTL_HOURS, help="hours until its end, 2 to 48")
    parser.add_argument("--email", action="append", help="who is told of the cost; may be given again")
    parser.add_argument("--max-workers", type=int, default=1, help="workers at most, 1 to 5")
    parser.add_argument("--public", action="store_true", help="pages for everybody with a login by IAM")
    parser.add_argument("--wheel", type=Path, help="payloom's wheel (default: built now)")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--plugin-dir", type=Path, help="folder with the provider (default: TF_PLUGIN_DIR, if any)")
    parser.add_argument("--folder", type=Path, default=ROOT / "deploy/terraform", help="Terraform's root module")
    given = parser.parse_args(arguments)
    if given.ttl_hours not in TTL_HOURS:
        parser.error(
            f"--ttl-hours {given.ttl_hours}: expected 2 to 48; creating it takes half an hour, and it is a demo"
        )
    if given.max_workers not in range(1, 6):
        parser.error(f"--max-workers {given.max_workers}: expected 1 to 5")
    return given


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; give the exit code."""
    given = parse(arguments)
    now = datetime.now(UTC)
    try:
        terraform = Terraform(given.folder, os.environ, plugin_folder(given.plugin_dir))
        if given.action == "up":
            return up(given, terraform, now)
        return down(given, terraform) if given.action == "down" else status(terraform, now)
    except (DemoError, TerraformError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("error: interrupted; make mwaa-status says what there is", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
