"""A feature is what it declares: a declaration that looks ahead, and a read that is not declared, are refused."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from payloom.errors import ConfigError
from payloom.features.activity import WINDOWS
from payloom.features.catalogue import FEATURES, build_features
from payloom.features.feature import Feature, of_row
from payloom.schema import PAYMENTS
from tests.cell.worlds import make

HONEST = Feature(
    name="card_declines",
    group="rfm",
    entity="card",
    meaning="declined payments of the card so far",
    unit="payments",
    window="ever",
    needs=("card_id",),
    needs_past=("response_code",),
    make=lambda past: past.total("card_id", (past.column("response_code") != "00").to_numpy().astype("int64")),
)


@pytest.fixture(scope="module")
def payments() -> pl.DataFrame:
    return make({"world": {"rows": 300, "customers": 10}}).frames["payments"]


def test_a_feature_of_your_own_is_built(payments) -> None:
    """An honest declaration gives its column, beside those of payloom."""
    made = build_features(payments, features=(*FEATURES, HONEST))
    assert made.columns[-1] == "card_declines"
    assert made["card_declines"].sum() > 0


LATER = [column.name for column in PAYMENTS.columns if column.known == "after"]
LABELS = [column.name for column in PAYMENTS.columns if column.role == "label"]


@pytest.mark.parametrize("column", LATER)
def test_what_the_answer_tells_is_refused(payments, column) -> None:
    """A feature of the payment itself can't need what is known after the answer, and the message is one line."""
    bad = of_row("clever", "a clever feature", (column,), pl.col(column).is_null().cast(pl.Float64), "flag")
    with pytest.raises(ConfigError, match=rf"features\.clever\.needs = {column}: is ") as refused:
        build_features(payments, features=(*FEATURES, bad))
    assert "\n" not in refused.value.message
    assert refused.value.exit_code == 2
    assert refused.value.hint


@pytest.mark.parametrize("column", LABELS)
def test_a_label_is_refused_even_of_earlier_payments(payments, column) -> None:
    """The truth about earlier payments is not known either; reports are."""
    for bad in (replace(HONEST, needs=("card_id", column)), replace(HONEST, needs_past=(column,))):
        with pytest.raises(ConfigError, match=rf"needs(_past)? = {column}: is the label"):
            build_features(payments, features=[bad])


def test_a_column_that_the_schema_does_not_know_is_refused(payments) -> None:
    """Of such a column nobody has said when it is known."""
    with pytest.raises(ConfigError, match=r"needs = chargeback_at: is no column of payments"):
        build_features(payments, features=[replace(HONEST, needs=("chargeback_at",))])


@pytest.mark.parametrize(
    ("needs", "make"),
    [
        (("card_id",), lambda past: past.number("is_fraud")),
        (("card_id",), lambda past: past.column("response_code").is_null().to_numpy()),
        (("card_id",), lambda past: past.history("card_id", "merchant_id").count()),
        (("card_id",), lambda past: past.newcomers("card_id", "merchant_id")),
        (("card_id",), lambda past: past.reports_of("merchant_id")),
        (("card_id",), lambda past: past.was_reported("merchant_id")),
        (("card_id",), lambda past: past.select(pl.col("is_fraud").cast(pl.Float64))),
        (("account_id",), lambda past: past.crossed("account_id", "payee_account_id").count()),
        (("customer_id",), lambda past: past.is_new("customer_id", "ip_range")),
    ],
)
def test_what_is_not_declared_is_not_served(payments, needs, make) -> None:
    """A feature that reads more than it declares fails, even when another feature has read the same column before."""
    sly = replace(HONEST, name="sly", needs=needs, needs_past=(), make=make)
    with pytest.raises(ConfigError, match="is read by a feature that does not declare it"):
        build_features(payments, features=(*FEATURES, sly))


def test_every_feature_says_what_it_is() -> None:
    """Entity, unit, window and time of knowledge of all features fit their names and columns."""
    for feature in FEATURES:
        feature.check()
        assert feature.entity, feature.name
        assert feature.unit, feature.name
        assert (feature.known == "request") == (feature.window == ""), feature.name
        assert feature.window in {"", "ever", *WINDOWS}, feature.name
        if feature.window not in {"", "ever"} and feature.name.rsplit("_", 1)[-1] in WINDOWS:
            assert feature.name.endswith(f"_{feature.window}")


def test_every_activity_window_is_there() -> None:
    """Card, customer, device, address and merchant have counts, sums, means and maxima in all five windows."""
    names = {feature.name for feature in FEATURES}
    for who in ("card", "customer", "device", "ip", "merchant"):
        assert {f"{who}_count_{window}" for window in WINDOWS} <= names
        assert {f"{who}_{what}_usd_{window}" for what in ("sum", "mean", "max") for window in WINDOWS} <= names
        assert f"{who}_seconds_since_last" in names
    assert list(WINDOWS) == ["15m", "1h", "24h", "7d", "30d"]
