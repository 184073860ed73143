"""Ticket sizes, by trade and in all, and how amounts end."""

from __future__ import annotations

from typing import Final

import polars as pl

from payloom.realism.measures.evidence import Evidence
from payloom.realism.measures.measure import ENOUGH, Values, measure, number, one_row

FOOD_SHOPS: Final = ("5411", "5499", "5462", "5300", "5921")
EATING_OUT: Final = ("5812", "5813", "5814")
FUEL: Final = ("5541", "5542")
FUEL_AND_TRANSPORT: Final = (*FUEL, "4111", "4112", "4121", "7523")
SHOPPING: Final = (
    "5200", "5262", "5310", "5311", "5651", "5661", "5712", "5732", "5912", "5941", "5942", "5944", "5945", "5977",
    "5995", "5999",
)  # fmt: skip
TRADES: Final = {
    "5411": ("grocery", "mean", "ln_sd"),
    "5541": ("fuel", "mean", "ln_sd"),
    "5814": ("fast_food", "median", "mean", "ln_sd"),
    "5812": ("restaurant", "mean"),
    "5262": ("marketplace", "median", "mean", "ln_sd"),
    "5732": ("electronics", "median", "mean", "ln_sd"),
    "5651": ("fashion", "mean"),
    "7011": ("hotel", "mean", "ln_sd"),
}
"""Trades by category code, and what is known of their ticket sizes."""

REMOTE: Final = ("online", "app", "moto")


@measure(
    "ticket_mean",
    "ticket_median",
    "ticket_ln_sd",
    "ticket_p95",
    "ticket_p99",
    needs=("amount_usd",),
)
def tickets(evidence: Evidence) -> Values:
    """Genuine purchases of more than nothing, US dollars."""
    usd = pl.col("amount_usd")
    return one_row(
        evidence.purchases.filter(usd > 0),
        ticket_mean=usd.mean(),
        ticket_median=usd.median(),
        ticket_ln_sd=usd.log().std(),
        ticket_p95=usd.quantile(0.95),
        ticket_p99=usd.quantile(0.99),
    )


@measure("remote_ticket_median", "remote_ticket_ln_sd", needs=("amount_usd", "channel"))
def remote_tickets(evidence: Evidence) -> Values:
    """Genuine purchases with the card not present."""
    usd = pl.col("amount_usd")
    return one_row(
        evidence.purchases.filter(pl.col("channel").is_in(REMOTE) & (usd > 0)),
        remote_ticket_median=usd.median(),
        remote_ticket_ln_sd=usd.log().std(),
    )


@measure(
    *(f"{trade}_{way}" for trade, *ways in TRADES.values() for way in ways),
    needs=("amount_usd", "mcc"),
)
def trades(evidence: Evidence) -> Values:
    """Genuine purchases by trade."""
    usd = pl.col("amount_usd")
    found = (
        evidence.purchases.filter(pl.col("mcc").is_in(list(TRADES)) & (usd > 0))
        .group_by(pl.col("mcc").cast(pl.String))
        .agg(pl.len(), median=usd.median(), mean=usd.mean(), ln_sd=usd.log().std())
        .filter(pl.col("len") >= ENOUGH)
        .collect(engine="streaming")
    )
    values: dict[str, float | None] = {}
    for row in found.iter_rows(named=True):
        trade, *ways = TRADES[row["mcc"]]
        values |= {f"{trade}_{way}": number(row[way]) for way in ways}
    return values


@measure("food_shop_share", "eating_out_share", "fuel_transport_share", needs=("mcc",))
def trade_mix(evidence: Evidence) -> Values:
    """Mix of trades among purchases that are no subscriptions."""
    chosen = evidence.purchases.filter(pl.col("mcc").is_not_null())
    if evidence.has("is_recurring"):
        chosen = chosen.filter(~pl.col("is_recurring"))
    return one_row(
        chosen,
        food_shop_share=pl.col("mcc").is_in(FOOD_SHOPS).mean(),
        eating_out_share=pl.col("mcc").is_in(EATING_OUT).mean(),
        fuel_transport_share=pl.col("mcc").is_in(FUEL_AND_TRANSPORT).mean(),
    )


@measure("grocery_fuel_shopping_share", needs=("mcc",))
def everyday_trades(evidence: Evidence) -> Values:
    """Grocery, fuel and shopping among all purchases."""
    everyday = (*FOOD_SHOPS, *FUEL, *SHOPPING)
    known = evidence.purchases.filter(pl.col("mcc").is_not_null())
    return one_row(known, grocery_fuel_shopping_share=pl.col("mcc").is_in(everyday).mean())


@measure("atm_mean", "atm_tens_share", needs=("amount_usd", "amount_minor", "channel"))
def cash(evidence: Evidence) -> Values:
    """Genuine cash withdrawals; multiples of ten in currencies with cents."""
    return one_row(
        evidence.genuine.filter(pl.col("channel") == "atm"),
        atm_mean=pl.col("amount_usd").mean(),
        atm_tens_share=(pl.col("amount_minor") % 1000 == 0).filter("has_cents").mean(),
    )


@measure("atm_us_twenties_share", needs=("amount_minor", "channel", "currency"))
def twenties(evidence: Evidence) -> Values:
    """Multiples of 20 among cash withdrawals in US dollars."""
    machines = evidence.genuine.filter((pl.col("channel") == "atm") & (pl.col("currency") == "USD"))
    return one_row(machines, atm_us_twenties_share=(pl.col("amount_minor") % 2000 == 0).mean())


@measure("end_00_share", "end_99_share", "end_95_share", "tens_share", needs=("amount_minor",))
def endings(evidence: Evidence) -> Values:
    """Genuine purchases by the last digits of the amount, in currencies with cents."""
    cents = pl.col("amount_minor") % 100
    return one_row(
        evidence.purchases.filter("has_cents"),
        end_00_share=(cents == 0).mean(),
        end_99_share=(cents == 99).mean(),
        end_95_share=(cents == 95).mean(),
        tens_share=(pl.col("amount_minor") % 1000 == 0).mean(),
    )


MEASURES: Final = (tickets, remote_tickets, trades, trade_mix, everyday_trades, cash, twenties, endings)
