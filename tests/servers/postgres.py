"""A PostgreSQL server of its own for a test: Debian's programs, a temporary folder, 127.0.0.1 only."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scripts.local_server import free_ports

USER = "payloom"


def programs() -> Path | None:
    """Return the folder of `initdb` and `pg_ctl`; None where PostgreSQL is not installed."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    found = shutil.which("pg_ctl")
    if found:
        folders.append(Path(found).resolve().parent)
    return next((folder for folder in folders if (folder / "initdb").exists() and (folder / "pg_ctl").exists()), None)


@contextmanager
def postgres(database: str) -> Iterator[str]:
    """Run a server with one empty database and give its address; without an installation this raises.

    PostgreSQL refuses to run as root: then it runs as nobody.
    """
    folder = programs()
    if folder is None:
        raise FileNotFoundError("PostgreSQL is not installed")
    port = free_ports(["sql"])["sql"]
    with tempfile.TemporaryDirectory(prefix="payloom-pg-", ignore_cleanup_errors=True) as home:
        data, nobody = Path(home) / "data", []
        if os.geteuid() == 0:
            os.chown(home, pwd.getpwnam("nobody").pw_uid, -1)
            nobody = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]

        def run(*command: str) -> None:
            subprocess.run(
                [*nobody, *command], check=True, cwd=home, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
            )

        run(str(folder / "initdb"), "-D", str(data), "-U", USER, "--auth=trust", "--encoding=UTF8", "--no-sync")
        settings = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={home} -c fsync=off"
        control = (str(folder / "pg_ctl"), "-D", str(data), "-w", "-l", f"{home}/log")
        run(*control, "-o", settings, "start")
        try:
            run(str(folder / "createdb"), "-h", "127.0.0.1", "-p", str(port), "-U", USER, database)
            yield f"postgresql://{USER}@127.0.0.1:{port}/{database}"
        finally:
            run(*control, "-m", "immediate", "stop")
