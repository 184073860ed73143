"""Settings of the DAGs.

The environment (`PAYLOOM_<NAME>`) wins, then the Airflow Variable `payloom_<name>`, then a default. They are read when
a task runs, never while a DAG is parsed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

from airflow.sdk import Variable

from payloom_task.names import AirflowFailException

_PART: Final = r"[A-Za-z0-9!_.*'()=-]+"
_ALLOWED: Final = {
    "bucket": (r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", "the name of a bucket, such as fraud-dl-raw"),
    "prefix": (rf"({_PART}(/{_PART})*)?", "a prefix without / at its ends, such as team/fraud"),
    "preset": (r"[a-z0-9_-]*", "the name of a preset, such as airflow"),
    "staging": (rf"{_PART}(/{_PART})*", "a prefix without / at its ends, such as _staging"),
    "reports": (rf"{_PART}(/{_PART})*", "a prefix without / at its ends, such as reports"),
    "profiles": (rf"{_PART}(/{_PART})*", "a prefix without / at its ends, such as profiles"),
    "glue_database": (r"[a-z0-9_]{0,255}", "the name of a database in Glue, or nothing"),
    "mlflow_tracking_uri": (r"([a-z][a-z0-9+.-]*://?\S+)?", "an address such as http://127.0.0.1:5000"),
    "model_name": (r"[^/:\s]+", "a name without / and :"),
    "aws_conn_id": (r"[\w.-]*", "the id of a connection, or nothing"),
    "train_days": (r"[1-9]\d{0,4}", "a number of days, such as 180"),
    "train_weekday": (r"[1-7]?", "1 (Monday) to 7 (Sunday), or nothing"),
}
"""What each setting may be: a pattern of the whole text, and in words."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a task works with.

    Attributes
    ----------
    command
        payloom's executable: a name on the PATH, or the path of one in another environment.
    bucket, prefix
        Where the data set lies: `s3://bucket/prefix`.
    preset, config
        The world: a preset, or the path of a TOML file, which wins.
    staging, reports, profiles
        Prefixes below the data set's for days that were not judged yet, for Data Docs and for profiles.
    glue_database
        Database of the Glue Data Catalog; empty for none.
    mlflow_tracking_uri
        MLflow server; empty for `MLFLOW_TRACKING_URI` of the worker.
    model_name
        Name under which models are registered.
    train_days
        Days before the newest one that a training reads.
    train_weekday
        An upload starts a training if it has such a day: 1 is Monday, 7 Sunday; empty for every day.
    aws_conn_id
        Connection with credentials, region and endpoint; the worker's own AWS settings if it does not exist.
    """

    command: str = "payloom"
    bucket: str = "fraud-dl-raw"
    prefix: str = ""
    preset: str = "airflow"
    config: str = ""
    staging: str = "_staging"
    reports: str = "reports"
    profiles: str = "profiles"
    glue_database: str = ""
    mlflow_tracking_uri: str = ""
    model_name: str = "payloom-baseline"
    train_days: str = "180"
    train_weekday: str = "7"
    aws_conn_id: str = "aws_default"

    def problems(self) -> list[str]:
        """Return what is wrong, a line for each setting."""
        # A value may hold a password, so it is not repeated.
        found = [
            f"PAYLOOM_{name.upper()} (or the Variable payloom_{name}): expected {words}"
            for name, (pattern, words) in _ALLOWED.items()
            if not re.fullmatch(pattern, getattr(self, name)) or _climbs(getattr(self, name))
        ]
        if not self.command or "\0" in self.command:
            found.append("PAYLOOM_COMMAND (or the Variable payloom_command): expected a program, such as payloom")
        if self.config and not Path(self.config).is_absolute():
            found.append("PAYLOOM_CONFIG (or the Variable payloom_config): expected the whole path of a TOML file")
        if not (self.config or self.preset):
            found.append("PAYLOOM_PRESET (or the Variable payloom_preset): expected a preset, or set PAYLOOM_CONFIG")
        return found


def _climbs(text: str) -> bool:
    return "/../" in f"/{text}/" or "/./" in f"/{text}/"


def read_settings(
    environment: Mapping[str, str] = os.environ, variable: Callable[[str], str | None] | None = None
) -> Settings:
    """Return the settings as they are now.

    Raises
    ------
    AirflowFailException
        With every problem in one line: no retry helps.
    """
    look_up = variable or _variable
    given = {}
    for name in (field.name for field in fields(Settings)):
        value = environment.get(f"PAYLOOM_{name.upper()}")
        value = look_up(f"payloom_{name}") if value is None else value
        if value is not None:
            given[name] = value.strip()
    settings = Settings(**given)
    if problems := settings.problems():
        raise AirflowFailException("settings of payloom: " + "; ".join(problems))
    return settings


def _variable(name: str) -> str | None:
    value = Variable.get(name, default=None)
    return None if value is None else str(value)
