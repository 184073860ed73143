"""Walks over the settings of the config, for tests that hold for each of them."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from pydantic.fields import FieldInfo

from payloom.config import Config
from payloom.config.section import Section


class Setting(NamedTuple):
    """One setting: its section (empty at the top), name, declaration and default value."""

    section: str
    name: str
    field: FieldInfo
    value: Any

    @property
    def path(self) -> str:
        return f"{self.section}.{self.name}" if self.section else self.name


def settings() -> Iterator[Setting]:
    """Every setting of the config; lists of tables count as one."""
    yield from _within(Config(), "")


def _within(section: Section, path: str) -> Iterator[Setting]:
    for name, field in type(section).model_fields.items():
        value = getattr(section, name)
        if isinstance(value, Section):
            yield from _within(value, f"{path}.{name}".lstrip("."))
        else:
            yield Setting(path, name, field, value)


def declarations() -> list[Setting]:
    """Settings whose declarations differ: of sections of one class, as typologies have, those of the first."""
    found: dict[int, Setting] = {}
    for setting in settings():
        found.setdefault(id(setting.field), setting)
    return list(found.values())


def nested(path: str, value: Any) -> dict[str, Any]:
    """`value` at a dotted path, as tables."""
    head, _, rest = path.partition(".")
    return {head: nested(rest, value) if rest else value}
