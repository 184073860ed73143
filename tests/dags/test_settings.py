"""Settings of the DAGs: where they come from, and what is refused when a task runs."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

pytest.importorskip("airflow")

pytestmark = [pytest.mark.integration, pytest.mark.filterwarnings("ignore")]


def read(environment: dict[str, str] | None = None, variables: dict[str, str] | None = None) -> Any:
    """The settings of an environment and of Variables."""
    from payloom_task.settings import read_settings

    return read_settings(environment or {}, (variables or {}).get)


def test_the_environment_wins_over_the_variable_and_that_over_the_default():
    """Each setting has three places, and the nearest one counts."""
    found = read(
        {"PAYLOOM_BUCKET": "of-the-environment"}, {"payloom_bucket": "of-a-variable", "payloom_prefix": "team/a"}
    )
    assert (found.bucket, found.prefix, found.preset) == ("of-the-environment", "team/a", "airflow")
    assert read().bucket == "fraud-dl-raw"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("bucket", "s3://x"), ("bucket", ""), ("bucket", "Has-Capitals"), ("prefix", "/x"), ("prefix", "x/"),
        ("prefix", "x/../y"), ("prefix", "a b"), ("staging", ""), ("staging", ".."), ("config", "relative.toml"),
        ("glue_database", "a-b; drop"), ("mlflow_tracking_uri", "127.0.0.1:5000"), ("model_name", "a/b"),
        ("train_days", "0"), ("train_days", "-3"), ("train_days", "soon"), ("command", ""), ("preset", ""),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_refused_in_one_line_without_a_retry(name, value):
    """The line names both places of the setting, and never the value."""
    from payloom_task.names import AirflowFailException

    with pytest.raises(AirflowFailException) as caught:
        read({f"PAYLOOM_{name.upper()}": value})
    assert f"PAYLOOM_{name.upper()} (or the Variable payloom_{name})" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_every_problem_is_told_at_once():
    """Two wrong settings are two problems of one message."""
    from payloom_task.names import AirflowFailException

    with pytest.raises(AirflowFailException, match=r"PAYLOOM_BUCKET.*PAYLOOM_PREFIX"):
        read({"PAYLOOM_BUCKET": "X", "PAYLOOM_PREFIX": "/"})


def test_the_places_of_a_run_lie_below_the_prefix():
    """Data set, staging and reports of a day; two runs of one day stage in two places, one run always in the same."""
    from payloom_task.run import Run

    def run(run_id: str) -> Any:
        start, end = datetime(2026, 2, 28, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)
        return Run(settings=read({"PAYLOOM_PREFIX": "team/a"}), run_id=run_id, start=start, end=end)

    first = run("scheduled__2026-02-28T00:00:00+00:00")
    assert first.day == date(2026, 2, 28)
    assert first.dataset == "s3://fraud-dl-raw/team/a"
    assert first.reports == "s3://fraud-dl-raw/team/a/reports/day=2026-02-28"
    assert first.staging.startswith("s3://fraud-dl-raw/team/a/_staging/day=2026-02-28/")
    assert first.staging == run(first.run_id).staging
    assert first.staging != run("manual__2026-03-01T12:00:00+00:00").staging


def test_a_config_of_ones_own_takes_the_place_of_the_preset():
    """Preset and config never go together."""
    from payloom_task.run import Run

    assert Run(settings=read(), run_id="x").world == ["--preset", "airflow"]
    assert Run(settings=read({"PAYLOOM_CONFIG": "/etc/w.toml"}), run_id="x").world == ["--config", "/etc/w.toml"]
