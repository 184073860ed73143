"""Start Airflow's API server with the one user of the stack. Standard library only.

The password comes in AIRFLOW_ADMIN_PASSWORD. Airflow's simple auth manager reads it from a file, which lies in memory
and which nobody else may read; without the file Airflow would draw a password and write it to its log.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

USER = "admin"


def write_password(file: Path, password: str) -> None:
    """Write the file, readable by this user alone."""
    file.unlink(missing_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as target:
        json.dump({USER: password}, target)


def main() -> None:
    """Write the password, then become the API server."""
    password = os.environ.pop("AIRFLOW_ADMIN_PASSWORD", "")
    if not password:
        sys.exit("error: AIRFLOW_ADMIN_PASSWORD is not set; run make compose-env")
    file = Path(os.environ["AIRFLOW_HOME"]) / "password.json"
    write_password(file, password)
    os.environ["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS"] = f"{USER}:admin"
    os.environ["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"] = str(file)
    os.execvp("airflow", ["airflow", "api-server", "--host", "0.0.0.0", "--port", "8080"])  # noqa: S104, S606, S607


if __name__ == "__main__":
    main()
