"""Stands where payloom would: ends in the way that its first argument names, and counts how often it was asked."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import NoReturn

CODES = {"config": 2, "gate": 3, "conflict": 4, "storage": 5, "corruption": 7, "bug": 1, "transient_always": 6}
case, *arguments = sys.argv[1:]
folder = Path(os.environ["CASES"])
calls = folder / f"{case}.calls"
with calls.open("a") as file:
    file.write(json.dumps({"arguments": arguments, "environment": dict(os.environ), "pid": os.getpid()}) + "\n")


def fail(code: int, **more: str) -> NoReturn:
    """Leave as payloom does."""
    answer = {
        "status": "error",
        "exit_code": code,
        "error": f"the error of {case}",
        "fix": f"the fix of {case}",
        **more,
    }
    print(f"error: {answer['error']}", file=sys.stderr)
    print(json.dumps(answer))
    sys.exit(code)


if case == "gate":
    results = [{"rule": f"payments.rule_{n}", "verdict": "failed" if n < 7 else "passed"} for n in range(9)]
    print(json.dumps({"status": "error", "exit_code": 3, "docs": "s3://b/reports/index.html", "results": results}))
    sys.exit(3)
if case in CODES:
    fail(CODES[case])
if case == "transient" and len(calls.read_text().splitlines()) == 1:
    fail(6)
if case == "scarce":
    fail(2, error="too little of everything")
if case in {"killed", "terminated"} and len(calls.read_text().splitlines()) == 1:
    os.kill(os.getpid(), signal.SIGKILL) if case == "killed" else sys.exit(143)
if case == "no_json":
    print("12 rows, all of them good")
    sys.exit()
if case == "no_answer":
    print("[]")
    sys.exit()
if case == "silent":
    sys.exit(9)
if case == "flood":
    for number in range(50_000):
        print(f"flood {number}", file=sys.stderr)
if case == "secrets":
    print("key", os.environ["AWS_SECRET_ACCESS_KEY"], file=sys.stderr)
    print("server", os.environ["MLFLOW_TRACKING_URI"], file=sys.stderr)
    print(json.dumps({"location": os.environ["AWS_SECRET_ACCESS_KEY"], "rows": 1}))
    sys.exit()
if case == "too_slow":
    code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
    child = subprocess.Popen([sys.executable, "-c", code])
    (folder / "too_slow.pids").write_text(f"{os.getpid()} {child.pid}")
    time.sleep(600)
answer = {
    "location": "s3://b/p",
    "rows": 12,
    "deep": {"run_id": "r1"},
    "table": [1, 2],
    "text": "x" * 10_000,
    "rest": 1,
}
if case == "large_answer":
    answer["results"] = [{"rule": "x" * 100}] * 20_000
print("said on the way", file=sys.stderr)
print(json.dumps(answer))
