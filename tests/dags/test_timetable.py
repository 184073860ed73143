"""The day of the world is the data interval of the run."""

from datetime import UTC, date, datetime, timedelta, timezone
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("airflow")

from tests.dags.conftest import DAGS

pytestmark = [pytest.mark.integration, pytest.mark.filterwarnings("ignore")]


def dags() -> Any:
    """The DAGs by their ids."""
    try:
        from airflow.dag_processing.dagbag import DagBag
    except ImportError:
        from airflow.models.dagbag import DagBag
    return DagBag(str(DAGS)).dags


def timetable_of(dag_id: str) -> Any:
    """The timetable of a DAG as the scheduler uses it."""
    found = dags()[dag_id].timetable
    try:
        from airflow.serialization.encoders import coerce_to_core_timetable
    except ImportError:
        return found
    return coerce_to_core_timetable(found)


def run_of_interval(start: datetime | None, end: datetime | None, **settings: str) -> Any:
    """What a run with this data interval works on."""
    from payloom_task.run import run_of
    from payloom_task.settings import Settings

    dag_run = SimpleNamespace(run_id="a_run", data_interval_start=start, data_interval_end=end)
    return run_of({"dag_run": dag_run}, Settings(**settings))


def after(timetable: Any, day: date) -> Any:
    """The run that follows the one of a day: when it starts, and its interval."""
    import pendulum
    from airflow.timetables.base import DataInterval, TimeRestriction

    start = pendulum.datetime(day.year, day.month, day.day)
    info = timetable.next_dagrun_info(
        last_automated_data_interval=DataInterval(start=start.subtract(days=1), end=start),
        restriction=TimeRestriction(earliest=pendulum.datetime(2020, 1, 1), latest=None, catchup=True),
    )
    return info.run_after, info.data_interval.start, info.data_interval.end


@pytest.mark.parametrize(
    "day",
    [
        date(2026, 1, 1),  # a new year
        date(2026, 1, 31),  # the last day of a month
        date(2026, 2, 28),
        date(2028, 2, 28),
        date(2028, 2, 29),  # the leap day
        date(2026, 3, 29),  # clocks change in Europe
        date(2026, 11, 1),  # clocks change in America
        date(2026, 12, 31),
    ],
)
def test_a_run_makes_the_day_of_its_interval_after_it_is_over(day):
    """Each day gets one run, which starts at the midnight that ends the day, in UTC, and names that day."""
    run_after, start, end = after(timetable_of("generate_payments"), day)
    assert run_of_interval(start, end).day == day
    assert end - start == timedelta(days=1)
    assert run_after == end == datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)


def test_the_days_of_four_years_follow_one_another():
    """1,461 runs in a row name 1,461 days in a row, so no day is missing or there twice."""
    timetable = timetable_of("generate_payments")
    expected, named = date(2025, 12, 31), []
    for _ in range(1461):
        _, start, end = after(timetable, expected)
        named.append(run_of_interval(start, end).day)
        expected += timedelta(days=1)
    assert named == [date(2025, 12, 31) + timedelta(days=number) for number in range(1461)]


def test_a_week_is_monday_to_sunday():
    """The weekly profile reads the seven days before the Monday on which it runs."""
    import pendulum
    from airflow.timetables.base import DataInterval, TimeRestriction

    info = timetable_of("profile_payments").next_dagrun_info(
        last_automated_data_interval=DataInterval(
            start=pendulum.datetime(2026, 2, 16, 3), end=pendulum.datetime(2026, 2, 23, 3)
        ),
        restriction=TimeRestriction(earliest=None, latest=None, catchup=True),
    )
    run = run_of_interval(info.data_interval.start, info.data_interval.end)
    assert run.week == (date(2026, 2, 23), date(2026, 3, 2))
    assert run.week[0].weekday() == 0
    assert run.profiles == "s3://fraud-dl-raw/profiles/week=2026-03-02"


def test_a_manual_run_makes_the_last_whole_day_before_its_logical_date():
    """Midnight and noon of a day both mean the day before it."""
    import pendulum

    timetable = timetable_of("generate_payments")
    for hour in (0, 12):
        interval = timetable.infer_manual_data_interval(run_after=pendulum.datetime(2026, 3, 1, hour))
        assert run_of_interval(interval.start, interval.end).day == date(2026, 2, 28)


def test_a_run_without_a_data_interval_is_refused_in_one_line():
    """Whoever triggers without a logical date learns what to do, and Airflow does not try again."""
    from payloom_task.names import AirflowFailException

    with pytest.raises(AirflowFailException, match=r"has no data interval.*airflow backfill create") as caught:
        _ = run_of_interval(None, None).day
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 3, tzinfo=UTC), "not one day"),
        (datetime(2026, 1, 1, 6, tzinfo=UTC), datetime(2026, 1, 2, 6, tzinfo=UTC), "whole days"),
        (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC), "whole days"),
        (
            datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=2))),
            datetime(2026, 1, 2, tzinfo=timezone(timedelta(hours=2))),
            "whole days",
        ),
    ],
)
def test_an_interval_that_is_no_day_is_refused(start, end, words):
    """An interval given by hand must be one whole day in UTC."""
    from payloom_task.names import AirflowFailException

    with pytest.raises(AirflowFailException, match=words):
        _ = run_of_interval(start, end).day


@pytest.mark.parametrize(
    ("weekday", "days", "trains"),
    [("7", ["2026-03-01"], True), ("7", ["2026-03-02"], False), ("7", ["2026-03-01", "2026-03-02"], True),
     ("7", [], True), ("", ["2026-03-02"], True), ("1", ["2026-03-02"], True)],
)  # fmt: skip
def test_an_upload_starts_a_training_once_a_week(weekday, days, trains):
    """After a Sunday, or the day that the setting names; a run that a person starts always trains."""
    from payloom_task.run import Run
    from payloom_task.settings import Settings

    settings = Settings(train_weekday=weekday, mlflow_tracking_uri="http://127.0.0.1:5000")
    run = Run(settings=settings, run_id="r", uploaded=tuple(map(date.fromisoformat, days)))
    reason = dags()["train_baseline"].get_task("train").skip(run)
    assert bool(reason) is not trains
    assert trains or "PAYLOOM_TRAIN_WEEKDAY=7" in reason


def test_training_reads_up_to_the_newest_day_that_was_uploaded():
    """Days may come in any order; the newest of the events counts, and without events the data interval's end."""
    from airflow.sdk.execution_time.comms import AssetEventDagRunReferenceResult
    from airflow.sdk.execution_time.context import TriggeringAssetEventsAccessor
    from payloom_task.run import run_of
    from payloom_task.settings import Settings

    by_time = run_of_interval(datetime(2026, 2, 23, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC), train_days="10")
    assert by_time.training_days == (date(2026, 2, 20), date(2026, 3, 2))
    events = [
        AssetEventDagRunReferenceResult(
            asset={"name": "payloom_payments", "uri": "payloom_payments", "extra": {}},
            extra=extra,
            source_task_id="upload_to_s3",
            source_dag_id="generate_payments",
            source_run_id="a_run",
            source_map_index=-1,
            source_aliases=[],
            timestamp=datetime(2026, 3, 11, tzinfo=UTC),
        )
        # The last one was made by hand.
        for extra in ({"day": "2026-03-04"}, {"day": "2026-03-09"}, {"day": "2026-03-05"}, {"from_rest_api": True})
    ]
    context = {
        "dag_run": SimpleNamespace(run_id="asset_triggered", data_interval_start=None, data_interval_end=None),
        "triggering_asset_events": TriggeringAssetEventsAccessor.build(events),
    }
    by_event = run_of(context, Settings(train_days="10"))
    assert by_event.training_days == (date(2026, 2, 28), date(2026, 3, 10))
