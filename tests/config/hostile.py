"""Configs that nobody should write, as Hypothesis strategies."""

import math
from copy import deepcopy
from datetime import date, datetime, time
from typing import Any

from hypothesis import strategies as st

from tests.config.walk import Setting, settings

HOSTILE_VALUES: tuple[Any, ...] = (
    *(0, 1, -1, 2, 7, 100, 1_000_000, 10**12, 10**12 + 1, 2**31, 2**53, 2**63 - 1, 2**63, 2**64, -(2**63)),
    *(10**400, -(10**400), True, False),
    *(0.0, -0.0, 0.1, 0.5, 1.0, 1.5, -0.1, 5e-324, 1e308, math.inf, -math.inf, math.nan),
    *(date(2025, 1, 1), date(2026, 1, 1), date(1, 1, 1), date(9999, 12, 31)),
    *(datetime(2025, 1, 1, 12), time(12)),  # noqa: DTZ001 - a local time is the hostile part
    *("", "US", "2025-02-30", "2025-06-01", "nan", "1e6", "0.003", "snappy", "../../x", "\0", "\u202e", "x" * 5_000),
    *([], [[]], {}, {"": {}}, [{"country": "US"}], [{"country": "US", "share": 1.0}], {"cnp_stolen": 1.0}),
    *([0, "a", 1.5], {"a": {"b": {"c": [1, {"d": 2}]}}}),
)
"""Numbers at and over every edge, wrong types, odd text, and nests."""

_PATHS = [setting.path for setting in settings()]
_SECTIONS = sorted({setting.section for setting in settings() if setting.section})

_value = st.one_of(
    st.sampled_from(HOSTILE_VALUES).map(deepcopy),
    st.integers(),
    st.floats(),
    st.floats(0, 1),
    st.text(max_size=20),
    st.dates(),
    st.booleans(),
)

_entry = st.one_of(
    st.tuples(st.sampled_from(_PATHS), _value),
    st.tuples(st.sampled_from(_PATHS).map(lambda path: path + "x"), _value),
    st.tuples(st.sampled_from(_SECTIONS), _value),
    st.tuples(st.text(max_size=12), _value),
)


def put(values: dict[str, Any], path: str, value: Any) -> None:
    """Set `value` at a dotted path, over whatever is in the way."""
    *heads, last = path.split(".")
    for head in heads:
        inner = values.get(head)
        if not isinstance(inner, dict):
            inner = values[head] = {}
        values = inner
    values[last] = value


@st.composite
def hostile_tables(draw: st.DrawFn) -> dict[str, Any]:
    """Nested tables in which a few settings are hostile, misspelt or of the wrong kind."""
    values: dict[str, Any] = {}
    for path, value in draw(st.lists(_entry, min_size=1, max_size=6)):
        put(values, path, value)
    return values


_DAYS = st.sampled_from(
    ["2001-01-01", "2024-02-29", "2024-12-31", "2025-01-01", "2025-03-30", "2026-01-01", "2026-01-08", "2060-01-01"]
)

_ODD: dict[str, st.SearchStrategy[Any]] = {
    "world.rows": st.integers(1, 300),
    "world.start": _DAYS,
    "world.end": _DAYS,
    "world.fraud_rate": st.sampled_from([0, "0.5", "0.003", "0.000000000000000001", "0.4999"]),
    "world.customers": st.one_of(st.none(), st.integers(1, 200)),
    "world.merchants": st.one_of(st.none(), st.integers(100, 500)),
    "layout.compression": st.sampled_from(["snappy", "zstd"]),
    "fraud.mix": st.sampled_from(
        [
            *({name: 1.0} for name in ("cnp_stolen", "card_testing", "account_takeover", "device_farm")),
            {"card_testing": 0.0, "device_farm": 1.0},
            {"cnp_stolen": 1.0, "account_takeover": 1e-12},
        ]
    ),
    "planted.mix": st.sampled_from(
        [
            {},
            *({name: 1.0} for name in ("first_party_dispute", "corporate_card", "new_phone", "holiday_spree")),
            {"family_device": 0.0, "big_purchase": 1.0},
        ]
    ),
    "fraud.spikes": st.sampled_from(
        [
            [],
            [{"name": "x", "start": "12-31", "end": "01-01", "multiplier": 100.0}],
            [{"name": "x", "start": "01-01", "end": "12-31", "multiplier": 1e-9, "typologies": ["device_farm"]}],
        ]
    ),
    "regions": st.sampled_from(
        [
            *([{"country": country, "share": 1.0}] for country in ("JP", "NZ", "BR", "IN")),
            [{"country": "US", "share": 1.0}, {"country": "GB", "share": 1e-300}],
        ]
    ),
}


def _allowed(setting: Setting) -> st.SearchStrategy[Any]:
    """Values that a setting may have: both bounds, next to them, and between."""
    if setting.path in _ODD:
        return _ODD[setting.path]
    names = ("ge", "gt", "le")
    rules = {name: getattr(rule, name) for rule in setting.field.metadata for name in names if hasattr(rule, name)}
    low, high = rules.get("ge", rules.get("gt", 0)), rules["le"]
    if isinstance(setting.value, int):
        return st.one_of(st.sampled_from([low, low + 1, high - 1, high]), st.integers(low, high))
    edges = [float(low) if "ge" in rules else 5e-324, low + 1e-300, float(high)]
    return st.one_of(st.sampled_from(edges), st.floats(low, high, exclude_min=True))


_SETTINGS = list(settings())


@st.composite
def extreme_tables(draw: st.DrawFn) -> dict[str, Any]:
    """Nested tables in which a few settings are as far out as they may be; most are accepted."""
    values: dict[str, Any] = {"world": {"rows": 300, "customers": 100}}
    for setting in draw(st.lists(st.sampled_from(_SETTINGS), min_size=1, max_size=8, unique_by=lambda s: s.path)):
        put(values, setting.path, draw(_allowed(setting)))
    return values


def as_toml(value: Any) -> str:
    """A value in TOML; tables inline, so that any nest can be written."""
    if isinstance(value, bool | int | float):
        # TOML writes true, nan and inf as Python does in small letters.
        return str(value).lower()
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, dict):
        return "{" + ", ".join(f"{quoted(name)} = {as_toml(part)}" for name, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(as_toml, value)) + "]"
    return quoted(value)


def quoted(text: str) -> str:
    """A TOML basic string; a lone surrogate, which no file can hold, becomes a question mark."""
    clean = text.encode("utf-8", "replace").decode()
    return '"' + "".join(c if c.isprintable() and c not in '"\\' else f"\\U{ord(c):08x}" for c in clean) + '"'


hostile_toml = st.one_of(
    hostile_tables().map(
        lambda tables: "\n".join(f"{quoted(name)} = {as_toml(part)}" for name, part in tables.items()).encode()
    ),
    st.binary(max_size=200),
    st.text(alphabet="[]{}=\"'#.,\n -_0123456789aeinftT:world\\u", max_size=120).map(str.encode),
    st.tuples(
        st.binary(max_size=10), st.sampled_from([b"[world]\nrows = ", b"[[regions]]\n"]), st.binary(max_size=20)
    ).map(b"".join),
)
"""Bytes of config files: hostile tables, noise, and noise that looks like TOML."""
