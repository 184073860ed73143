"""Histories give what a plain loop over the earlier events gives."""

from __future__ import annotations

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from payloom.features.history import DAY_MS, HOUR_MS, Codes, History, Ints, first_times
from payloom.features.past import Past

EVENTS = st.lists(
    st.tuples(st.integers(-1, 3), st.integers(0, 3 * DAY_MS), st.integers(-9, 9)), min_size=1, max_size=40
)
"""Key, time and value; many events share a key."""

CLOSE = st.lists(st.tuples(st.integers(-1, 2), st.integers(0, 60), st.integers(-1, 3)), min_size=1, max_size=60)
"""The same within 60 milliseconds: ties, and many events in a window."""


def columns(events: list[tuple[int, int, int]]) -> tuple[Codes, Ints, Ints]:
    """Keys, times and values."""
    codes, times, values = (np.array(column, dtype=np.int64) for column in zip(*events, strict=True))
    return codes.astype(np.int32), times, values


@given(EVENTS, st.sampled_from([None, HOUR_MS, DAY_MS]))
def test_histories_agree_with_a_plain_loop(events, window) -> None:
    """Counts, sums, last values and times are those of a loop over strictly earlier events of the key."""
    events.sort(key=lambda event: event[1])
    codes, times, numbers = columns(events)
    values = numbers.astype(np.float64)
    history = History(codes, times, codes, times)
    made = zip(history.count(window), history.total(values, window), history.last(values), strict=True)
    for (key, now, _), (count, total, last) in zip(events, made, strict=True):
        before = [e for e in events if e[0] == key and e[1] < now]
        near = [e for e in before if window is None or e[1] >= now - window]
        if key < 0:
            assert np.isnan([count, total, last]).all()
            continue
        assert (count, total) == (len(near), sum(value for _, _, value in near))
        assert np.isnan(last) if not before else last == before[-1][2]


@given(CLOSE, st.sampled_from([None, 1, 7, 30, 100]))
def test_the_largest_value_is_that_of_the_window(events, window) -> None:
    """The maximum is that of strictly earlier events within the window, NaN if there are none."""
    events.sort(key=lambda event: event[1])
    codes, times, values = columns(events)
    made = History(codes, times, codes, times).maximum(values, window)
    for (key, now, _), largest in zip(events, made, strict=True):
        near = [v for k, t, v in events if k == key >= 0 and t < now and (window is None or t >= now - window)]
        assert np.isnan(largest) if not near else largest == max(near)


@given(CLOSE, st.sampled_from([1, 7, 30]), st.sampled_from([0, 3, 20]))
def test_a_window_can_end_some_time_before(events, window, delay) -> None:
    """With a delay the window moves into the past; its end is as open as ever."""
    events.sort(key=lambda event: event[1])
    codes, times, values = columns(events)
    history = History(codes, times, codes, times)
    made = zip(history.count(window, delay_ms=delay), history.total(values, window, delay_ms=delay), strict=True)
    for (key, now, _), (count, total) in zip(events, made, strict=True):
        near = [v for k, t, v in events if k == key >= 0 and now - delay - window <= t < now - delay]
        assert np.isnan([count, total]).all() if key < 0 else (count, total) == (len(near), sum(near))


@given(CLOSE, st.sampled_from([1, 7, 30, 100]))
def test_distinct_values_are_those_of_the_window(events, window) -> None:
    """Distinct values are counted over strictly earlier events of the window; a null is no value."""
    events.sort(key=lambda event: event[1])
    keys, times, values = columns(events)
    frame = pl.DataFrame({"event_time": times, "card_id": keys, "merchant_id": values}).with_columns(
        pl.from_epoch("event_time", "ms").dt.replace_time_zone("UTC"),
        pl.col("card_id", "merchant_id").replace(-1, None),
    )
    made = Past(frame).distinct("card_id", "merchant_id", window)
    for (key, now, _), found in zip(events, made, strict=True):
        near = {v for k, t, v in events if k == key and now - window <= t < now and v >= 0}
        assert np.isnan(found) if key < 0 else found == len(near)


@given(CLOSE)
def test_the_first_of_a_key_is_marked(events) -> None:
    """The first row of each key is marked, rows without a key are not."""
    codes = np.array([key for key, _, _ in events], dtype=np.int32)
    seen: set[int] = {-1}
    for code, first in zip(codes.tolist(), first_times(codes), strict=True):
        assert first == (code not in seen)
        seen.add(code)


def test_sums_don_t_depend_on_other_keys() -> None:
    """A key's sum of cents is exact beside a key with billions."""
    codes = np.array([0, 1, 0, 1, 0], dtype=np.int32)
    values = np.array([10**15, 1, 10**15, 2, 0], dtype=np.int64)
    times = np.arange(5, dtype=np.int64)
    asking = np.array([1], dtype=np.int32)
    assert History(codes, times, asking, np.array([9])).total(values).tolist() == [3.0]
