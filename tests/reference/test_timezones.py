"""Offsets equal the IANA database's at any instant, on both sides of a change of clocks."""

import random
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from payloom.reference import load_timezones, offset_transitions

START = int(datetime(2000, 1, 1, tzinfo=UTC).timestamp())
END = int(datetime(2060, 1, 1, tzinfo=UTC).timestamp())


def offset_at(timezone: str, utc_seconds: int) -> int:
    moments, offsets = offset_transitions(timezone)
    return int(offsets[np.searchsorted(moments, utc_seconds, side="right") - 1])


@cache
def iana(timezone: str) -> ZoneInfo:
    # From the pinned package: the machine's own database may be older.
    with resources.files("tzdata").joinpath("zoneinfo", *timezone.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file)


def iana_offset(timezone: str, utc_seconds: int) -> int:
    offset = datetime.fromtimestamp(utc_seconds, UTC).astimezone(iana(timezone)).utcoffset()
    assert offset is not None
    return int(offset.total_seconds() / 60)


@pytest.mark.parametrize("timezone", load_timezones())
def test_random_instants_have_the_offset_of_the_iana_database(timezone: str) -> None:
    draw = random.Random(timezone)
    moments = [draw.randrange(START, END) for _ in range(300)]
    assert [offset_at(timezone, t) for t in moments] == [iana_offset(timezone, t) for t in moments]


@pytest.mark.parametrize("timezone", load_timezones())
def test_each_change_happens_at_its_very_second(timezone: str) -> None:
    moments, offsets = offset_transitions(timezone)
    assert moments[0] == START
    assert moments[-1] < END
    assert np.all(np.diff(moments) > 0)
    assert np.all(np.diff(offsets) != 0)
    for t in moments[1:].tolist():
        assert offset_at(timezone, t - 1) == iana_offset(timezone, t - 1)
        assert offset_at(timezone, t) == iana_offset(timezone, t)


# Dates of the change from the governments' announcements.
@pytest.mark.parametrize(
    ("timezone", "utc", "before", "after"),
    [
        ("Europe/Berlin", "2025-03-30T01:00", 60, 120),
        ("Europe/Berlin", "2025-10-26T01:00", 120, 60),
        ("Europe/London", "2025-03-30T01:00", 0, 60),
        ("America/New_York", "2025-03-09T07:00", -300, -240),
        ("America/New_York", "2025-11-02T06:00", -240, -300),
        ("America/Los_Angeles", "2025-03-09T10:00", -480, -420),
        ("Australia/Sydney", "2025-04-05T16:00", 660, 600),
        ("America/Sao_Paulo", "2019-02-17T02:00", -120, -180),
    ],
)
def test_clocks_change_on_the_published_day(timezone: str, utc: str, before: int, after: int) -> None:
    t = int(datetime.fromisoformat(utc + "+00:00").timestamp())
    assert (offset_at(timezone, t - 1), offset_at(timezone, t)) == (before, after)


@pytest.mark.parametrize(
    ("timezone", "minutes"), [("Asia/Tokyo", 540), ("Asia/Kolkata", 330), ("America/Phoenix", -420)]
)
def test_zones_without_summer_time_have_one_offset(timezone: str, minutes: int) -> None:
    assert offset_transitions(timezone)[1].tolist() == [minutes]


def test_offsets_change_only_on_whole_quarter_hours() -> None:
    """The plan gives a quarter hour one offset."""
    assert all(np.all(offset_transitions(timezone)[0] % 900 == 0) for timezone in load_timezones())


def test_nobody_can_change_the_shared_arrays() -> None:
    for array in offset_transitions("Europe/Berlin"):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(KeyError, match="Mars/Olympus"):
        offset_transitions("Mars/Olympus")
