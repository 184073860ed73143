"""The function tables hold the correctly rounded values, checked with other series than those that made them."""

import random
from collections.abc import Iterator
from decimal import Decimal, localcontext
from itertools import pairwise
from math import inf, nextafter

import numpy as np
import pytest

from payloom.errors import CorruptionError
from payloom.reference import load_math_tables, math_tables

TABLES = load_math_tables()


@pytest.fixture(autouse=True)
def precise() -> Iterator[None]:
    with localcontext() as context:
        context.prec = 90
        yield


def pi() -> Decimal:
    """Gauss-Legendre iteration."""
    a, b, t, p = Decimal(1), 1 / Decimal(2).sqrt(), Decimal("0.25"), Decimal(1)
    for _ in range(7):
        a, b, previous = (a + b) / 2, (a * b).sqrt(), a
        t -= p * (a - previous) ** 2
        p *= 2
    return (a + b) ** 2 / (4 * t)


def normal_cdf(x: Decimal) -> Decimal:
    """Alternating Maclaurin series of the error function."""
    term = total = x
    n = 0
    while abs(term) > Decimal("1e-60"):
        n += 1
        term *= -x * x / (2 * n)
        total += term / (2 * n + 1)
    return Decimal("0.5") + total / (2 * pi()).sqrt()


def is_nearest_quantile(value: float, p: Decimal) -> bool:
    """Whether p lies between the probabilities of the midpoints to the float64 neighbours."""
    low = (Decimal(value) + Decimal(nextafter(value, -inf))) / 2
    high = (Decimal(value) + Decimal(nextafter(value, inf))) / 2
    return normal_cdf(low) <= p <= normal_cdf(high)


def knots(low: int, high: int, number: int = 25) -> list[int]:
    return [low, high, *random.Random(7).sample(range(low + 1, high), number)]


def test_pi_of_this_test_is_pi() -> None:
    assert str(pi()).startswith("3.14159265358979323846264338327950288419716939937510")


@pytest.mark.parametrize("k", knots(1, 4095))
def test_quantile_is_correctly_rounded(k: int) -> None:
    assert is_nearest_quantile(float(TABLES.normal_quantile[k]), Decimal(k) / 4096)


@pytest.mark.parametrize("j", knots(1, 4096))
def test_low_tail_is_correctly_rounded(j: int) -> None:
    assert is_nearest_quantile(float(TABLES.normal_quantile_low_tail[j]), Decimal(j) / 2**24)


def test_zero_is_clamped_at_two_to_the_minus_forty() -> None:
    assert TABLES.normal_quantile[0] == TABLES.normal_quantile_low_tail[0]
    assert is_nearest_quantile(float(TABLES.normal_quantile[0]), Decimal(1) / 2**40)


@pytest.mark.parametrize("k", knots(0, 4096))
def test_exp_is_correctly_rounded(k: int) -> None:
    assert TABLES.exp[k] == float((Decimal(k) / 128 - 16).exp())


@pytest.mark.parametrize("n", knots(1, 4096))
def test_log_is_correctly_rounded(n: int) -> None:
    assert TABLES.log_integer[n - 1] == float(Decimal(n).ln())


def test_log_of_powers_of_two_is_correctly_rounded() -> None:
    assert TABLES.log_power_of_two.tolist() == [float((Decimal(2) ** k).ln()) for k in range(65)]


@pytest.mark.parametrize("k", knots(0, 4096))
def test_cdf_is_correctly_rounded(k: int) -> None:
    assert TABLES.normal_cdf[k] == float(normal_cdf(Decimal(k) / 256 - 8))


def test_quantile_is_odd_and_meets_its_tail() -> None:
    assert np.array_equal(TABLES.normal_quantile, -TABLES.normal_quantile[::-1])
    assert TABLES.normal_quantile_low_tail[-1] == TABLES.normal_quantile[1]


@pytest.mark.parametrize(
    "name", ["normal_quantile", "normal_quantile_low_tail", "exp", "log_integer", "log_power_of_two"]
)
def test_tables_rise(name: str) -> None:
    assert np.all(np.diff(getattr(TABLES, name)) > 0)


def test_cdf_never_falls_and_stays_inside_zero_and_one() -> None:
    assert all(low <= high for low, high in pairwise(TABLES.normal_cdf.tolist()))
    assert TABLES.normal_cdf[0] > 0
    assert TABLES.normal_cdf[-1] <= 1


def test_nobody_can_change_the_shared_tables() -> None:
    with pytest.raises(ValueError, match="read-only"):
        TABLES.exp[0] = 0


def test_a_file_cut_short_is_called_corrupt(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    (tmp_path / "math_tables.f64le").write_bytes(b"\0" * 80)
    monkeypatch.setattr(math_tables, "DATA_FOLDER", tmp_path)
    load_math_tables.cache_clear()
    with pytest.raises(CorruptionError, match="80 bytes"):
        load_math_tables()
    monkeypatch.undo()
    load_math_tables.cache_clear()
