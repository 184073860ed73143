"""Countries carry plausible habits."""

from payloom.reference import load_countries


def test_shares_and_weights_are_in_range() -> None:
    for country in load_countries().values():
        assert 0 < country.contactless_share < 1
        assert 0.5 < country.online_factor < 1.5
        assert country.tourism_weight > 0


def test_codes_are_in_order_and_name_themselves() -> None:
    assert list(load_countries()) == sorted(load_countries())
    assert all(code == country.country for code, country in load_countries().items())


def test_euro_countries_use_the_euro() -> None:
    euro = {code for code, country in load_countries().items() if country.currency == "EUR"}
    assert euro == {"AT", "DE", "ES", "FR", "GR", "IT", "NL", "PT"}
