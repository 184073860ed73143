"""Which fraud there is, and when it surges."""

from __future__ import annotations

import re
from datetime import date
from fractions import Fraction
from importlib.metadata import entry_points
from types import MappingProxyType
from typing import Annotated, Final

from pydantic import Field, ValidationInfo, field_validator

from payloom.codes import TYPOLOGY
from payloom.config.near import did_you_mean
from payloom.config.section import Many, Section, refuse, setting
from payloom.config.shown import shown_value
from payloom.config.typologies import Typologies

ENTRY_POINTS: Final = "payloom.typologies"
"""Entry-point group under which a package adds its own typologies."""

_LEAP_FREE_YEAR: Final = 2025
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
_MONTH_DAY: Final = re.compile(r"\d\d-\d\d", re.ASCII)


def known_typologies() -> tuple[str, ...]:
    """Return the names of typologies: ours, then those of installed plug-ins."""
    added = {point.name for point in entry_points(group=ENTRY_POINTS)}
    return TYPOLOGY + tuple(sorted(added - set(TYPOLOGY)))


def _refuse_unknown(names: list[str]) -> None:
    unknown = [name for name in names if name not in TYPOLOGY]
    known = known_typologies() if unknown else TYPOLOGY
    for name in unknown:
        if name not in known:
            refuse(
                f"known typologies; {shown_value(name)} is none",
                did_you_mean(name, known) or f"one of {', '.join(known)}",
            )


class Spike(Section):
    """A window of every year in which some typologies surge."""

    name: str = setting(..., "Name, small letters, digits and _", source="our choice")
    start: str = setting(..., "First day, month-day", unit="MM-DD", source="our choice")
    end: str = setting(..., "Day after the last, month-day", unit="MM-DD", source="our choice")
    multiplier: float = setting(
        ..., "Intensity of the typologies in the window", unit="factor", source="estimate", gt=0, le=100
    )
    typologies: Annotated[tuple[str, ...], Many] = setting(
        (), "Typologies that surge; empty for all", source="our choice"
    )

    @field_validator("name")
    @classmethod
    def _name_is_plain(cls, value: str) -> str:
        if not _NAME.fullmatch(value):
            refuse("a name of small letters, digits and _, at most 40")
        return value

    @field_validator("start", "end")
    @classmethod
    def _day_is_in_every_year(cls, value: str) -> str:
        allowed = 'a month-day that every year has, such as "11-25"'
        if not _MONTH_DAY.fullmatch(value):
            refuse(allowed)
        try:
            date(_LEAP_FREE_YEAR, int(value[:2]), int(value[3:]))
        except ValueError:
            refuse(allowed)
        return value

    @field_validator("end")
    @classmethod
    def _window_has_days(cls, value: str, info: ValidationInfo) -> str:
        if value == info.data.get("start"):
            refuse(f'a day other than start "{value}" (end is exclusive)')
        return value

    @field_validator("typologies")
    @classmethod
    def _typologies_are_known(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        _refuse_unknown(list(value))
        return value

    @property
    def start_month_day(self) -> tuple[int, int]:
        """First day as (month, day)."""
        return int(self.start[:2]), int(self.start[3:])

    @property
    def end_month_day(self) -> tuple[int, int]:
        """Day after the last as (month, day); before the start when it wraps the new year."""
        return int(self.end[:2]), int(self.end[3:])


DEFAULT_MIX: Final = MappingProxyType(
    {
        "cnp_stolen": 0.281,
        "card_testing": 0.2,
        "account_takeover": 0.075,
        "lost_stolen": 0.112,
        "counterfeit": 0.038,
        "impossible_travel": 0.012,
        "night_high_value": 0.016,
        "device_farm": 0.05,
        "fan_in": 0.008,
        "fan_out": 0.008,
        "scatter_gather": 0.006,
        "gather_scatter": 0.006,
        "cycle": 0.006,
        "bipartite": 0.006,
        "stack": 0.005,
        "triangulation": 0.02,
        "merchant_collusion": 0.025,
        "app_scam": 0.025,
        "mule_cash_out": 0.015,
        "structuring": 0.006,
        "refund_abuse": 0.015,
        "synthetic_bust_out": 0.045,
        "subscription_trap": 0.02,
    }
)
"""Shares by count. UK 2024: CNP about 70 %, card ID theft 10 % [S,D]; the rest is estimated."""

REMOTE_FRAUD: Final = ("account_takeover", "card_testing", "cnp_stolen", "device_farm", "triangulation")
"""Typologies that live off the crowd of online shoppers before Christmas."""

DEFAULT_SPIKES: Final = (
    Spike(name="black_friday", start="11-08", end="12-03", multiplier=3.8, typologies=REMOTE_FRAUD),
    Spike(name="christmas_shopping", start="12-03", end="12-18", multiplier=1.5, typologies=REMOTE_FRAUD),
    Spike(name="christmas", start="12-18", end="12-26", multiplier=0.5),
)
"""November CNP fraud over 3 x June (Feedzai 2013 [S]): from the first sales to Cyber Monday. At Christmas there are
twice as many payments, and fraud does not keep up: its rate falls to .45 of the usual (IEEE [C])."""


class FraudConfig(Section):
    """Mix of typologies, and the windows in which they surge."""

    mix: dict[str, float] = setting(
        dict(DEFAULT_MIX),
        "Typology and its share; the shares sum to 1",
        unit="share of fraud",
        source="[S,D] UK 2024, CNP about 70 %",
    )
    spikes: Annotated[tuple[Spike, ...], Many] = setting(
        DEFAULT_SPIKES,
        "Windows of the year that multiply typologies",
        source="[S] Feedzai 2013, November CNP over 3 x June",
    )

    drift_sigma: float = setting(
        2.4,
        "Standard deviation over the months of ln(weight) of what fraudsters go for; tactics, amounts, mix drift less",
        unit="ln units",
        source="estimate; [C] IEEE: a frozen model loses .05 AUC in three months",
        ge=0,
        le=3,
    )
    typologies: Typologies = Field(default_factory=Typologies)

    @field_validator("spikes")
    @classmethod
    def _spikes_have_names_of_their_own(cls, value: tuple[Spike, ...]) -> tuple[Spike, ...]:
        names = [spike.name for spike in value]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            refuse(f"each name once; {', '.join(twice)} comes twice")
        return value

    @field_validator("mix")
    @classmethod
    def _mix_is_whole(cls, value: dict[str, float]) -> dict[str, float]:
        _refuse_unknown(list(value))
        negative = [name for name, part in value.items() if part < 0]
        if negative:
            refuse(f"shares of 0 or more; {negative[0]} has {value[negative[0]]:.6g}")
        total = sum((Fraction(part) for part in value.values()), Fraction(0))
        if abs(total - 1) > Fraction(1, 10**9):
            refuse(f"shares that sum to 1; these sum to {float(total):.12g}")
        return dict(sorted(value.items()))
