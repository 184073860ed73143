"""Nothing in the rows could be a real card, a reachable address, or a name on the internet."""

from __future__ import annotations

import ipaddress
import re

import polars as pl
import pytest

from payloom.schema import TABLES
from tests.cell.worlds import default_world, odd_world

worlds = pytest.mark.parametrize("made", [default_world, odd_world], ids=["default", "odd"])

DIGITS = re.compile(r"\d{12,19}")
DOMAIN = re.compile(r"(?i)\b(?:[a-z0-9-]+\.)+[a-z]{2,}\b|@|://")

ALLOWED = [
    ipaddress.ip_network(text)
    for text in ("10.0.0.0/8", "100.64.0.0/10", "198.18.0.0/15", "240.0.0.0/4", "2001:db8::/32")
]


def luhn_valid(digits: str) -> bool:
    """Whether the last digit is the check digit of a card number (ISO/IEC 7812)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def looks_like_a_card(text: str) -> bool:
    """Whether a run of 12 to 19 digits, also with blanks or dashes between them, passes for a card number."""
    runs = DIGITS.findall(text) + DIGITS.findall(re.sub(r"(?<=\d)[ -](?=\d)", "", text))
    return any(run[0] in "23456" and luhn_valid(run) for run in runs)


def texts(world) -> list[tuple[str, str, list[str]]]:
    """Distinct values of every column of text: (table, column, values)."""
    return [
        (name, column.name, world.frames[name][column.name].drop_nulls().unique().to_list())
        for name, table in TABLES.items()
        for column in table.columns
        if column.kind in {"string", "enum"}
    ]


def test_the_check_finds_cards() -> None:
    """The check knows a test number of a scheme when it sees one."""
    assert looks_like_a_card("4111111111111111")
    assert looks_like_a_card("paid by 5555 5555 5555 4444")
    assert looks_like_a_card("4111-1111-1111-1111")
    assert not looks_like_a_card("4111111111111112")
    assert not looks_like_a_card("240.1.2.3")


@worlds
def test_no_text_looks_like_a_card_number(made) -> None:
    """No column of text, in any table, holds a Luhn-valid run of 12 to 19 digits that starts with 2 to 6."""
    for table, column, values in texts(made()):
        assert values, (table, column)
        assert [value for value in values if looks_like_a_card(value)] == [], (table, column)


@worlds
def test_no_address_can_be_reached(made) -> None:
    """Every address is canonical and from a private, shared, benchmark, reserved or documentation range."""
    addresses = made().payments["ip_address"].drop_nulls().unique().to_list()
    assert len(addresses) > 100
    for text in addresses:
        address = ipaddress.ip_address(text)
        assert str(address) == text
        assert not address.is_global
        assert any(address in network for network in ALLOWED), text


@worlds
def test_no_text_names_a_host(made) -> None:
    """No domain, mail address or URL anywhere but in the addresses, which are numbers."""
    for table, column, values in texts(made()):
        if column != "ip_address":
            assert [value for value in values if DOMAIN.search(value)] == [], (table, column)


@worlds
def test_network_kinds_share_their_ranges(made) -> None:
    """Carrier addresses come from 100.64.0.0/10, offices from 10.0.0.0/8; the rest from one range and IPv6."""
    seen = made().payments.filter(pl.col("ip_address").is_not_null()).unique("ip_address")
    where = {"mobile": "100.64.0.0/10", "business": "10.0.0.0/8"}
    for kind, text in seen.select("ip_type", "ip_address").iter_rows():
        network = ipaddress.ip_network(where.get(kind, "240.0.0.0/4"))
        address = ipaddress.ip_address(text)
        assert address.version == 6 or address in network, (kind, text)
        assert address.version == 4 or kind == "home"
