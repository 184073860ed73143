"""Finding typologies: ours, and those that other packages add by entry point."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import entry_points

from payloom.config.fraud import ENTRY_POINTS
from payloom.errors import ConfigError, Problem
from payloom.fraud.typologies.account_takeover import AccountTakeover
from payloom.fraud.typologies.card_testing import CardTesting
from payloom.fraud.typologies.cnp_stolen import CnpStolen
from payloom.fraud.typologies.device_farm import DeviceFarm
from payloom.fraud.typology import Typology

SHIPPED: tuple[type[Typology], ...] = (AccountTakeover, CardTesting, CnpStolen, DeviceFarm)


def find_typologies(names: Iterable[str]) -> tuple[type[Typology], ...]:
    """Classes of typologies by name, in order of their names.

    Raises
    ------
    ConfigError
        If a name belongs to no typology that can be made here.
    """
    known = {typology.name: typology for typology in SHIPPED}
    wanted = sorted(names)
    if any(name not in known for name in wanted):
        known |= {point.name: point.load() for point in entry_points(group=ENTRY_POINTS)}
    for name in wanted:
        if name not in known:
            have = ", ".join(sorted(known))
            raise ConfigError([Problem("fraud.mix", f'"{name}"', f"expected a typology that can be made: {have}")])
    return tuple(known[name] for name in wanted)
