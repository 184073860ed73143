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
    config = Config()
    for name, field in Config.model_fields.items():
        value = getattr(config, name)
        if isinstance(value, Section):
            for inner, inner_field in type(value).model_fields.items():
                yield Setting(name, inner, inner_field, getattr(value, inner))
        else:
            yield Setting("", name, field, value)


def nested(path: str, value: Any) -> dict[str, Any]:
    """`value` at a dotted path, as tables."""
    head, _, rest = path.partition(".")
    return {head: nested(rest, value) if rest else value}
