"""How the data lies in files; it changes bytes, never rows."""

from __future__ import annotations

from typing import Literal

from payloom.config.section import Section, setting


class LayoutConfig(Section):
    """Compression and row groups."""

    compression: Literal["snappy", "zstd"] = setting(
        "snappy", "Codec of the Parquet pages", source="our choice, ADR 0001"
    )
    row_group_mb: int = setting(
        128,
        "Target size of a row group before compression",
        unit="MB",
        source="our choice, ADR 0001",
        ge=1,
        le=1_024,
    )
