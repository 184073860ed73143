"""UTC offsets from 2000 to 2060, so that the machine's own time zone database never matters."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from payloom.reference.tables import read_table

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@cache
def _lines() -> dict[str, tuple[str, str]]:
    """(UTC seconds, offsets) as text by zone."""
    rows = read_table("timezones.csv", ("timezone", "utc_seconds", "offset_minutes"))
    return {name: (moments, offsets) for name, moments, offsets in rows}


@cache
def load_timezones() -> tuple[str, ...]:
    """IANA names of all zones in the table, sorted."""
    return tuple(_lines())


@cache
def offset_transitions(timezone: str) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """When the offset of a zone changes, and to what.

    Parameters
    ----------
    timezone
        IANA name, one of `load_timezones`.

    Returns
    -------
    utc_seconds : int64 array
        Seconds since 1970-01-01 UTC, rising; the first is 2000-01-01, the last before 2060.
    offset_minutes : int32 array
        Local time minus UTC from that second on, minutes.

    Both are read-only. The offset at ``t`` is ``offset_minutes[searchsorted(utc_seconds, t, side="right") - 1]``.

    Raises
    ------
    KeyError
        If the zone is not in the table.
    """
    import numpy as np  # noqa: PLC0415 - slow to import, and the code lists do without

    moments, offsets = _lines()[timezone]
    utc_seconds = np.array(moments.split(), dtype=np.int64)
    offset_minutes = np.array(offsets.split(), dtype=np.int32)
    utc_seconds.flags.writeable = False
    offset_minutes.flags.writeable = False
    return utc_seconds, offset_minutes
