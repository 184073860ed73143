"""All entity functions of one world together."""

from __future__ import annotations

from dataclasses import dataclass

from payloom.config import Config
from payloom.plan.daytables import DayTableCache
from payloom.plan.world_plan import Plan, build_plan
from payloom.world.accounts import Accounts, build_accounts
from payloom.world.addresses import Addresses, build_addresses
from payloom.world.cards import Cards, build_cards
from payloom.world.devices import Devices, build_devices
from payloom.world.geography import Geography, build_geography
from payloom.world.merchants import Merchants, build_merchants
from payloom.world.people import People, build_people


@dataclass(frozen=True)
class Model:
    """A world's plan and entities.

    Attributes
    ----------
    plan, geography, merchants, people, accounts, cards, devices, addresses
        See their classes.
    days
        Tables of time by month.
    """

    plan: Plan
    geography: Geography
    merchants: Merchants
    people: People
    accounts: Accounts
    cards: Cards
    devices: Devices
    addresses: Addresses
    days: DayTableCache

    @property
    def config(self) -> Config:
        """The validated config."""
        return self.plan.config


def build_model(config: Config) -> Model:
    """Build a world, the same in every process."""
    plan = build_plan(config)
    geography = build_geography(config, plan.groups)
    return Model(
        plan=plan,
        geography=geography,
        merchants=build_merchants(config, plan, geography),
        people=build_people(plan, geography),
        accounts=build_accounts(plan),
        cards=build_cards(plan),
        devices=build_devices(plan),
        addresses=build_addresses(plan),
        days=plan.day_tables(geography.timezones),
    )
