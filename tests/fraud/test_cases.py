"""What happens to the victim: one report for a case, a blocked card, a new one, and life goes on."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from tests.cell.worlds import World, make

STOLEN = {
    "world": {"rows": 60_000, "fraud_rate": "0.03", "end": "2025-09-01"},
    "fraud": {"mix": {"account_takeover": 1.0}, "typologies": {"account_takeover": {"report_delay_median_days": 0.5}}},
}


@pytest.fixture(scope="module")
def world() -> World:
    return make(STOLEN)


@pytest.fixture(scope="module")
def cases(world: World) -> pl.DataFrame:
    """Labels beside their payments; a case is a campaign and the account that it hits."""
    labels = world.frames["fraud_labels"].filter(pl.col("is_fraud"))
    frauds = world.payments.join(labels, on="transaction_id", suffix="_label")
    return frauds.with_columns(
        case=pl.concat_str("campaign_id", "account_id", separator="-"),
        known=pl.col("reported_at").min().over("campaign_id", "account_id"),
    )


def test_a_case_is_reported_at_once(cases: pl.DataFrame) -> None:
    """Events before the report become known together; later ones within the half hour in which they are seen."""
    told = cases.filter(pl.col("reported_at").is_not_null())
    before = told.filter(pl.col("event_time") < pl.col("known") - pl.duration(minutes=31))
    assert before.height > 100
    assert (before["reported_at"] == before["known"]).all()
    after = told.filter(pl.col("event_time") >= pl.col("known"))
    assert (after["reported_at"] - after["event_time"]).dt.total_minutes().max() == 30


def test_blocked_cards_are_declined(world: World, cases: pl.DataFrame) -> None:
    """Three days after the report at the latest nothing is approved any more, and something was tried."""
    late = cases.filter(pl.col("event_time") > pl.col("known") + pl.duration(days=3))
    assert late.height > 20
    assert late.filter(pl.col("response_code") == "00").height == 0
    answers = late["response_code"].value_counts()
    assert {"41", "62", "14"} & set(answers["response_code"])
    assert world.genuine.filter(pl.col("response_code").is_in(["41", "43", "62", "14"])).height > 0


def test_the_customer_goes_on_with_a_new_card(world: World, cases: pl.DataFrame) -> None:
    """After the report the victim pays from the same account with another card, and the old one pays nothing more."""
    reported = cases.filter(pl.col("known").is_not_null()).group_by("account_id", "card_id").agg(pl.col("known").min())
    later = world.genuine.join(reported, on="account_id", suffix="_stolen").filter(
        pl.col("event_time") > pl.col("known") + pl.duration(days=3)
    )
    assert later.height > 500
    assert later.filter(pl.col("card_id") == pl.col("card_id_stolen"), pl.col("response_code") == "00").height == 0
    earlier = world.genuine.join(reported, on="account_id", suffix="_stolen").filter(
        pl.col("event_time") < pl.col("known")
    )
    same = earlier.filter(pl.col("card_id") == pl.col("card_id_stolen"))
    assert same.height > 0.5 * earlier.height


def test_blocked_cards_are_not_used_by_thieves_alone(world: World) -> None:
    """Merchants who keep the old number, and owners, try a blocked card as well, and get a thief's answers."""
    cards = world.frames["cards"].select("card_id", "replaced_by_card_id", "issued_on")
    heirs = cards.select(replaced_by_card_id="card_id", since="issued_on")
    replaced = cards.join(heirs, on="replaced_by_card_id").select("card_id", "since")
    late = world.by_card.join(replaced, on="card_id").filter(pl.col("event_time").dt.date() > pl.col("since"))
    honest = late.filter(~pl.col("is_fraud"))
    assert honest.height > 60
    assert late.height < 12 * honest.height
    assert {"credential_on_file", "ecommerce", "contactless", "chip"} <= set(honest["entry_mode"])
    assert not {"00", "54"} & set(honest["response_code"])
    assert {"41", "43", "62", "14"} & set(honest["response_code"])


def test_a_blocked_card_is_replaced_in_the_table(world: World, cases: pl.DataFrame) -> None:
    """The stolen card has a successor on the same account, issued within days of the report."""
    cards = world.frames["cards"]
    stolen = cases.filter(pl.col("known").is_not_null()).group_by("card_id").agg(pl.col("known").min())
    stolen = stolen.filter(pl.col("known").dt.date() < pl.date(2025, 8, 25))
    heirs = stolen.join(cards, on="card_id").join(
        cards.select("card_id", "issued_on", "account_id"),
        left_on="replaced_by_card_id",
        right_on="card_id",
        suffix="_new",
    )
    assert heirs.height == stolen.height > 100
    assert (heirs["account_id"] == heirs["account_id_new"]).all()
    wait = (heirs["issued_on_new"] - heirs["known"].dt.date()).dt.total_days()
    assert (wait >= 0).all()
    assert wait.filter(wait <= 3).len() > 0.9 * wait.len()


def test_settings_reach_the_labels(world: World, cases: pl.DataFrame) -> None:
    """A shorter delay in the config is a shorter delay in the data."""
    slow = make({**STOLEN, "fraud": {"mix": {"account_takeover": 1.0}}})
    labels = slow.frames["fraud_labels"].filter(pl.col("is_fraud"))
    slow, fast = (
        np.median((told["reported_at"] - told["event_time"]).dt.total_hours().drop_nulls().to_numpy())
        for told in (labels, cases)
    )
    assert fast < slow / 3


def test_cards_are_replaced_early_without_fraud_too() -> None:
    """A card that was replaced long before it expires is no sign of fraud: others are lost or break."""
    made = make({"world": {"rows": 100_000}})
    cards = made.frames["cards"]
    heirs = cards.select(replaced_by_card_id="card_id", since="issued_on")
    early = cards.join(heirs, on="replaced_by_card_id").filter(
        (pl.col("expires_on") - pl.col("since")).dt.total_days() > 60
    )
    stolen = made.by_card.filter("is_fraud").select("card_id").unique()
    hit = early.join(stolen, on="card_id", how="semi").height
    assert hit > 20
    assert early.height - hit > 0.5 * hit
