"""Addresses, cards, devices, merchants and homes as functions of identities."""

from __future__ import annotations

import ipaddress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from payloom.codes import IP_TYPE
from payloom.config import make_config
from payloom.plan.periods import DAY_US
from payloom.streams.hashing import draw
from payloom.world.addresses import is_ipv6, text
from payloom.world.model import Model, build_model
from tests.bounds import assert_shares
from tests.cell.worlds import ODD_WORLD
from tests.counts import count


@pytest.fixture(scope="module", params=[{"world": {"rows": 1_000_000}}, ODD_WORLD], ids=["default", "odd"])
def model(request) -> Model:
    return build_model(make_config(request.param))


def written(bits: np.ndarray, network: np.ndarray) -> list[str]:
    ends, data = text(bits, network)
    raw = data.tobytes()
    assert len(ends) == len(bits) + 1
    return [raw[start:end].decode() for start, end in zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True)]


@given(st.lists(st.tuples(st.integers(0, 2**64 - 1), st.integers(0, len(IP_TYPE) - 1)), max_size=40))
def test_addresses_are_canonical_text(pairs) -> None:
    """Any bits of any network give an address as the standard library writes it, of the right version."""
    bits = np.array([b for b, _ in pairs], dtype=np.uint64)
    network = np.array([n for _, n in pairs], dtype=np.int8)
    six = is_ipv6(bits, network)
    for value, version6 in zip(written(bits, network), six.tolist(), strict=True):
        address = ipaddress.ip_address(value)
        assert str(address) == value
        assert (address.version == 6) == version6
        assert not address.is_global


def test_one_home_in_four_has_ipv6() -> None:
    """A quarter of the homes is on IPv6 (as `IPV6_SHARE_BITS` documents), no other network."""
    bits = draw(np.uint64(3), np.arange(40_000))
    for kind, name in enumerate(IP_TYPE):
        share = is_ipv6(bits, np.full(len(bits), kind)).mean()
        assert share == (pytest.approx(0.25, abs=0.015) if name == "home" else 0)


def test_a_card_is_replaced_before_it_expires(model) -> None:
    """Generations follow each other without a gap, every four years, each valid past its successor's first day."""
    holder = np.arange(2_000)
    for day in (11_323, 20_089, 20_453, 32_000):
        generation, age = model.cards.generation(holder, np.full(2_000, day))
        assert (generation >= 0).all()
        assert (generation < 64).all()
        assert np.array_equal(model.cards.issued_day(holder, generation) + age, np.full(2_000, day))
        following = model.cards.issued_day(holder, generation + 1)
        assert np.array_equal(model.cards.generation(holder, following)[0], generation + 1)
        assert np.array_equal(model.cards.generation(holder, following - 1)[0], generation)


def test_devices_follow_each_other(model) -> None:
    """A slot's devices follow each other without a gap, each from its first day to the next one's."""
    for slot in (0, 1, 2):
        holder, slots = np.arange(1_000) * 4 + slot, np.full(1_000, slot)
        for day in (11_323, 20_089, 32_000):
            generation, first = model.devices.generation(holder, slots, np.full(1_000, day))
            assert ((generation >= 0) & (generation < 64)).all()
            assert (first <= day).all()
            following = model.devices.first_day(holder, slots, generation + 1)
            assert (following > day).all()
            assert np.array_equal(model.devices.generation(holder, slots, following)[0], generation + 1)


def test_merchants_are_counted_exactly(model) -> None:
    """The config's merchants, all of them, each in one place and trade; an index finds its place again."""
    merchants = model.merchants
    assert merchants.total == model.config.world.merchant_count
    site, trade = merchants.site_of(np.arange(merchants.total))
    assert site.min() >= 0
    assert site.max() < len(merchants.site_country)
    inside = np.arange(merchants.total) - merchants.base[site, trade]
    assert ((inside >= 0) & (inside < merchants.count[site, trade])).all()


@pytest.mark.parametrize("merchants", [100, 101, 150, 500, 17_018])
def test_an_index_finds_its_place_in_a_small_world(merchants) -> None:
    """The same where there are too few merchants for all places."""
    made = build_model(make_config({"world": {"rows": 10_000, "merchants": merchants}}))
    layout = made.merchants
    site, trade = layout.site_of(np.arange(layout.total))
    inside = np.arange(layout.total) - layout.base[site, trade]
    assert ((inside >= 0) & (inside < layout.count[site, trade])).all()
    countries: list[set[int]] = [set() for _ in range(layout.total)]
    for place in range(len(layout.site_country)):
        for first, number in zip(layout.base[place].tolist(), layout.count[place].tolist(), strict=True):
            for index in range(first, first + number):
                countries[index].add(int(layout.site_country[place]))
    assert all(len(found) == 1 for found in countries)


def test_homes_are_in_their_groups_country_and_zone(model) -> None:
    """A customer's home city lies in the country and the time zone of the customer's group."""
    customer = np.arange(min(5_000, model.plan.cohorts.customers))
    group = model.plan.cohorts.group[model.plan.cohorts.of_customer(customer)]
    place = model.people.home_place(model.people.bits(customer), group)
    geography = model.geography
    assert np.array_equal(geography.country[place], geography.home_country[group])
    assert np.array_equal(geography.timezone[place], geography.home_timezone[group])


@pytest.mark.statistical
def test_people_live_where_people_live(model) -> None:
    """Homes split over a group's cities by population (chi-square)."""
    total = count(50_000, 2_000_000)
    geography = model.geography
    group = np.zeros(total, dtype=np.int64)
    place = model.people.home_place(model.people.bits(np.arange(total)), group)
    first, number = int(geography.home_first_place[0]), int(geography.home_places[0])
    people = np.array([city.population for city in geography.cities[first : first + number]], dtype=float)
    assert_shares(np.bincount(place - first, minlength=number), people, what="homes")


def test_a_home_keeps_its_address_for_a_lease(model) -> None:
    """A home's address changes every 45 days; an office's stays; a phone wanders between four."""
    customer, day = np.full(365, 77), 20_089 + np.arange(365)
    changes = {}
    for kind, name in enumerate(IP_TYPE):
        network, group = np.full(365, kind), np.zeros(365, dtype=np.int64)
        bits = model.addresses.bits(customer, network, group, day * DAY_US, draw(np.uint64(1), day).astype(np.uint32))
        changes[name] = len(np.unique(bits))
    assert 8 <= changes["home"] <= 10
    assert changes["business"] == changes["vpn"] == 1
    assert 1 <= changes["mobile"] <= 4
