"""Data of somebody who wants to run code in the reader's browser, and a reader of pages that notices."""

from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import polars as pl

MARK = "payloomowned"
"""Attribute that the planted code sets where it runs."""

_RUN = f"document.documentElement.setAttribute('{MARK}','1');alert(1)"

NAMES = (
    f"<script>{_RUN}</script>",
    f'<img src=x onerror="{_RUN}">',
    f'" autofocus onfocus="{_RUN}" x="',
    f"'><svg onload={_RUN}>",
    f"</title></style></script><script>{_RUN}</script>",
    f"<a href='javascript:{_RUN}'>shop</a>",
    f"<iframe srcdoc='<script>{_RUN}</script>'>",
    "=cmd|' /C calc'!A0",
    "{{ 7*7 }}{% raw %}",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "$\\frac{1}{0}$",
    "\u202eevil\x00\x1b[31m",
    "' OR 1=1 --",
)


def write_hostile(folder: Path, rows: int = 4_000) -> Path:
    """Write a data set in payloom's folders whose every text is hostile; return the folder."""
    start = datetime(2025, 3, 1, tzinfo=UTC)
    number = range(rows)

    def texts(step: int) -> list[str]:
        return [NAMES[(place // step) % len(NAMES)] for place in number]

    payments = pl.DataFrame(
        {
            "transaction_id": list(number),
            "event_time": [start + timedelta(minutes=13 * place) for place in number],
            "local_offset_min": [0] * rows,
            "amount_minor": [100 + place % 5_000 for place in number],
            "amount_usd": [1.0 + place % 50 for place in number],
            "currency": texts(3),
            "transaction_type": texts(2),
            "channel": texts(1),
            "mcc": texts(1),
            "merchant_country": texts(5),
            "issuer_country": texts(7),
            "response_code": texts(2),
            "merchant_id": [place % len(NAMES) for place in number],
            "customer_id": [place % 150 for place in number],
            "account_id": [place % 300 for place in number],
            "device_id": [place % 40 for place in number],
            "ip_address": texts(1),
            "latitude": [50.0 + place % 3 for place in number],
            "longitude": [float(place % 90) for place in number],
            "is_fraud": [place % 50 == 0 for place in number],
            "merchant_name": texts(1),
            NAMES[0]: texts(1),
        }
    ).with_columns(pl.col("event_time").dt.cast_time_unit("us"))
    tables = {"payments": payments, **_others(payments)}
    for name, frame in tables.items():
        (folder / name).mkdir(parents=True)
        frame.write_parquet(folder / name / "part-00000.parquet")
    return folder


def write_plain(file: Path) -> Path:
    """Write a few columns that are quick to profile; return the file."""
    start = datetime(2025, 3, 1, tzinfo=UTC)
    frame = pl.DataFrame(
        {
            "event_time": [start + timedelta(minutes=13 * place) for place in range(2_000)],
            "is_fraud": [place % 50 == 0 for place in range(2_000)],
            "amount_usd": [1.0 + place % 50 for place in range(2_000)],
        }
    )
    frame.write_parquet(file)
    return file


def _others(payments: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Return the other tables."""
    frauds = payments.filter("is_fraud")
    labels = frauds.select(
        "transaction_id",
        "event_time",
        "is_fraud",
        typology=(pl.int_range(pl.len()) // 20).replace_strict(list(range(len(NAMES))), NAMES, return_dtype=pl.String),
        campaign_id=pl.int_range(pl.len()) // 20,
        role="merchant_name",
        reported_at=pl.col("event_time") + pl.duration(days=1),
    )
    merchants = pl.DataFrame({"merchant_id": list(range(len(NAMES))), "name": NAMES, "city": NAMES})
    customers = pl.DataFrame(
        {"customer_id": list(range(150)), "home_city": [NAMES[at % len(NAMES)] for at in range(150)]}
    )
    return {"fraud_labels": labels, "merchants": merchants, "customers": customers}


class Page(HTMLParser):
    """Tags and attributes of a page as a browser sees them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.scripts: list[str] = []
        self._in_script = False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        self._in_script = tag == "script"

    def handle_data(self, data: str) -> None:
        """Note what would run."""
        if self._in_script:
            self.scripts.append(data)

    def handle_endtag(self, tag: str) -> None:
        """Leave a script."""
        self._in_script = False

    def values(self, attribute: str) -> list[str]:
        """All values of an attribute."""
        return [attributes[attribute] for _, attributes in self.tags if attribute in attributes]

    def hooks(self) -> list[str]:
        """Attributes that run code, with their values."""
        return [
            f"{name}={value}"
            for _, attributes in self.tags
            for name, value in attributes.items()
            if name.startswith("on")
        ]
