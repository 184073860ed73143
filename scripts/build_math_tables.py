"""Compute the function tables of ``payloom.reference.math_tables``.

``python scripts/build_math_tables.py`` writes ``src/payloom/reference/data/math_tables.f64le``;
``--check`` computes them anew and compares without writing. Only the standard library is used: ``decimal`` gives
exp and ln correctly rounded to 70 digits on every machine, the normal distribution is summed from its series at the
same precision, and the conversion to float64 rounds to nearest.
"""

from __future__ import annotations

import argparse
import struct
import sys
from collections.abc import Callable, Iterable
from decimal import Decimal, getcontext
from pathlib import Path
from statistics import NormalDist

DATA_PATH = Path(__file__).parents[1] / "src/payloom/reference/data/math_tables.f64le"

DIGITS = 70
"""Working precision: 17 digits of a float64, 16 lost to cancellation at -8 sigma, the rest margin."""

NEWTON_STEPS = 3
"""From the 15 digits of ``NormalDist.inv_cdf`` quadratic convergence passes 70 digits in three steps."""

INTERVALS = 4096
TAIL_DENOMINATOR = INTERVALS * INTERVALS
QUANTILE_CLAMP = Decimal(1) / Decimal(2) ** 40
EXP_LOW, EXP_STEPS_PER_UNIT = -16, 128
CDF_LOW, CDF_STEPS_PER_UNIT = -8, 256
LOG_POWERS = 64


def arctan_inverse(n: int) -> Decimal:
    """Arc tangent of 1/n by its Taylor series."""
    term = Decimal(1) / n
    total, k = term, 1
    while term:
        term = -term / (n * n)
        k += 2
        step = term / k
        if total + step == total:
            break
        total += step
    return total


def normal_density(x: Decimal, root_two_pi: Decimal) -> Decimal:
    """Density of the standard normal distribution."""
    return (-x * x / 2).exp() / root_two_pi


def normal_cdf(x: Decimal, root_two_pi: Decimal) -> Decimal:
    """Cumulative probability: 1/2 + density * (x + x^3/3 + x^5/15 + ...), which converges for every x."""
    term = total = x
    odd = 1
    while True:
        odd += 2
        term = term * x * x / odd
        if total + term == total:
            return Decimal("0.5") + normal_density(x, root_two_pi) * total
        total += term


def normal_quantile(p: Decimal, root_two_pi: Decimal) -> Decimal:
    """Inverse of `normal_cdf` by Newton's method."""
    x = Decimal(NormalDist().inv_cdf(float(p)))
    for _ in range(NEWTON_STEPS):
        x -= (normal_cdf(x, root_two_pi) - p) / normal_density(x, root_two_pi)
    return x


def quantile_knots(root_two_pi: Decimal) -> list[Decimal]:
    """Quantile at k / 4096; the upper half mirrors the lower one exactly."""
    half = INTERVALS // 2
    low = [normal_quantile(QUANTILE_CLAMP, root_two_pi)]
    low += [normal_quantile(Decimal(k) / INTERVALS, root_two_pi) for k in range(1, half)]
    return [*low, Decimal(0), *(-q for q in reversed(low))]


def tail_knots(root_two_pi: Decimal) -> list[Decimal]:
    """Quantile at j / 2**24 for the lowest interval of `quantile_knots`."""
    ends = [QUANTILE_CLAMP, *(Decimal(j) / TAIL_DENOMINATOR for j in range(1, INTERVALS + 1))]
    return [normal_quantile(p, root_two_pi) for p in ends]


def knots(function: Callable[[Decimal], Decimal], low: int, steps_per_unit: int) -> list[Decimal]:
    """`function` at 4,097 knots from `low`."""
    return [function(low + Decimal(k) / steps_per_unit) for k in range(INTERVALS + 1)]


def build_tables() -> bytes:
    """All tables in file order, as little-endian float64."""
    getcontext().prec = DIGITS
    pi = 4 * (4 * arctan_inverse(5) - arctan_inverse(239))
    root_two_pi = (2 * pi).sqrt()
    sections: Iterable[list[Decimal]] = (
        quantile_knots(root_two_pi),
        tail_knots(root_two_pi),
        knots(Decimal.exp, EXP_LOW, EXP_STEPS_PER_UNIT),
        [Decimal(n).ln() for n in range(1, INTERVALS + 1)],
        [(Decimal(2) ** k).ln() for k in range(LOG_POWERS + 1)],
        knots(lambda x: normal_cdf(x, root_two_pi), CDF_LOW, CDF_STEPS_PER_UNIT),
    )
    return b"".join(struct.pack(f"<{len(section)}d", *section) for section in sections)


def main(arguments: list[str] | None = None) -> int:
    """Write or check the tables; returns the process exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="compare with the committed file, write nothing")
    check = parser.parse_args(arguments).check
    tables = build_tables()
    if not check:
        DATA_PATH.write_bytes(tables)
        print(f"{DATA_PATH.name}: {len(tables):,} bytes")
        return 0
    same = DATA_PATH.read_bytes() == tables
    print(f"{DATA_PATH.name}: {'up to date' if same else 'differs from what the script computes'}")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
