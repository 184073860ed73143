"""Write deploy/.env for deploy/compose.yaml, with keys drawn on this machine. Run by `make compose-env`.

What stands in the file already is never changed, so it may be run again: it adds what is missing. No secret is shown.
"""

from __future__ import annotations

import base64
import os
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from scripts.local_server import ROOT, shown, write_private

FILE = ROOT / "deploy" / ".env"
EXAMPLE = ROOT / "deploy" / ".env.example"
ASSIGNMENT = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*")
#: Days that Airflow makes at the first start, as with `make airflow`.
WEEK_DAYS = 7


def fernet_key() -> str:
    """Draw a key as Fernet wants it: 32 bytes in URL-safe base64."""
    return base64.urlsafe_b64encode(os.urandom(32)).decode("ascii")


def password() -> str:
    """Draw 128 bits, in characters that need no quoting in a shell, an address or JSON."""
    return os.urandom(16).hex()


def signing_key() -> str:
    """Draw 512 bits: what HS512 signs with."""
    return os.urandom(64).hex()


def access_key() -> str:
    """Draw the name of an S3 key."""
    return os.urandom(10).hex().upper()


def secret_key() -> str:
    """Draw an S3 key."""
    return os.urandom(20).hex()


def first_day() -> str:
    """Give the day a week before today."""
    return str(datetime.now(UTC).date() - timedelta(days=WEEK_DAYS))


#: What is drawn for each name that has no value.
DRAWN: dict[str, Callable[[], str]] = {
    "AIRFLOW_ADMIN_PASSWORD": password,
    "AIRFLOW_FERNET_KEY": fernet_key,
    "AIRFLOW_SECRET_KEY": signing_key,
    "AIRFLOW_JWT_SECRET": signing_key,
    "POSTGRES_PASSWORD": password,
    "AIRFLOW_DB_PASSWORD": password,
    "MLFLOW_DB_PASSWORD": password,
    "S3_ADMIN_ACCESS_KEY": access_key,
    "S3_ADMIN_SECRET_KEY": secret_key,
    "PAYLOOM_S3_ACCESS_KEY": access_key,
    "PAYLOOM_S3_SECRET_KEY": secret_key,
    "MLFLOW_S3_ACCESS_KEY": access_key,
    "MLFLOW_S3_SECRET_KEY": secret_key,
    "PAYLOOM_FIRST_DAY": first_day,
}


def assigned(line: str) -> tuple[str, str] | None:
    """Give name and value of a line; None for any other line."""
    found = ASSIGNMENT.fullmatch(line)
    return (found[1], found[2].strip("'\"")) if found else None


def filled(text: str) -> tuple[str, list[str]]:
    """Give the text with every missing value drawn, and the names that were drawn."""
    lines, drawn = text.splitlines(), []
    # The last line of a name counts, as it does for Compose.
    last = {given[0]: number for number, line in enumerate(lines) if (given := assigned(line))}
    for name, draw in DRAWN.items():
        number = last.get(name)
        if number is None:
            lines.append(f"{name}={draw()}")
        elif not (assigned(lines[number]) or ("", ""))[1]:
            lines[number] = f"{name}={draw()}"
        else:
            continue
        drawn.append(name)
    return "\n".join(lines) + "\n", drawn


def main(file: Path = FILE, example: Path = EXAMPLE) -> int:
    """Write what is missing; give the exit code."""
    try:
        there = file.read_text("utf-8") if file.exists() else None
        text, drawn = filled(example.read_text("utf-8") if there is None else there)
        if drawn:
            write_private(file, text)
        file.chmod(0o600)
    except (OSError, ValueError) as error:
        print(f"error: {shown(file)}: {error}; make that folder writable, or mend the file", file=sys.stderr)
        return 1
    if drawn:
        print(f"{shown(file)} has new values for {', '.join(drawn)}")
    else:
        print(f"{shown(file)} has every value; nothing was changed")
    print(
        f"  Airflow's user is admin; its password is AIRFLOW_ADMIN_PASSWORD in {shown(file)}, which only you may read"
    )
    print("  make compose-up   starts everything")
    return 0


if __name__ == "__main__":
    sys.exit(main())
