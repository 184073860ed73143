"""Exponents are those of ISO 4217 and rates are near what 2024 saw."""

import pytest

from payloom.reference import load_countries, load_currencies

# ISO 4217 table A.1, by hand.
ISO_4217 = {
    "AED": ("784", 2), "AUD": ("036", 2), "BRL": ("986", 2), "CAD": ("124", 2), "CHF": ("756", 2),
    "EUR": ("978", 2), "GBP": ("826", 2), "INR": ("356", 2), "JPY": ("392", 0), "MXN": ("484", 2),
    "PLN": ("985", 2), "SEK": ("752", 2), "THB": ("764", 2), "TRY": ("949", 2), "USD": ("840", 2),
}  # fmt: skip


def test_codes_and_exponents_are_those_of_the_standard() -> None:
    assert {code: (c.numeric, c.exponent) for code, c in load_currencies().items()} == ISO_4217


def test_every_country_has_its_currency() -> None:
    assert {country.currency for country in load_countries().values()} == set(load_currencies())


# Yearly means published by the US tax authority for 2024; other sources and days, hence 1 %.
@pytest.mark.parametrize(
    ("code", "units"),
    [
        ("EUR", 0.924),
        ("GBP", 0.783),
        ("JPY", 151.353),
        ("CAD", 1.370),
        ("CHF", 0.881),
        ("MXN", 18.330),
        ("INR", 83.677),
    ],
)
def test_rates_agree_with_another_publisher(code: str, units: float) -> None:
    assert load_currencies()[code].units_per_usd == pytest.approx(units, rel=0.01)


def test_the_dollar_is_the_unit_and_the_dirham_its_peg() -> None:
    assert load_currencies()["USD"].units_per_usd == 1
    assert load_currencies()["AED"].units_per_usd == 3.6725


def test_minor_units_per_dollar_follow_the_exponent() -> None:
    assert load_currencies()["USD"].minor_per_usd == 100
    assert load_currencies()["JPY"].minor_per_usd == load_currencies()["JPY"].units_per_usd


def test_the_table_is_read_only() -> None:
    with pytest.raises(TypeError):
        load_currencies()["USD"] = load_currencies()["EUR"]  # type: ignore[index]
