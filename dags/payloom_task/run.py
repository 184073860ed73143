"""What one run of a DAG works on: its days and its places in the bucket."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from payloom_task.defaults import PAYMENTS
from payloom_task.names import AirflowFailException
from payloom_task.settings import Settings

DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Run:
    """Days and places of a run.

    Attributes
    ----------
    settings
        The settings.
    run_id
        Airflow's name of the run.
    start, end
        The data interval; None where the run has none.
    uploaded
        The days that the events which triggered the run told of; none if a person or a timetable did.
    """

    settings: Settings
    run_id: str
    start: datetime | None = None
    end: datetime | None = None
    uploaded: tuple[date, ...] = ()

    @property
    def world(self) -> list[str]:
        """Options that name the world."""
        settings = self.settings
        return ["--config", settings.config] if settings.config else ["--preset", settings.preset]

    @property
    def day(self) -> date:
        """The one day of the run.

        Raises
        ------
        AirflowFailException
            If the run has no data interval, or one that is no UTC day.
        """
        first, end = self.days
        if end - first != DAY:
            raise AirflowFailException(f"the data interval of {self.run_id} is {first} to {end}, not one day")
        return first

    @property
    def days(self) -> tuple[date, date]:
        """First day of the run, and the day after its last.

        Raises
        ------
        AirflowFailException
            If the run has no data interval, or one that does not consist of whole UTC days.
        """
        if self.start is None or self.end is None:
            raise AirflowFailException(
                f"{self.run_id} has no data interval, so it names no day: trigger it with a logical date, "
                "or use `airflow backfill create`"
            )
        start, end = self.start.astimezone(UTC), self.end.astimezone(UTC)
        if not start < end or any(
            (one.hour, one.minute, one.second, one.microsecond) != (0, 0, 0, 0) for one in (start, end)
        ):
            raise AirflowFailException(
                f"the data interval of {self.run_id}, {start:%Y-%m-%dT%H:%M:%SZ} to {end:%Y-%m-%dT%H:%M:%SZ}, "
                "is not made of whole days in UTC"
            )
        return start.date(), end.date()

    @property
    def week(self) -> tuple[date, date]:
        """The seven days before the day on which the data interval ends, and that day.

        Raises
        ------
        AirflowFailException
            If the run has no data interval.
        """
        if self.end is None:
            return self.days
        end = self.end.astimezone(UTC).date()
        return end - 7 * DAY, end

    @property
    def training_days(self) -> tuple[date, date]:
        """First day to train on, and the day after the last: the newest day that was uploaded, else the interval's."""
        end = max(self.uploaded) + DAY if self.uploaded else self.week[1]
        return end - int(self.settings.train_days) * DAY, end

    @property
    def dataset(self) -> str:
        """Address of the data set."""
        return self._place()

    @property
    def staging(self) -> str:
        """Address of this run's day until it is judged; a run of its own, so that none clears what another reads."""
        return self._place(
            self.settings.staging, f"day={self.day}", hashlib.sha256(self.run_id.encode()).hexdigest()[:12]
        )

    @property
    def reports(self) -> str:
        """Address of the Data Docs of this run's day."""
        return self._place(self.settings.reports, f"day={self.day}")

    @property
    def profiles(self) -> str:
        """Address of the profile of the week that ends with this run."""
        return self._place(self.settings.profiles, f"week={self.week[1]}")

    def _place(self, *below: str) -> str:
        return "/".join(part for part in (f"s3://{self.settings.bucket}", self.settings.prefix, *below) if part)


def run_of(context: Mapping[str, Any], settings: Settings) -> Run:
    """Return what the run of a task's context works on."""
    dag_run = context["dag_run"]
    return Run(
        settings=settings,
        run_id=dag_run.run_id,
        start=dag_run.data_interval_start,
        end=dag_run.data_interval_end,
        uploaded=_uploaded(context),
    )


def _uploaded(context: Mapping[str, Any]) -> tuple[date, ...]:
    events = context.get("triggering_asset_events")
    # Not of an empty dict: an asset of Airflow 3.0 is no key of one.
    told = events.get(PAYMENTS, ()) if events else ()
    return tuple(sorted(date.fromisoformat(event.extra["day"]) for event in told if "day" in event.extra))
