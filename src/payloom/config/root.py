"""The whole config of a data set."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated

from pydantic import Field, field_validator

from payloom.config.authorisation import AuthorisationConfig
from payloom.config.calendar import CalendarConfig
from payloom.config.fraud import FraudConfig
from payloom.config.layout import LayoutConfig
from payloom.config.missing import MissingConfig
from payloom.config.section import Many, Section, refuse, setting
from payloom.config.spending import RefundsConfig, SpendingConfig, SubscriptionsConfig
from payloom.config.transfers import PlantedConfig, TransfersConfig
from payloom.config.world import DEFAULT_REGIONS, Region, WorldConfig


class Config(Section):
    """World and layout: everything that decides which rows, and in which files."""

    world: WorldConfig = Field(default_factory=WorldConfig)
    regions: Annotated[tuple[Region, ...], Many] = setting(
        DEFAULT_REGIONS, "Countries and their shares, which sum to 1", source="our choice"
    )
    calendar: CalendarConfig = Field(default_factory=CalendarConfig)
    spending: SpendingConfig = Field(default_factory=SpendingConfig)
    subscriptions: SubscriptionsConfig = Field(default_factory=SubscriptionsConfig)
    refunds: RefundsConfig = Field(default_factory=RefundsConfig)
    transfers: TransfersConfig = Field(default_factory=TransfersConfig)
    authorisation: AuthorisationConfig = Field(default_factory=AuthorisationConfig)
    missing: MissingConfig = Field(default_factory=MissingConfig)
    fraud: FraudConfig = Field(default_factory=FraudConfig)
    planted: PlantedConfig = Field(default_factory=PlantedConfig)
    layout: LayoutConfig = Field(default_factory=LayoutConfig)

    @field_validator("regions")
    @classmethod
    def _regions_are_whole(cls, value: tuple[Region, ...]) -> tuple[Region, ...]:
        names = [region.country for region in value]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            refuse(f"each country once; {', '.join(twice)} comes twice")
        total = sum((Fraction(region.share) for region in value), Fraction(0))
        if abs(total - 1) > Fraction(1, 10**9):
            refuse(f"shares that sum to 1; these sum to {float(total):.12g}")
        return tuple(sorted(value, key=lambda region: region.country))
