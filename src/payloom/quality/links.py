"""Rules between tables: every id leads to a row, and what both rows say is the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import polars as pl

from payloom.quality.lookup import Lookup
from payloom.quality.rule import RowRule, Rule
from payloom.reference import load_countries


@dataclass(frozen=True, slots=True)
class Link:
    """A column that names a row of another table.

    Attributes
    ----------
    table, column
        Where the id stands.
    target, key
        Table and column that it names.
    same
        Columns that must agree: theirs by ours.
    """

    table: str
    column: str
    target: str
    key: str
    same: Mapping[str, str]

    @property
    def prefix(self) -> str:
        """What the joined columns begin with."""
        return f"{self.column}>"

    @property
    def rule_name(self) -> str:
        """Name of the rule that the row exists."""
        return f"{self.table}.{self.column}.{self.target}"


def _link(table: str, column: str, target: str, key: str, **same: str) -> Link:
    return Link(table, column, target, key, same)


_OF_CARD: Final = ("customer_id", "account_id", "bin_id", "issuer_id", "card_brand", "card_type", "issuer_country")
_OF_MERCHANT: Final = {"mcc": "mcc", "merchant_country": "country", "acquirer_id": "acquirer_id"} | {
    name: name for name in ("latitude", "longitude")
}

LINKS: Final = (
    Link("payments", "card_id", "cards", "card_id", {name: name for name in _OF_CARD}),
    Link("payments", "merchant_id", "merchants", "merchant_id", _OF_MERCHANT),
    _link("payments", "account_id", "accounts", "account_id", customer_id="customer_id"),
    _link("payments", "payee_account_id", "accounts", "account_id"),
    _link("payments", "customer_id", "customers", "customer_id"),
    _link("payments", "device_id", "devices", "device_id", device_type="device_type"),
    _link("accounts", "customer_id", "customers", "customer_id"),
    _link("accounts", "merchant_id", "merchants", "merchant_id"),
    _link("cards", "account_id", "accounts", "account_id", customer_id="customer_id"),
    _link("cards", "customer_id", "customers", "customer_id", issuer_country="home_country"),
    _link("cards", "replaced_by_card_id", "cards", "card_id", customer_id="customer_id", account_id="account_id"),
    _link("devices", "customer_id", "customers", "customer_id"),
)  # fmt: skip
"""Every reference of the schema that leads to a table of entities; refunds and labels lead to payments."""

_FOUND: Final = "found"

_LIVES: Final = {
    "card_id": ("issued_on", "expires_on"),
    "account_id": ("opened_on", "closed_on"),
    "device_id": ("activated_on", "retired_on"),
}
"""First day of use, and first day out of use, of what a payment is made with."""


def link_rules(table: str) -> list[RowRule]:
    """Return the rules of all links of a table, and of what joined rows decide."""
    rules = [rule for link in LINKS if link.table == table for rule in _rules(link)]
    return rules + (_of_places() if table == "payments" else [])


@dataclass(frozen=True)
class Side:
    """What is joined to rows by one link.

    Attributes
    ----------
    link
        The link.
    lookup
        Finds the rows of the table that it leads to.
    columns
        What is taken from there, under its joined names.
    """

    link: Link
    lookup: Lookup
    columns: pl.DataFrame


Sides = tuple[Side, ...]


def sides(table: str, targets: Mapping[str, pl.DataFrame]) -> Sides:
    """Return what `joined` adds to rows of a table, for the links whose tables are there."""
    return tuple(_side(link, targets[link.target]) for link in LINKS if _applies(link, table, targets))


def _applies(link: Link, table: str, targets: Mapping[str, pl.DataFrame]) -> bool:
    return link.table == table and link.target in targets and link.key in targets[link.target].columns


def _side(link: Link, target: pl.DataFrame) -> Side:
    wanted = dict.fromkeys(theirs for theirs in _wanted(link) if theirs in target.columns)
    columns = target.select(pl.col(theirs).alias(f"{link.prefix}{theirs}") for theirs in wanted)
    return Side(link, Lookup(target[link.key]), columns)


def joined(frame: pl.DataFrame, added: Sides) -> pl.DataFrame:
    """Add the columns that `link_rules` reads, for the links whose column is there."""
    columns: list[pl.Series] = []
    for side in added:
        if side.link.column in frame.columns:
            row = side.lookup.rows(frame[side.link.column])
            columns += [row.is_not_null().alias(f"{side.link.prefix}{_FOUND}"), *(c.gather(row) for c in side.columns)]
    return frame.with_columns(columns)


def _wanted(link: Link) -> tuple[str, ...]:
    # Where a merchant sells, and when things are in use: see `_of_places` and `_LIVES`.
    more = ("is_online",) if link.column == "merchant_id" else _LIVES.get(link.column, ())
    return (*link.same.values(), *(more if link.table == "payments" else ()))


def _rules(link: Link) -> list[RowRule]:
    value, found = pl.col(link.column), pl.col(f"{link.prefix}{_FOUND}")
    exists = Rule(
        link.rule_name, link.table, (link.column,), "integrity", f"{link.column} is missing or in {link.target}"
    )
    rules = [RowRule(exists, value.is_not_null() & ~found)]
    for ours, theirs in link.same.items():
        rule = Rule(
            f"{link.rule_name}.{ours}",
            link.table,
            (ours, link.column),
            "integrity",
            f"{ours} is the {theirs} of the row in {link.target} that {link.column} names",
        )
        rules.append(RowRule(rule, pl.col(ours) != pl.col(f"{link.prefix}{theirs}")))
    return rules


def _of_places() -> list[RowRule]:
    day, money = pl.col("event_time").dt.date(), {code: land.currency for code, land in load_countries().items()}
    always = pl.lit(value=True)
    # A subscription trap charges on when the account is closed: one payment in a million.
    ends = {"card_id": always, "account_id": ~pl.col("is_recurring"), "device_id": always}
    expected = pl.col("merchant_country").replace_strict(money, default=None, return_dtype=pl.String)
    remote = ~pl.col("channel").is_in(["in_store", "atm"])

    def rule(name: str, columns: tuple[str, ...], holds: str) -> Rule:
        return Rule(f"payments.{name}", "payments", columns, "integrity", holds)

    return [
        *(
            RowRule(
                rule(f"{column}.valid", (column, "event_time"), f"{column} is used from {first} up to {end}"),
                (day < pl.col(f"{column}>{first}")) | ((day >= pl.col(f"{column}>{end}")) & ends[column]),
            )
            for column, (first, end) in _LIVES.items()
        ),
        RowRule(
            rule("channel.merchant", ("channel", "merchant_id"), "online merchants sell remotely, shops in person"),
            remote != pl.col("merchant_id>is_online"),
        ),
        RowRule(
            rule("currency.country", ("currency", "merchant_country"), "the amount is in the currency of the acceptor"),
            pl.col("currency").cast(pl.String) != expected,
        ),
    ]
