"""What a customer does reads like a life: one home, places within reach, cards and phones that fit."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from payloom.reference import load_currencies
from tests.bounds import assert_share
from tests.cell.worlds import default_world, odd_world

worlds = pytest.mark.parametrize("made", [default_world, odd_world], ids=["default", "odd"])

FAR_KM = 100.0


def hops(payments: pl.DataFrame) -> pl.DataFrame:
    """Pairs of payments in person that follow each other in a customer's life: distance and time between them."""
    there = payments.filter(pl.col("latitude").is_not_null()).sort("customer_id", "event_time")
    radians = there.with_columns(pl.col("latitude", "longitude").cast(pl.Float64).radians())
    before = {name: pl.col(name).shift(1).over("customer_id") for name in ("latitude", "longitude", "event_time")}
    north = (pl.col("latitude") - before["latitude"]) / 2
    east = (pl.col("longitude") - before["longitude"]) / 2
    haversine = north.sin() ** 2 + pl.col("latitude").cos() * before["latitude"].cos() * east.sin() ** 2
    return radians.select(
        "customer_id",
        "event_time",
        km=12_742 * haversine.sqrt().arcsin(),
        hours=(pl.col("event_time") - before["event_time"]).dt.total_milliseconds() / 3.6e6,
    ).drop_nulls()


@worlds
def test_nobody_is_in_two_places_at_once(made) -> None:
    """Nobody pays in person in two cities within an hour, nor travels faster than 1,300 km/h.

    Refunds are left out: a shop that was visited on a trip pays back when it gets round to it.
    """
    genuine = made().genuine.filter(pl.col("transaction_type") != "refund")
    far = hops(genuine).filter(pl.col("km") > FAR_KM)
    assert far.height > 20
    assert far.filter(pl.col("hours") < 1).height == 0
    # The road before and after a trip takes eight hours, however far it goes: half round the globe is 2,500 km/h.
    assert far.filter(pl.col("km") / pl.col("hours") > 2_500).height == 0
    assert far.filter(pl.col("km") / pl.col("hours") > 1_300).height <= max(1, far.height // 1_000)


@worlds
def test_an_account_has_one_country_and_a_card_one_product(made) -> None:
    """A card keeps brand, funding, BIN and issuer; an account keeps its customer; a customer keeps the country."""
    payments = made().by_card
    for owner, names in (
        ("card_id", ["card_brand", "card_type", "bin_id", "issuer_id", "account_id"]),
        ("account_id", ["customer_id", "issuer_country"]),
        ("customer_id", ["issuer_country"]),
        ("bin_id", ["issuer_id", "card_brand", "card_type"]),
        ("issuer_id", ["issuer_country"]),
    ):
        counts = payments.group_by(owner).agg(pl.col(names).n_unique())
        assert counts.select(pl.col(names).max()).row(0) == (1,) * len(names), owner


@worlds
def test_wallets_match_the_phone(made) -> None:
    """Apple's wallet pays for those with iOS phones, the others for those with Android ones; only contactless."""
    payments = made().payments
    own = made().frames["devices"].select("device_id", "customer_id")
    phones = (
        payments.filter(pl.col("device_type").is_in(["ios", "android"]))
        .join(own, on=["device_id", "customer_id"])
        .group_by("customer_id")
        .agg(kind=pl.col("device_type").first(), kinds=pl.col("device_type").n_unique())
    )
    assert (phones["kinds"] == 1).all()
    paid = payments.filter(pl.col("wallet").is_not_null()).join(phones, on="customer_id")
    assert paid.height > 100
    # A thief puts the stolen card into a phone of their own.
    own = paid.filter(~pl.col("is_fraud"))
    assert ((own["wallet"] == "apple_pay") == (own["kind"] == "ios")).all()
    assert set(paid["entry_mode"]) == {"contactless"}
    assert set(paid["cvm"]) == {"device"}


@worlds
def test_checks_happen_where_they_can(made) -> None:
    """Addresses are checked by issuers in US, CA and GB; a wrong security code is what N7 says."""
    payments = made().payments
    assert set(payments.filter(pl.col("avs_result").is_not_null())["issuer_country"]) <= {"US", "CA", "GB"}
    wrong = payments.filter(pl.col("response_code") == "N7", ~pl.col("is_fraud"))
    assert wrong.height > 10
    assert set(wrong["cvv_result"]) == {"N"}


@worlds
def test_a_wrong_code_is_wrong_in_fraud_as_well(made) -> None:
    """The answer N7 goes with a failed check of the security code, whoever tried."""
    wrong = made().payments.filter(pl.col("response_code") == "N7", pl.col("is_fraud"))
    assert set(wrong["cvv_result"]) <= {"N"}


@worlds
def test_pin_errors_need_a_pin(made) -> None:
    """PIN tries are exceeded where a PIN was entered."""
    assert set(made().payments.filter(pl.col("response_code") == "75")["cvm"]) <= {"pin"}


@worlds
def test_strong_authentication_is_asked_for_where_it_is_the_law(made) -> None:
    """Response 1A comes from issuers in Europe and India, and not after an authentication."""
    asked = made().genuine.filter(pl.col("response_code") == "1A")
    assert set(asked["issuer_country"]) <= {
        "GB", "DE", "FR", "ES", "IT", "NL", "SE", "PL", "PT", "GR", "AT", "CH", "IN",
    }  # fmt: skip
    assert set(asked["three_ds"]) <= {"none", "attempted"}


@worlds
def test_nothing_is_declined_for_want_of_funds_that_asks_for_none(made) -> None:
    """An account verification is for 0, so neither 51 (funds) nor 61 (amount limit) answers it."""
    free = made().genuine.filter(pl.col("transaction_type") == "account_verification")
    assert free.height > 10
    assert free.filter(pl.col("response_code").is_in(["51", "61"])).height == 0


@worlds
def test_amounts_fit_their_currency(made) -> None:
    """Dollars are the amount at one rate per currency; the yen has no decimals."""
    payments = made().payments
    per_usd = {code: c.units_per_usd * 10**c.exponent for code, c in load_currencies().items()}
    usd = payments["amount_minor"] / payments["currency"].replace_strict(per_usd, return_dtype=pl.Float64)
    assert np.abs((usd - payments["amount_usd"]).to_numpy()).max() < 0.00501
    yen = payments.filter(pl.col("currency") == "JPY", pl.col("transaction_type") == "purchase")
    dollars = payments.filter(pl.col("currency") != "JPY", pl.col("transaction_type") == "purchase")
    # Were yen counted in hundredths, a typical ticket would be a hundred times as large in dollars.
    assert yen["amount_usd"].median() == pytest.approx(dollars["amount_usd"].median(), rel=0.5)


@worlds
def test_cash_comes_in_notes(made) -> None:
    """Machines give multiples of 20 dollars, 10 pounds, 10 euro, 10,000 yen; else of 20 units (Atlanta Fed 2019)."""
    cash = made().payments.filter(pl.col("transaction_type") == "cash_withdrawal")
    assert cash.height > 100
    units = {code: 20 * 10**c.exponent for code, c in load_currencies().items()}
    units |= {"USD": 2_000, "GBP": 1_000, "EUR": 1_000, "JPY": 10_000}
    assert (cash["amount_minor"] % cash["currency"].replace_strict(units) == 0).all()
    assert (cash["amount_minor"] > 0).all()
    assert set(cash["channel"]) == {"atm"}
    assert set(cash["mcc"].drop_nulls()) == {"6011"}
    assert set(cash["cvm"]) == {"pin"}


@worlds
def test_an_address_has_one_owner_country_and_network(made) -> None:
    """A look-up of an address gives one country and one network, whoever uses it.

    One address in a thousand may differ: addresses are drawn from ranges of 2**22 to 2**28, so some are drawn twice.
    """
    seen = made().payments.filter(pl.col("ip_address").is_not_null())
    counts = seen.group_by("ip_address").agg(pl.col("ip_country", "ip_type").n_unique())
    for name in ("ip_country", "ip_type"):
        assert (counts[name] > 1).sum() <= max(2, counts.height // 1_000), name


def subscriptions() -> pl.DataFrame:
    """Recurring charges with the trade of their merchant, which the payment itself may lack."""
    world = default_world()
    trades = world.frames["merchants"].select("merchant_id", trade="mcc")
    return world.payments.filter(pl.col("is_recurring")).join(trades, on="merchant_id", maintain_order="left")


@pytest.mark.statistical
def test_subscriptions_bill_monthly_the_same() -> None:
    """A contract bills once a month at one merchant, and its amount changes only where use is metered.

    Of customer, merchant and amount 99 % bill at most once a month (a family has two phones), and 85 % of customer
    and merchant have one amount (contracts change after 5 to 60 months; small worlds have few merchants).
    """
    charges = subscriptions()
    assert set(charges["entry_mode"]) == {"credential_on_file"}
    assert set(charges["transaction_type"]) == {"purchase"}
    plain = charges.filter(pl.col("trade") != "4900").with_columns(month=pl.col("event_time").dt.strftime("%Y-%m"))
    bills = plain.group_by("customer_id", "merchant_id", "amount_minor").agg(
        n=pl.len(), months=pl.col("month").n_unique()
    )
    assert_share(bills.filter(pl.col("n") == pl.col("months")).height, bills.height, 0.99, slack=0.01, what="monthly")
    contracts = plain.group_by("customer_id", "merchant_id").agg(
        months=pl.col("month").n_unique(), amounts=pl.col("amount_minor").n_unique()
    )
    long = contracts.filter(pl.col("months") >= 3)
    assert_share(long.filter(pl.col("amounts") == 1).height, long.height, 0.92, slack=0.08, what="one amount")
    gaps = (
        plain.sort("event_time")
        .select(
            days=pl.col("event_time").diff().over("customer_id", "merchant_id", "amount_minor").dt.total_hours() / 24
        )["days"]
        .drop_nulls()
    )
    # A month has 28 to 31 days, and billing follows the day of the month and the minute.
    assert_share(int(gaps.is_between(26.9, 32.1).sum()), len(gaps), 0.99, slack=0.01, what="gaps of a month")


def test_metered_bills_differ_from_month_to_month() -> None:
    """Utilities bill what was used."""
    bills = subscriptions().filter(pl.col("trade") == "4900")
    each = bills.group_by("customer_id", "merchant_id").agg(n=pl.len(), amounts=pl.col("amount_minor").n_unique())
    assert (each.filter(pl.col("n") > 3)["amounts"] > 1).mean() > 0.95  # type: ignore[operator]
