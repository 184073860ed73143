"""Genuine transfers between accounts, and genuine payments that look like fraud."""

from __future__ import annotations

from fractions import Fraction
from types import MappingProxyType
from typing import Final

from pydantic import field_validator

from payloom.codes import PLANTED
from payloom.config.near import did_you_mean
from payloom.config.section import Section, portion, refuse, setting
from payloom.config.shown import shown_value


class TransfersConfig(Section):
    """Transfers from account to account."""

    standing_share: float = portion(
        0.04,
        "Salaries, rents, bills, savings and support that return every month",
        of="payments",
        le=0.2,
        source="estimate; [C] Berka: 18.6 % of an account's payments are standing orders",
    )
    ad_hoc_share: float = portion(
        0.025, "Transfers made on the spur of the moment", of="payments", le=0.2, source="estimate"
    )


DEFAULT_PLANTED: Final[MappingProxyType[str, float]] = MappingProxyType(
    {
        "first_party_dispute": 0.30,
        "family_device": 0.17,
        "corporate_card": 0.15,
        "big_purchase": 0.10,
        "new_phone": 0.10,
        "breached_terminal": 0.10,
        "holiday_spree": 0.08,
    }
)
"""Shares by count of what is planted: as many disputes as fraud is charged back (Mastercard); the rest is estimated."""


class PlantedConfig(Section):
    """Genuine payments that look like fraud, come before it, or are disputed afterwards."""

    share: float = portion(0.006, "Planted payments", of="payments", le=0.05, source="estimate")
    mix: dict[str, float] = setting(
        dict(DEFAULT_PLANTED),
        "What is planted and its share; the shares sum to 1",
        unit="share of planted payments",
        source="estimate",
    )

    @field_validator("mix")
    @classmethod
    def _mix_is_whole(cls, value: dict[str, float]) -> dict[str, float]:
        for name, part in value.items():
            if name not in PLANTED:
                refuse(
                    f"known look-alikes; {shown_value(name)} is none",
                    did_you_mean(name, PLANTED) or f"one of {', '.join(PLANTED)}",
                )
            if part < 0:
                refuse(f"shares of 0 or more; {name} has {part:.6g}")
        total = sum((Fraction(part) for part in value.values()), Fraction(0))
        if value and abs(total - 1) > Fraction(1, 10**9):
            refuse(f"shares that sum to 1; these sum to {float(total):.12g}")
        return dict(sorted(value.items()))
