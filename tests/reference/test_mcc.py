"""The trades add up to the facts that the default world claims to hit."""

import math
from decimal import Decimal

import pytest

from payloom.reference import Trade, load_trades
from payloom.reference.tables import read_table

TRADES = load_trades()
PURCHASES = [trade for trade in TRADES if trade.kind == "purchase"]
DAYPARTS = {
    "allday", "breakfast_lunch", "meals", "evening", "night", "shop_hours", "commute", "office_hours", "flat",
}  # fmt: skip
AFFLUENCE_SIGMA = 0.25


def share_of(*names: str) -> float:
    found = [trade.share for trade in TRADES if trade.trade in names]
    assert len(found) == len(names)
    return sum(found)


def spread(trade: Trade) -> float:
    return math.sqrt(trade.ln_sigma**2 + trade.price_sigma**2 + AFFLUENCE_SIGMA**2)


@pytest.mark.parametrize("column", ["share", "merchant_weight", "subscription_weight"])
def test_shares_sum_to_exactly_one_as_written(column: str) -> None:
    header = tuple(Trade.__dataclass_fields__)
    place = header.index(column)
    assert sum(Decimal(row[place]) for row in read_table("mcc.csv", header)) == 1


def test_codes_and_slugs_are_unique_and_well_formed() -> None:
    assert len({t.mcc for t in TRADES}) == len({t.trade for t in TRADES}) == len(TRADES)
    assert all(len(t.mcc) == 4 and t.mcc.isdigit() for t in TRADES)
    assert all(t.trade.isidentifier() and t.trade.islower() and t.name for t in TRADES)
    assert [t.mcc for t in TRADES] == sorted(t.mcc for t in TRADES)


def test_trades_that_fraud_seeks_are_there() -> None:
    wanted = {"4511", "7011", "5732", "5712", "5944", "4722", "7995", "5816", "6540", "6051", "6011", "5411"}
    assert wanted <= {t.mcc for t in TRADES}


def test_cash_is_one_trade_of_its_own() -> None:
    (cash,) = [t for t in TRADES if t.kind != "purchase"]
    assert (cash.mcc, cash.kind, cash.share, cash.refund_weight) == ("6011", "cash", 0, 0)


def test_every_figure_is_in_range() -> None:
    for t in TRADES:
        endings = t.end00_share + t.end99_share + t.end95_share + t.end_half_share
        assert 0 <= endings <= 1
        assert 0 <= t.online_share <= 1
        assert t.median_usd > 1
        assert 0.3 < t.ln_sigma < 1.3
        assert 0 <= t.price_sigma < 0.7
        assert t.daypart in DAYPARTS
        assert min(t.refund_weight, t.travel_weight, t.subscription_weight) >= 0
        assert t.merchant_weight > 0


def test_shares_by_group_are_those_of_the_facts() -> None:
    """Grocery 30-40 %, eating out 15-20 %, fuel and transport 8-12 % (unverified, see README)."""
    assert 0.30 <= share_of("grocery", "convenience", "bakery", "wholesale_club", "liquor") <= 0.40
    assert 0.15 <= share_of("restaurant", "fast_food", "bar") <= 0.20
    assert 0.08 <= share_of("fuel", "fuel_pump", "transit", "taxi", "parking", "rail") <= 0.12


def test_three_in_ten_purchases_are_online() -> None:
    """In person 63.8 % of US card payments 2022; subscriptions, all remote, come on top of this."""
    assert sum(t.share * t.online_share for t in TRADES) == pytest.approx(0.31, abs=0.02)


def test_mean_ticket_is_that_of_cards_and_the_spread_lognormal() -> None:
    """Mean 42-64: euro area 39 euro (ECB), US debit 46.7 (Fed), US cards 63.7; ln SD from IEEE's .95 to ULB's 1.87."""
    mean = sum(t.share * t.median_usd * math.exp(spread(t) ** 2 / 2) for t in PURCHASES)
    ln_mean = sum(t.share * math.log(t.median_usd) for t in PURCHASES)
    ln_variance = sum(t.share * (spread(t) ** 2 + (math.log(t.median_usd) - ln_mean) ** 2) for t in PURCHASES)
    assert 42 <= mean <= 64
    assert 1.15 <= math.sqrt(ln_variance) <= 1.5


def test_median_ticket_is_that_of_real_cards() -> None:
    """ULB median 22: half of the mixture lies below it, within 3 points."""
    below = sum(t.share * (1 + math.erf(math.log(22 / t.median_usd) / spread(t) / math.sqrt(2))) / 2 for t in PURCHASES)
    assert below == pytest.approx(0.5, abs=0.03)


def test_endings_are_between_those_of_the_samples() -> None:
    """.00 21-25 %, .99 4.9-9.5 %, .95 2.1-3.2 % (ULB, purchasing cards); IEEE .95 29.5 %; wide, as they disagree."""
    assert 0.15 <= sum(t.share * t.end00_share for t in TRADES) <= 0.27
    assert 0.05 <= sum(t.share * t.end99_share for t in TRADES) <= 0.095
    assert 0.02 <= sum(t.share * t.end95_share for t in TRADES) <= 0.08


def test_refunds_average_one_and_spare_fuel_and_transit() -> None:
    assert sum(t.share * t.refund_weight for t in TRADES) == pytest.approx(1, abs=1e-3)
    by_trade = {t.trade: t.refund_weight for t in TRADES}
    assert by_trade["fuel"] == by_trade["fuel_pump"] == by_trade["transit"] == 0
    assert max(by_trade, key=lambda name: by_trade[name]) in {"fashion", "shoes"}
