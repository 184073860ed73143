"""How each kind of fraud, and each genuine look-alike of it, behaves: sizes, victims, amounts, reports, drift."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from payloom.config.section import Section, portion, setting


class TypologySettings(Section):
    """What can be set for one kind of campaign."""

    mean_size: float = setting(
        10.0, "Mean number of events of a campaign", unit="payments", source="estimate", ge=1, le=100_000
    )
    size_sigma: float = setting(
        0.8, "Standard deviation of ln(weight) between campaigns", unit="ln units", source="estimate", ge=0, le=3
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
        1.26, "Standard deviation of ln(that time)", unit="ln units", source="[M] 90th percentile 35 days", ge=0, le=3
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
        mean_size=48.0, size_sigma=0.7, report_delay_median_days=9.0, unreported_share=0.25,
    )  # fmt: skip
    account_takeover: TypologySettings = scenario(
        "A shop account taken over and spent from a new device",
        "[S] DataVisor 2019: 65 % of taken-over accounts were dormant for more than 90 days",
        mean_size=5.0, size_sigma=0.7, dormant_share=0.65, report_delay_median_days=5.0, unreported_share=0.05,
    )  # fmt: skip
    lost_stolen: TypologySettings = scenario(
        "A lost or stolen card: bursts of small contactless purchases near home until the block",
        "[S] Feedzai: card-present fraud takes a card for some $450; noticed within hours; sizes are estimates",
        mean_size=6.0, size_sigma=0.5, amount_factor=0.7, report_delay_median_days=0.15, report_delay_sigma=1.1,
        unreported_share=0.03, chargeback_share=0.55,
    )  # fmt: skip
    counterfeit: TypologySettings = scenario(
        "Cards copied at one breached terminal and used weeks later, elsewhere",
        "[S] about 25 % of the cards exposed at a breached merchant see fraud within three months; sizes are estimates",
        mean_size=18.0, size_sigma=0.6, amount_factor=0.8, report_delay_median_days=3.0, report_delay_sigma=1.1,
        unreported_share=0.04,
    )  # fmt: skip
    breached_terminal: TypologySettings = scenario(
        "Genuine visits to a terminal that copies cards; fraud on some of them follows weeks later",
        "estimate",
        mean_size=36.0, size_sigma=0.4,
    )  # fmt: skip
    impossible_travel: TypologySettings = scenario(
        "A card used far from where its owner pays within hours",
        "estimate",
        mean_size=5.0, size_sigma=0.5, report_delay_median_days=1.5, report_delay_sigma=1.0, unreported_share=0.04,
    )  # fmt: skip
    night_high_value: TypologySettings = scenario(
        "A run of dear purchases and withdrawals in one night",
        "[C] ULB: 25 % of fraud between 0 and 6 h; sizes are estimates",
        mean_size=6.0, size_sigma=0.5, amount_factor=1.0, report_delay_median_days=0.5, report_delay_sigma=0.9,
        unreported_share=0.04, chargeback_share=0.7,
    )  # fmt: skip
    device_farm: TypologySettings = scenario(
        "Emulated devices behind many accounts that collect promotions",
        "estimate",
        mean_size=30.0, size_sigma=0.7, newest_share=0.6, report_delay_median_days=16.0, report_delay_sigma=0.8,
        unreported_share=0.15, chargeback_share=0.15,
    )  # fmt: skip
    app_scam: TypologySettings = scenario(
        "Somebody is talked into sending money to a mule's account",
        "estimate; UK Finance: two thirds of cases are purchase scams, about two payments a case (from memory)",
        mean_size=2.4, size_sigma=0.6, report_delay_median_days=4.0, report_delay_sigma=1.4, unreported_share=0.20,
        chargeback_share=0.0,
    )  # fmt: skip
    mule_cash_out: TypologySettings = scenario(
        "Online banking taken over, the account emptied to a mule, who passes the money on",
        "[S] DataVisor 2019: 65 % of taken-over accounts were dormant; sizes are estimates",
        mean_size=5.0, size_sigma=0.5, dormant_share=0.5, report_delay_median_days=2.0, report_delay_sigma=1.1,
        unreported_share=0.05, chargeback_share=0.0,
    )  # fmt: skip
    structuring: TypologySettings = scenario(
        "A large sum sent in amounts just below a threshold", "estimate",
        mean_size=7.0, size_sigma=0.4, report_delay_median_days=18.0, unreported_share=0.35, chargeback_share=0.0,
    )  # fmt: skip
    fan_in: TypologySettings = scenario(
        "Many mules pay one account within days", "AMLworld (Altman et al. 2023) for the shape; sizes are estimates",
        mean_size=8.0, size_sigma=0.3, report_delay_median_days=16.0, unreported_share=0.35, chargeback_share=0.0,
    )  # fmt: skip
    fan_out: TypologySettings = scenario(
        "One account pays many mules within days", "AMLworld (Altman et al. 2023) for the shape; sizes are estimates",
        mean_size=8.0, size_sigma=0.3, report_delay_median_days=16.0, unreported_share=0.35, chargeback_share=0.0,
    )  # fmt: skip
    scatter_gather: TypologySettings = scenario(
        "Money goes from one account through several mules to one other",
        "AMLworld (Altman et al. 2023) for the shape; sizes are estimates",
        mean_size=9.0, size_sigma=0.3, report_delay_median_days=18.0, unreported_share=0.33, chargeback_share=0.0,
    )  # fmt: skip
    gather_scatter: TypologySettings = scenario(
        "An account is paid by many mules and then pays many others",
        "AMLworld (Altman et al. 2023) for the shape; sizes are estimates",
        mean_size=9.0, size_sigma=0.3, report_delay_median_days=18.0, unreported_share=0.33, chargeback_share=0.0,
    )  # fmt: skip
    cycle: TypologySettings = scenario(
        "Money goes round a ring of mules",
        "AMLworld (Altman et al. 2023) for the shape; sizes are estimates",
        mean_size=5.0, size_sigma=0.3, report_delay_median_days=18.0, unreported_share=0.35, chargeback_share=0.0,
    )  # fmt: skip
    bipartite: TypologySettings = scenario(
        "Some mules pay some others, every one to every one",
        "AMLworld (Altman et al. 2023) for the shape; sizes are estimates",
        mean_size=9.0, size_sigma=0.3, report_delay_median_days=18.0, unreported_share=0.33, chargeback_share=0.0,
    )  # fmt: skip
    stack: TypologySettings = scenario(
        "Money goes through layers of mules, each paying the next",
        "AMLworld (Altman et al. 2023) for the shape; sizes are estimates",
        mean_size=12.0, size_sigma=0.3, report_delay_median_days=18.0, unreported_share=0.35, chargeback_share=0.0,
    )  # fmt: skip
    first_party_dispute: TypologySettings = scenario(
        "A genuine purchase that its cardholder contests later",
        "[S] Mastercard: about half of chargebacks are first-party; [M] chargeback after 28 days, 90th percentile 75",
        mean_size=1.3, size_sigma=0.2, amount_factor=1.4, report_delay_median_days=7.0, report_delay_sigma=1.0,
        unreported_share=0.0, chargeback_share=0.62,
    )  # fmt: skip
    triangulation: TypologySettings = scenario(
        "A bogus shop that has a real one deliver, paid with stolen cards",
        "estimate; [S] IEEE: mean amount 1.11 x",
        mean_size=18.0, size_sigma=0.7, report_delay_median_days=12.0, report_delay_sigma=1.0, unreported_share=0.06,
        chargeback_share=0.85,
    )  # fmt: skip
    merchant_collusion: TypologySettings = scenario(
        "A merchant that charges cards it has no business with",
        "estimate",
        mean_size=15.0, size_sigma=0.8, report_delay_median_days=18.0, report_delay_sigma=0.9, unreported_share=0.2,
        chargeback_share=0.75,
    )  # fmt: skip
    family_device: TypologySettings = scenario(
        "A household that shops on one device, each member with a card of their own",
        "[R] ThreatMetrix 2013: 15 % of bank accounts are used from three devices or more; sizes are estimates",
        mean_size=14.0, size_sigma=0.5,
    )  # fmt: skip
    corporate_card: TypologySettings = scenario(
        "A firm's card that a team uses all day in several cities", "estimate", mean_size=30.0, size_sigma=0.4,
    )  # fmt: skip
    big_purchase: TypologySettings = scenario(
        "One purchase of 5 to 20 times what the customer usually pays",
        "[C] ULB: the 99th percentile of genuine amounts is 46 times the median; the size is an estimate",
        mean_size=1.0, size_sigma=0.1,
    )  # fmt: skip
    new_phone: TypologySettings = scenario(
        "A new device, its wallet set up, several purchases in the first days", "estimate",
        mean_size=7.0, size_sigma=0.4,
    )  # fmt: skip
    holiday_spree: TypologySettings = scenario(
        "A customer who is abroad and spends more than at home",
        "[S,D] Fed 2022: 4.9 % of US-issued payments cross a border; the size is an estimate",
        mean_size=14.0, size_sigma=0.4, amount_factor=1.6,
    )  # fmt: skip
    refund_abuse: TypologySettings = scenario(
        "Serial refunds of goods that are kept or worn",
        "estimate; [R] EU consumer law: 14 days to return",
        mean_size=14.0, size_sigma=0.6, newest_share=0.15, report_delay_median_days=25.0, report_delay_sigma=0.7,
        unreported_share=0.35, chargeback_share=0.08,
    )  # fmt: skip
    synthetic_bust_out: TypologySettings = scenario(
        "An invented person lives quietly for months, then spends everything at once",
        "[S] Experian: 4 to 24 months of quiet; sizes are estimates",
        mean_size=12.0, size_sigma=0.6, report_delay_median_days=25.0, report_delay_sigma=0.5, unreported_share=0.1,
        chargeback_share=0.06,
    )  # fmt: skip
    subscription_trap: TypologySettings = scenario(
        "A trial that turns into charges nobody wanted",
        "estimate",
        mean_size=26.0, size_sigma=0.6, report_delay_median_days=30.0, report_delay_sigma=0.6, unreported_share=0.35,
        chargeback_share=0.6,
    )  # fmt: skip
