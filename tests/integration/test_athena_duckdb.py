"""The statements for DuckDB run as they are printed on a bucket, after a secret that the user makes."""

import json
import subprocess
from pathlib import Path

import pytest

from payloom.catalog.published import published, rows_of
from payloom.pipeline.catalog import ddl
from payloom.schema import TABLES
from payloom.storage.local import LocalStore
from tests.catalog.worlds import write_world
from tests.integration.athena_tools import environment
from tests.servers.seaweed import SeaweedServer

pytestmark = pytest.mark.integration

#: The extension that reads S3 comes from a package: no test downloads it.
RUN = """
import json, sys
from pathlib import Path
import duckdb, duckdb_extension_httpfs
asked = json.load(sys.stdin)
(extension,) = Path(duckdb_extension_httpfs.__file__).parent.rglob("httpfs.duckdb_extension")
database = duckdb.connect()
database.execute(f"LOAD '{extension}'")
database.execute(asked["secret"])
database.execute(asked["script"])
print(json.dumps({query: database.execute(query).fetchall() for query in asked["queries"]}))
"""


def test_views_on_a_bucket_count_what_the_manifest_lists(s3_server: SeaweedServer, tmp_path: Path) -> None:
    """All tables of a data set in a bucket are there, and a month is a number."""
    folder = write_world(tmp_path / "data")
    bucket, speaker = s3_server.bucket(), s3_server.client()
    for path in folder.rglob("*.parquet"):
        speaker.upload_file(str(path), bucket, f"runs/a/{path.relative_to(folder).as_posix()}")
    secret = (
        f"CREATE SECRET (TYPE s3, KEY_ID '{s3_server.access_key}', SECRET '{s3_server.secret_key}', "
        f"ENDPOINT '{s3_server.endpoint.removeprefix('http://')}', URL_STYLE 'path', USE_SSL false)"
    )
    counts = {f"SELECT COUNT(*) FROM payloom.{name}": name for name in TABLES}
    january = "SELECT COUNT(*), MIN(month(event_time)), MAX(month(event_time)) FROM payloom.payments WHERE month = 1"
    asked = {
        "secret": secret,
        "script": ddl(f"s3://{bucket}/runs/a", "duckdb"),
        "queries": ["SET TimeZone = 'UTC'", *counts, january],
    }
    done = subprocess.run(
        [str(environment()), "-c", RUN],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env=s3_server.env() | {"HOME": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr[-1000:]
    answers = json.loads(done.stdout)
    listed = published(LocalStore(folder))
    assert {name: answers[query][0][0] for query, name in counts.items()} == (
        {name: rows_of(listed, table) for name, table in TABLES.items()}
    )
    ((rows, first, last),) = answers[january]
    assert rows > 0
    assert (first, last) == (1, 1)
