"""How often a value is missing at random."""

from __future__ import annotations

from payloom.config.section import Section, portion


class MissingConfig(Section):
    """Rates of random nulls; they never depend on the label."""

    mcc: float = portion(0.05, "Merchant category code missing", of="card payments", source="estimate")
    device_id: float = portion(0.08, "Device and its type missing", of="remote payments", source="estimate")
    latitude: float = portion(0.01, "Both coordinates missing", of="card-present payments", source="estimate")
