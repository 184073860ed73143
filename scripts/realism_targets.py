"""What is known of real payments, with its source, and the interval in which the default world has to be.

Sources: ULB credit cards 2013, IEEE-CIS/Vesta e-commerce, purchasing cards of Birmingham City Council and PKDD'99 Berka
were computed from the records; the others were read, or are quoted by the press or a vendor. Where sources disagree,
the interval spans them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """One fact.

    Attributes
    ----------
    key
        Name of the measured number in `realism_facts.measure`.
    fact, source
        What was found in the world out there, and by whom.
    low, high
        Accepted interval at a million rows.
    slack
        By how much of its width the interval is wider, on either side, at 200,000 rows; None: too few rows to tell.
    missed
        Why the default world is not in the interval (yet); empty if it is.
    """

    key: str
    fact: str
    source: str
    low: float
    high: float
    slack: float | None = 0.3
    missed: str = ""

    def interval(self, *, many_rows: bool) -> tuple[float, float]:
        """Accepted interval at a million rows, or at fewer."""
        wider = 0.0 if many_rows else (self.slack or 0.0) * (self.high - self.low)
        return self.low - wider, self.high + wider


ULB, IEEE, P_CARD = "ULB", "IEEE-CIS", "purchasing cards"

TARGETS: dict[str, tuple[Target, ...]] = {
    "Amounts": (
        Target("ticket_mean", "mean ticket, dollars: 42 (euro area), 46.7 (US debit), 63.7 (US cards)",
               "ECB 2024, Fed 2023, Fed via ABA 2022", 42, 64),
        Target("ticket_median", "median ticket 22", ULB, 20, 25),
        Target("ticket_ln_sd", "SD of ln(ticket): 1.87 all cards, .95 e-commerce", f"{ULB}, {IEEE}", 1.15, 1.87),
        Target("grocery_mean", "grocery, mean: 37 euro; 50 pounds", f"BBVA, {P_CARD}", 37, 64),
        Target("grocery_ln_sd", "grocery, SD of ln 1.13", P_CARD, 1.0, 1.25),
        Target("fuel_mean", "fuel, mean 59 pounds; transport 27 euro", f"{P_CARD}, BBVA", 30, 76),
        Target("fuel_ln_sd", "fuel, SD of ln .62", P_CARD, 0.52, 0.72),
        Target("fast_food_median", "fast food, median 7.6 pounds", P_CARD, 7.5, 11),
        Target("restaurant_mean", "restaurants, mean 43 euro", "BBVA", 39, 58),
        Target("marketplace_median", "marketplaces, median 19 pounds", P_CARD, 20, 32),
        Target("marketplace_ln_sd", "marketplaces, SD of ln 1.14", P_CARD, 1.0, 1.3),
        Target("electronics_mean", "electronics, mean 129 pounds; tech 121 euro", f"{P_CARD}, BBVA", 121, 175, 0.8),
        Target("electronics_ln_sd", "electronics, SD of ln 1.14", P_CARD, 1.0, 1.3),
        Target("fashion_mean", "fashion, mean 66 euro", "BBVA", 62, 95),
        Target("hotel_mean", "hotel, mean 206 euro; 1,017 pounds for offices", f"BBVA, {P_CARD}", 200, 400, 0.5),
        Target("atm_mean", "cash withdrawal, mean 81 pounds", "LINK 2022", 85, 120),
        Target("atm_tens_share", "cash in multiples of 10: 95.5 %", "Berka", 0.955, 1.0),
        Target("end_00_share", "amounts ending in .00: 25 %, 21 % (52 % online)", f"{ULB}, {P_CARD}", 0.20, 0.27),
        Target("end_99_share", "amounts ending in .99: 9.5 %, 4.9 %", f"{ULB}, {P_CARD}", 0.049, 0.098),
        Target("end_95_share", "amounts ending in .95: 3.2 %, 2.1 % (29.5 % online)", f"{ULB}, {P_CARD}", 0.021, 0.06),
        Target("tens_share", "amounts in multiples of 10: 6-14 %", f"{ULB}, {IEEE}, {P_CARD}", 0.06, 0.14),
    ),
    "Timing": (
        Target("hour_deviation_max", "share by local hour, largest difference in points", ULB, 0.0, 0.3, 0.5),
        Target("night_share", "genuine payments from 0 to 6 h: 8.4 %", ULB, 0.075, 0.09),
        Target("saturday_noon_to_busiest", "in store, Saturday 12-13 is the busiest hour", "Paymark NZ",
               0.97, 1.0, 2.5),
        Target("monday_night_to_mean", "in store, Monday 03-04 is the quietest hour (against the mean hour)",
               "Paymark NZ", 0.0, 0.2),
        Target("before_christmas", "18-25 December: 2.0 x the later mean, online; here all payments against the year",
               IEEE, 1.3, 2.0),
        Target("black_friday", "Black Friday 17 % above an average Friday (US: no payday on it)", "Nationwide 2022",
               1.05, 1.3, 0.8),
        Target("after_payday", "the three days from payday (GB) above the others", "Berka: salaries on 8 days",
               1.03, 1.3),
        Target("payments_per_card_month", "9.8 payments per card and month", "ECB", 8.3, 11),
        Target("card_month_variance_to_mean", "variance / mean of payments per card-month 13.8", P_CARD, 11.5, 16),
        Target("card_rate_ln_sd", "SD of ln(card's rate) .88", P_CARD, 0.8, 0.96),
        Target("repeat_share", "10.8 % repeat card, merchant and amount", P_CARD, 0.085, 0.125),
    ),
    "Merchants and channels": (
        Target("top_merchant_mean", "a card's top merchant: 32 %, mean", P_CARD, 0.28, 0.36),
        Target("top_merchant_median", "a card's top merchant: 24 %, median", P_CARD, 0.20, 0.30),
        Target("merchant_rank_slope", "slope over a card's merchants -1.2 to -1.27", P_CARD, -1.32, -1.05),
        Target("revisit_share", "revisits .70, median", P_CARD, 0.64, 0.76),
        Target("revisit_share_p25", "revisits, lower quartile .57", P_CARD, 0.52, 0.66),
        Target("revisit_share_p75", "revisits, upper quartile .84", P_CARD, 0.74, 0.88),
        Target("popularity_slope_1_100", "merchants' rank slope in one city, ranks 1-100: -.82", P_CARD,
               -0.95, -0.65, None),
        Target("popularity_slope_10_1000", "merchants' rank slope in one city, ranks 10-1000: -1.12", P_CARD,
               -1.3, -0.95, None),
        Target("food_shop_share", "food shops 30-40 % of purchases", "unverified", 0.29, 0.40),
        Target("eating_out_share", "eating out 15-20 %", "unverified", 0.15, 0.225),
        Target("fuel_transport_share", "fuel and transport 8-12 %", "unverified", 0.08, 0.125),
        Target("in_person_share", "in person 63.8 %", "US 2022", 0.60, 0.68),
        Target("remote_value_share", "remote: 28 % of value in the EU, 39 % of spending online at Chase",
               "ECB 2024, Chase 2017", 0.28, 0.43),
        Target("contactless_share", "contactless 67 %", "ECB 2024", 0.64, 0.70),
        Target("abroad_share", "across borders 4.9 %", "Fed via ABA 2022", 0.040, 0.058),
    ),
    "Authorisation and devices": (
        Target("approved_remote", "approved, card not present: 85-92 %", "vendors", 0.85, 0.925),
        Target("approved_present", "approved, card present: 96-98 %", "unverified", 0.957, 0.98),
        Target("declines_05", "code 05 among declines: 30-40 %", "vendors", 0.30, 0.40),
        Target("declines_05_51", "codes 05 and 51: about 76 %", "vendors", 0.70, 0.82),
        Target("frictionless_share", "3-D Secure without challenge: 64 %", "vendors", 0.61, 0.67),
        Target("one_device_share", "one device per account and month: 55 % (banks), 68 % (all)", "ThreatMetrix 2013",
               0.55, 0.78),
        Target("two_devices_share", "two devices: 26 %, 19 %", "ThreatMetrix 2013", 0.17, 0.28),
        Target("more_devices_share", "more devices: 19 %, 13 %; we see payments, not visits", "ThreatMetrix 2013",
               0.035, 0.19),
        Target("customers_per_carrier_address", "customers behind a carrier address: hundreds to thousands",
               "Cloudflare 2025", 300, 5000, None),
    ),
    "Fraud": (
        Target("fraud_night_share", "25 % of fraud from 0 to 6 h", ULB, 0.20, 0.30, 0.6),
        Target("fraud_mean_ratio", "mean amount against genuine: 1.11 x, 1.38 x, 2.0 x", f"{IEEE}, {ULB}, EBA/ECB 2024",
               1.11, 2.0),
        Target("fraud_median_ratio", "median amount: .42 x, 1.09 x", f"{ULB}, {IEEE}", 0.42, 1.15),
        Target("fraud_exact_unit_share", "exactly 1.00: 23 % of fraud", ULB, 0.07, 0.25),
        Target("testing_declined_share", "declines in a card-testing attack: 40-90 %", "vendors", 0.4, 0.9),
        Target("remote_fraud_value_abroad", "remote fraud across borders: 70 % of value", "EBA/ECB 2024", 0.35, 0.8),
        Target("frauds_per_card_mean", "frauds per hit card: mean 4.2", IEEE, 2.5, 4.5),
        Target("frauds_per_card_median", "frauds per hit card: median 2", IEEE, 1.0, 3.0),
        Target("frauds_per_card_p90", "frauds per hit card: 90th percentile 9", IEEE, 6, 11, 0.5),
        Target("frauds_per_card_day", "about 3 per compromised card and day", "Worldline", 1.5, 3.5),
        Target("gap_10_minutes_share", "23 % of gaps within 10 minutes", IEEE, 0.15, 0.33),
        Target("gap_day_share", "55 % of gaps within a day", IEEE, 0.5, 0.85),
        Target("november_to_mean", "November over 3 x June (here: against the mean month)", "Feedzai 2013", 1.5, 4.0),
        Target("christmas_rate_ratio", "18-25 December: the fraud rate falls to about .45 of the usual", IEEE,
               0.25, 0.85, 0.8),
        Target("report_days_median", "report after 7 days, median", "unverified", 5.5, 8.5),
        Target("report_days_p90", "report after 35 days, 90th percentile", "unverified", 27, 44),
        Target("report_days_max", "report after at most 120 days", "card schemes", 60, 120, 0.0),
        Target("chargeback_days_median", "chargeback after 28 days, median", "unverified", 23, 36),
        Target("chargeback_days_p90", "chargeback after 75 days, 90th percentile", "unverified", 62, 95),
        Target("never_reported_share", "never reported: 5-15 %", "unverified", 0.05, 0.15),
    ),
}  # fmt: skip
"""Facts by section of `docs/realism.md`."""

BEYOND: tuple[tuple[str, str, str], ...] = (
    ("ticket_p95", "95th percentile of tickets 364, 99th 1,017 (ULB)",
     "a mean of 88 cannot be had together with the mean tickets of ECB and Fed, which cover more payments"),
    ("popularity_top_1_percent", "the top 1 % of merchants hold 59 % (purchasing cards)",
     "an organisation has a few large suppliers; people have shops of their own"),
    ("grocery_fuel_shopping_share", "grocery, fuel and shopping 43 % of payments (Atlanta Fed 2019)",
     "clashes with food shops of 30-40 %, which other mixes say; the definitions differ"),
)  # fmt: skip
"""Facts that the default world does not try to hit: key, fact, why."""


def all_targets() -> Iterator[Target]:
    """All targets, in order."""
    for targets in TARGETS.values():
        yield from targets
