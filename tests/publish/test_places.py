"""Where a data set may not be written to: inside of another one."""

import pytest

from payloom.errors import ConflictError
from payloom.pipeline.generate import generate
from payloom.pipeline.publish import publish
from tests.engine.fake_source import FakeSource

SMALL = FakeSource(rows=200, months=1)


@pytest.mark.parametrize("below", ["payments", "payments/year=2025", "customers/x", "_payloom"])
def test_a_place_inside_of_a_data_set_is_refused(below, place, tmp_path):
    """Whoever reads payments there would count twice."""
    generate(SMALL, place)
    generate(SMALL, tmp_path / "source")
    with pytest.raises(ConflictError, match="lies inside of the data set"):
        generate(SMALL, f"{place}/{below}")
    with pytest.raises(ConflictError, match="lies inside of the data set"):
        publish(tmp_path / "source", f"{place}/{below}")


def test_a_place_beside_a_data_set_is_fine(place):
    """Also when it is called like a table and nothing lies above."""
    generate(SMALL, f"{place}/payments")
    generate(SMALL, f"{place}/other")
