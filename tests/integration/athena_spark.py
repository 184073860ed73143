"""Runs statements in Spark with Hive; started by the Python of .venv-athena, with a folder for everything it writes."""

import json
import sys
from pathlib import Path
from typing import Any


def session(home: Path) -> Any:
    """Start a session whose metastore lives in memory and whose ports are on loopback."""
    from pyspark.sql import SparkSession  # type: ignore[import-not-found] # of another environment

    java = f"-Dderby.system.home={home} -Dderby.stream.error.file={home / 'derby.log'} -Djava.io.tmpdir={home}"
    settings = {
        "spark.ui.enabled": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.extraJavaOptions": java,
        "spark.local.dir": str(home),
        "spark.sql.warehouse.dir": str(home / "warehouse"),
        "spark.sql.session.timeZone": "UTC",
        "spark.hadoop.javax.jdo.option.ConnectionURL": "jdbc:derby:memory:metastore;create=true",
    }
    builder = SparkSession.builder.master("local[2]")
    for name, value in settings.items():
        builder = builder.config(name, value)
    return builder.enableHiveSupport().getOrCreate()


def answer(spark: Any, statement: str) -> dict[str, Any]:
    """Run one statement and give its rows as texts, or what is wrong with it on one line."""
    try:
        return {"rows": [[str(value) for value in row] for row in spark.sql(statement).collect()]}
    except Exception as error:  # noqa: BLE001 - whatever the engine says is the answer
        return {"error": " ".join(f"{type(error).__name__}: {error}".split())[:500]}


def main(home: Path) -> None:
    """Answer the statements of a file in another file."""
    spark = session(home)
    statements = json.loads((home / "statements.json").read_text("utf-8"))
    answers = [answer(spark, statement) for statement in statements]
    (home / "answers.json").write_text(json.dumps(answers), "utf-8")
    spark.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
