"""What the default world looks like: the shares that distributions are compared with.

`python -m payloom.quality.baseline DIR...` writes ``data/baseline.json`` again from data sets with the default config
and different seeds: the mean of their shares.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from payloom.quality.margins import GROUP_SEPARATOR, MARGINS, Counts, Margin

_FILE: Final = Path(__file__).parent / "data" / "baseline.json"
_DECIMALS: Final = 7

Shares = Mapping[str, float]


@dataclass(frozen=True)
class Baseline:
    """Expected shares.

    Attributes
    ----------
    config
        Sections of the config that the shares belong to.
    shares
        By margin, the share of each class; of a margin with groups, within its group.
    """

    config: Mapping[str, Any]
    shares: Mapping[str, Shares]

    def differs_in(self, config: Mapping[str, Any], margin: Margin) -> list[str]:
        """Return the sections that shape a margin and are not those of the baseline."""
        return [name for name in margin.sections if config.get(name) != self.config[name]]


def group_of(key: str) -> str:
    """Return the group that a class belongs to; empty without groups."""
    return key.rpartition(GROUP_SEPARATOR)[0]


def group_sizes(counts: Counts) -> dict[str, int]:
    """Return the rows of each group."""
    sizes: defaultdict[str, int] = defaultdict(int)
    for key, number in counts.items():
        sizes[group_of(key)] += number
    return dict(sizes)


def shares_of(counts: Counts) -> dict[str, float]:
    """Return the share of each class in its group."""
    sizes = group_sizes(counts)
    return {key: number / sizes[group_of(key)] for key, number in counts.items() if sizes[group_of(key)]}


@cache
def load_baseline() -> Baseline:
    """Read the baseline that ships with the package."""
    values = json.loads(_FILE.read_text(encoding="utf-8"))
    return Baseline(values["config"], values["shares"])


def mean_shares(every: Sequence[Mapping[str, Counts]]) -> dict[str, dict[str, float]]:
    """Return the mean share of each class over data sets."""
    sums: dict[str, defaultdict[str, float]] = {margin.name: defaultdict(float) for margin in MARGINS}
    for counts in every:
        for name, own in counts.items():
            for key, share in shares_of(own).items():
                sums[name][key] += share / len(every)
    return {name: {key: round(share, _DECIMALS) for key, share in sorted(own.items())} for name, own in sums.items()}


def main(places: Sequence[str]) -> None:
    """Write the baseline from data sets."""
    from payloom.quality.dataset import open_data  # noqa: PLC0415 - it reads this module
    from payloom.quality.margins import Profile  # noqa: PLC0415

    counts, config = [], {}
    for place in places:
        data = open_data(place)
        config = dict(data.declared.config or {})
        batches = (batch for piece in data.pieces["payments"] for batch in piece.batches())
        counts.append(Profile.merged(map(Profile.of, batches)).counts)
    sections = {name for margin in MARGINS for name in margin.sections}
    values = {"config": {name: config[name] for name in sorted(sections)}, "shares": mean_shares(counts)}
    _FILE.write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
