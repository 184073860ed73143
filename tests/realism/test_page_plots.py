"""Numbers, intervals and pictures of the page say what was measured."""

from __future__ import annotations

import re

import pytest

from payloom.realism.page_plots import Curve, Frame, curves, plot, ticks
from payloom.realism.page_strip import strip
from payloom.realism.page_text import LONGEST_NAME, interval, number, shown
from payloom.realism.page_view import fact_groups, probes
from payloom.realism.results import Histogram
from tests.realism.page_report import fact, leak


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.0838, "share", "8.38 %"),
        (1.0, "share", "100 %"),
        (47.7, "USD", "$47.7"),
        (-1.24, "slope", "−1.24"),
        (1_234_567.0, "", "1,234,567"),
        (13.0, "", "13"),
        (100.0, "days", "100 days"),
        (0.0, "share", "0 %"),
        (-0.0, "", "0"),
        (1.38, "ratio", "1.38 ×"),
        (0.00000001, "", "1.00e-08"),
        (float("nan"), "", "–"),
        (float("-inf"), "", "−∞"),
        (None, "USD", "–"),
    ],
)
def test_numbers_have_three_digits_and_their_unit(value: float | None, unit: str, text: str):
    """Numbers are written as a person of the trade would write them."""
    assert number(value, unit) == text


@pytest.mark.parametrize(
    ("low", "high", "unit", "text"),
    [
        (42, 64, "USD", "$42 – 64"),
        (0.2, 0.27, "share", "20 – 27 %"),
        (7, 7, "shapes", "7 shapes"),
        (float("-inf"), 3, "days", "at most 3 days"),
        (0.5, float("inf"), "", "at least 0.5"),
    ],
)
def test_an_interval_says_its_unit_once(low: float, high: float, unit: str, text: str):
    """Both ends and one unit; open ends in words."""
    assert interval(low, high, unit) == text


def test_names_are_cut_and_nothing_in_them_is_invisible():
    """A long name ends in an ellipsis; controls and marks of direction are written out."""
    assert shown("a" * 1_000) == "a" * (LONGEST_NAME - 1) + "…"
    assert shown("a\x00b\u202ec\ud800") == "a\\x00b\\u202ec\\ud800"
    assert len(shown("\U0010ffff" * 1_000)) == LONGEST_NAME
    assert shown("Zürich 東京 №1") == "Zürich 東京 №1"


@pytest.mark.parametrize(
    ("low", "high", "value", "side", "beyond"),
    [
        (42.0, 64.0, 42.0, "low", 0),
        (42.0, 64.0, 64.0, "high", 0),
        (42.0, 64.0, 50.0, "inside", 0),
        (42.0, 64.0, 40.0, "left", 0),
        (42.0, 64.0, 70.0, "right", 0),
        (42.0, 64.0, -9_000.0, "left", -1),
        (42.0, 64.0, 9_000.0, "right", 1),
        (1.0, 1_000_000.0, 1_000.0, "inside", 0),
        (1.0, 1_000_000.0, 0.0, "left", -1),
        (7.0, 7.0, 7.0, "low", 0),
        (7.0, 7.0, 6.0, "left", -1),
        (-1.3, -0.9, -1.1, "inside", 0),
        (float("-inf"), 5.0, -50.0, "inside", 0),
        (float("-inf"), 5.0, 8.0, "right", 0),
        (float("-inf"), 5.0, 60.0, "right", 1),
        (5.0, float("inf"), 4.0, "left", 0),
    ],
)
def test_the_mark_stands_where_the_value_is(low: float, high: float, value: float, side: str, beyond: int):
    """A mark is inside the shaded band exactly when the value is in the interval; far ones become arrows."""
    drawn = strip(low, high, value, "")
    assert drawn.dot is not None
    where = {
        "low": drawn.dot == drawn.low,
        "high": drawn.dot == drawn.high,
        "inside": drawn.low <= drawn.dot <= drawn.high,
        "left": drawn.dot < drawn.low,
        "right": drawn.dot > drawn.high,
    }
    assert where[side], drawn
    assert drawn.beyond == beyond
    assert 0 <= drawn.low <= drawn.high <= 100
    assert 0 < drawn.dot < 100


def test_a_fact_without_a_value_has_a_band_and_no_mark():
    """What could not be measured shows what would be accepted."""
    assert strip(42, 64, None, "").dot is None
    assert strip(42, 64, None, "").low < strip(42, 64, None, "").high
    line = fact_groups([fact(value=None)])[0].lines[0]
    assert (line.state, line.measured) == ("none", "–")


def test_groups_keep_the_order_of_the_report():
    """Groups stand in the order in which they first come."""
    groups = fact_groups([fact(group="B"), fact(group="A"), fact("x", 99.0, group="B")])
    assert [group.name for group in groups] == ["B", "A"]
    assert [line.state for line in groups[0].lines] == ["bad", "good"]


def test_leaks_are_sorted_with_those_found_first():
    """Found leaks lead, then the highest AUC; what must tell nothing has a list and a scale of its own."""
    telling, chance = probes(
        [leak("b", 0.7), leak("a", 0.8), leak("c", 0.95), leak("d", 0.99, verdict="too few"), leak("id", 0.54, 0.53)]
    )
    assert [line.name for line in telling.lines] == ["c", "a", "b", "d"]
    assert [(line.name, line.state) for line in chance.lines] == [("id", "bad")]
    assert telling.lines[1].bar == 60.0
    assert chance.top == "0.55"
    assert chance.lines[0].bar == 80.0
    assert chance.lines[0].mark == 60.0


@pytest.mark.parametrize(
    ("x", "series", "form"),
    [
        ((0.0, 1.0, 2.0), {"genuine": (0.5, 0.5), "fraud": (0.1, 0.9)}, "picture"),
        (("a", "b"), {"genuine": (0.5, 0.5), "fraud": (0.1, 0.9)}, "picture"),
        (("a long name", "b"), {"genuine": (0.5, 0.5), "fraud": (0.1, 0.9)}, "rows"),
        (("a", "b"), {"p": (0.5, 0.5), "q": (0.1, 0.9), "r": (0.1, 0.9)}, "heat"),
        (("a", "b"), {"genuine": (float("nan"), 0.5), "fraud": (float("inf"), 0.1)}, "picture"),
        (("a", "b"), {"genuine": (0.0, 0.0)}, "empty"),
        ((), {"genuine": ()}, "empty"),
        ((), {}, "empty"),
    ],
)
def test_the_form_follows_the_table(x: tuple, series: dict, form: str):
    """Edges give steps, short labels columns, long ones rows, many series shades, and nothing nothing."""
    assert plot(Histogram("title", "x", x, series)).form == form


def test_steps_rise_to_their_values():
    """The higher of two bins is drawn higher, and the outline covers the whole axis."""
    drawn = plot(Histogram("title", "x", (0.0, 10.0, 20.0), {"genuine": (0.2, 0.8)})).picture
    assert drawn is not None
    outline = next(shape.d for shape in drawn.shapes if shape.look.startswith("area"))
    base, low, high, end = (
        float(y) for y in re.findall(r"V([\d.]+)", f"V{outline.split(' ')[1].split('V')[0]}{outline}")[:4]
    )
    assert base == end > low > high
    assert base - high == pytest.approx(4 * (base - low), abs=0.5)
    assert {"0", "10", "20"} <= {label.text for label in drawn.labels}


def test_labels_of_an_axis_do_not_touch():
    """Twelve months fit by leaving some out, evenly; amounts keep the round edges."""
    months = plot(Histogram("t", "x", tuple(f"2025-{m:02d}" for m in range(1, 13)), {"genuine": (0.1,) * 12})).picture
    amounts = plot(
        Histogram("t", "x", tuple(round(10 ** (n / 5), 2) for n in range(21)), {"genuine": (0.1,) * 20})
    ).picture
    assert months is not None
    assert amounts is not None
    shown_months = [label.text for label in months.labels if label.text.startswith("2025")]
    assert 3 <= len(shown_months) < 12
    assert {"1", "10", "100", "1,000", "10,000"} <= {label.text for label in amounts.labels}


def test_ticks_are_round_and_inside():
    """Axes are labelled at round numbers between their ends."""
    assert ticks(0, 1) == (0, 0.25, 0.5, 0.75, 1)
    assert ticks(0, 0.0061) == (0, 0.002, 0.004, 0.006)
    assert ticks(3, 3) == (3,)


def test_curves_start_and_end_where_their_points_do():
    """A line from corner to corner of its ranges runs from corner to corner of the picture."""
    frame = Frame(0, 1, 0, 1)
    drawn = curves("d", [Curve("model", ((0.0, 0.0), (1.0, 1.0)), 0)], frame, x_label="x", diagonal=True)
    model, chance = (next(s.d for s in drawn.shapes if s.tip == tip) for tip in ("model", "chance"))
    assert model == chance
