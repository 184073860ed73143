"""Plots as SVG for a page: their numbers stay what they are."""

import re

from matplotlib.axes import Axes

from payloom.realism.page_canvas import picture


def test_a_label_keeps_its_digits():
    """Places are shortened to a digit after the point; the text of a label is not."""

    def draw(axes: Axes) -> None:
        axes.set_xticks([0, 1], ["0.001 %", "12.345"])
        axes.plot([0, 0.123456, 1], [0, 0.654321, 1])

    svg = picture("digits", "a line", draw)
    assert "0.001 %</text>" in svg
    assert "12.345</text>" in svg
    places = re.findall(r"d=\"([^\"]+)\"", svg)
    assert places
    assert not [place for place in places if re.search(r"\.\d\d", place)]
