"""What a model card says besides the results: the model's name, the data, and who made it when."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class CardAbout:
    """Where a model comes from, as texts that the card shows; empty ones are left out.

    Attributes
    ----------
    title
        Heading of the card, such as the name of the model.
    candidate
        `kind` of the model that the card is about; one of the evaluation's.
    source
        Where the data set lies.
    rows, frauds
        Payments and frauds of the whole data set.
    manifest_digest, config_digest
        What identifies the files and the world.
    world
        The world in words, such as its period and seed.
    payloom_version
        Version that trained the model.
    feature_count
        Features that the models see.
    registered_name, registered_version, registered_alias
        How the registry knows the model.
    promotion
        Whether it took the champion's place, and why; one sentence.
    written_at
        Time of writing, as the caller tells it.
    """

    title: str
    candidate: str
    source: str
    rows: int
    frauds: int
    manifest_digest: str = ""
    config_digest: str = ""
    world: str = ""
    payloom_version: str = ""
    feature_count: int = 0
    registered_name: str = ""
    registered_version: str = ""
    registered_alias: str = ""
    promotion: str = ""
    written_at: str = ""
