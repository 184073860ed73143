"""How each kind of fraud, and each genuine look-alike of it, behaves: sizes, victims, amounts, reports, drift."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from payloom.config.section import Section, portion, setting


class TypologySettings(Section):
    """What can be set for one kind of campaign."""

    mean_size: float = setting(
        10.0, "Mean number of events of a campaign", unit="payments", source="estimate", gt=0, le=100_000
    )
    size_sigma: float = setting(
        0.8, "Standard deviation of ln(weight) between campaigns", source="estimate", ge=0, le=3
    )
    dormant_share: float = portion(
        0.0, "Campaigns that go for people who hardly pay", source="estimate", of="campaigns"
    )
    newest_share: float = portion(
        0.0, "Campaigns that go for people who have just joined", source="estimate", of="campaigns"
    )
    amount_factor: float = setting(
        1.0, "Multiplies all amounts of the campaigns", unit="factor", source="our choice", gt=0, le=1_000
    )
    report_delay_median_days: float = setting(
        7.0, "Median time from the first event to the report", unit="days", source="[M] 7 days", gt=0, le=120
    )
    report_delay_sigma: float = setting(
        1.26, "Standard deviation of ln(that time)", source="[M] 90th percentile 35 days", ge=0, le=3
    )
    unreported_share: float = portion(
        0.08, "Cases that nobody ever reports", source="[M] 5-15 % of small frauds", of="cases"
    )
    chargeback_share: float = portion(
        0.8, "Reported, approved events that are charged back", source="estimate", of="reported events"
    )
    drift: float = setting(
        1.0, "How much this kind changes over the months, times fraud.drift_sigma", unit="factor", source="estimate",
        ge=0, le=10,
    )  # fmt: skip


def scenario(what: str, source: str, **values: Any) -> Any:
    """Declare the settings of one typology: what it is, where its numbers come from, what differs from the general."""
    return Field(default=TypologySettings(**values), description=what, json_schema_extra={"unit": "", "source": source})


class Typologies(Section):
    """Settings by typology; the same for fraud and for what only looks like it."""

    cnp_stolen: TypologySettings = scenario(
        "Stolen card data used online",
        "[R] Worldline: 3 frauds per card and day; [C] IEEE: 90th percentile 9 per card; mean amount 1.11 x",
        mean_size=18.0, size_sigma=0.9,
    )  # fmt: skip
    card_testing: TypologySettings = scenario(
        "Many cards tried in a burst, the good ones used days later",
        "[S] Visa: 33 % of enumerated accounts see fraud within 5 days; sizes are estimates",
        mean_size=32.0, size_sigma=0.6, report_delay_median_days=12.0, unreported_share=0.35,
    )  # fmt: skip
    account_takeover: TypologySettings = scenario(
        "A shop account taken over and spent from a new device",
        "[S] DataVisor 2019: 65 % of taken-over accounts were dormant for more than 90 days",
        mean_size=5.0, size_sigma=0.7, dormant_share=0.65, report_delay_median_days=5.0, unreported_share=0.05,
    )  # fmt: skip
    device_farm: TypologySettings = scenario(
        "Emulated devices behind many accounts that collect promotions",
        "estimate",
        mean_size=30.0, size_sigma=0.7, newest_share=0.6, report_delay_median_days=16.0, report_delay_sigma=0.8,
        unreported_share=0.15, chargeback_share=0.15,
    )  # fmt: skip
    first_party_dispute: TypologySettings = scenario(
        "A genuine purchase that its cardholder contests later",
        "[S] Mastercard: about half of chargebacks are first-party; [M] chargeback after 28 days, 90th percentile 75",
        mean_size=1.3, size_sigma=0.2, amount_factor=1.4, report_delay_median_days=9.0, report_delay_sigma=1.0,
        unreported_share=0.0, chargeback_share=0.88,
    )  # fmt: skip
