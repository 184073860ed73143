"""How payments spread over the year, the week and the day, before region, holidays and chance."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]

SLOTS = 96
"""Quarter hours in a day."""

SLOT_SECONDS = 900

HOUR_SHARE_PERCENT = (
    2.70, 1.48, 1.15, 1.22, 0.77, 1.05, 1.44, 2.54, 3.61, 5.56, 5.84, 5.91,
    5.42, 5.40, 5.82, 5.78, 5.78, 5.68, 5.98, 5.50, 5.89, 6.22, 5.43, 3.84,
)  # fmt: skip
"""Share of genuine payments by local hour, percent (computed from the ULB credit card records of 2013)."""

SPENDING_HOUR_WEIGHT = (
    2.11, 0.74, 0.64, 1.01, 0.37, 0.99, 1.28, 2.87, 3.64, 6.64, 5.84, 5.80,
    4.82, 5.06, 6.00, 5.84, 5.94, 5.81, 6.52, 5.46, 6.37, 7.04, 5.84, 3.37,
)  # fmt: skip
"""Intensity of spending by local hour, fitted so that all genuine payments have `HOUR_SHARE_PERCENT`.

Subscriptions bill in the morning, rounds of shopping run on into the next hour, weekends are later.
"""

WEEKEND_TILT = (
    1.35, 1.45, 1.45, 1.30, 1.10, 0.80, 0.60, 0.55, 0.70, 0.90, 1.06, 1.13,
    1.30, 1.15, 1.04, 1.02, 1.00, 0.98, 0.98, 1.00, 0.98, 0.94, 0.95, 1.05,
)  # fmt: skip
"""Weekend against weekday by local hour: later mornings, noon the peak (Paymark NZ: Saturday 12-13)."""

WEEKDAY_FACTOR = (0.91, 0.95, 0.96, 1.00, 1.13, 1.17, 0.88)
"""Monday to Sunday (estimate; Paymark NZ: Saturday busiest, Monday the quietest night)."""

MONTH_FACTOR = (0.93, 0.95, 0.99, 0.99, 1.00, 1.01, 1.01, 0.99, 0.98, 1.00, 1.03, 1.10)
"""January to December (estimate, retail seasonality)."""

CHRISTMAS_RAMP = (1.10, 1.12, 1.16, 1.20, 1.26, 1.32, 1.36, 1.38, 1.40, 1.42, 1.45, 1.45, 1.48, 1.50, 1.05)
"""10 to 24 December (IEEE-CIS: 18-25 December about twice the later mean in e-commerce; halved for all payments)."""

BLACK_FRIDAY = (1.0, 0.7, 0.3, 0.9)
"""Strength of Black Friday on it and the days to Cyber Monday (estimate)."""

PAYDAY_DECAY = (1.0, 0.8, 0.6, 0.45, 0.3, 0.2, 0.1, 0.0)
"""Strength of the payday effect by days since payday (estimate)."""


def quarter_hour_profile(weekend: bool) -> F64:
    """Give 96 relative intensities by local quarter hour, mean 1, linear between the centres of the hours."""
    shares = np.array(SPENDING_HOUR_WEIGHT)
    if weekend:
        shares = shares * np.array(WEEKEND_TILT)
    # Quarter-hour centres lie 1/8, 3/8, 5/8 and 7/8 into the hour; hour centres at 1/2.
    position = (np.arange(SLOTS) + 0.5) / 4.0 - 0.5
    left = np.floor(position)
    weight = position - left
    hour = left.astype(np.intp)
    profile: F64 = shares[hour % 24] * (1.0 - weight) + shares[(hour + 1) % 24] * weight
    return profile / (100.0 / 24.0)
