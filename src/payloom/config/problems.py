"""From pydantic's errors to problems that name field, value, what is allowed, and the fix."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pydantic.fields import FieldInfo

from payloom.config.allowed import allowed_text, likely_fix, names_text
from payloom.config.layers import Merged
from payloom.config.near import did_you_mean
from payloom.config.section import REFUSED, Section
from payloom.config.shown import shown_text, shown_value
from payloom.errors import Problem

if TYPE_CHECKING:
    from pydantic import ValidationError


def problems_of(model: type[Section], error: ValidationError, merged: Merged) -> Iterator[Problem]:
    """Yield one problem for each error that pydantic found."""
    for found in error.errors(include_url=False):
        yield _problem(model, found, merged)


def _problem(model: type[Section], found: Mapping[str, Any], merged: Merged) -> Problem:
    location = found["loc"]
    path = ".".join(str(part) for part in location)
    source = merged.source_of(path)
    given = shown_value(found["input"])
    field = _spelled(location)
    if found["type"] == "extra_forbidden":
        section = _model_at(model, location[:-1])
        where = f"[{_spelled(location[:-1])}]" if len(location) > 1 else "the config"
        fix = _meant(model, section, str(location[-1]))
        return Problem(field, "", f"no such setting in {where}", fix, source)
    if found["type"] == REFUSED:
        context = found["ctx"]
        return Problem(field, given, f"expected {context['allowed']}", context["fix"], source)
    info = _field_at(model, location)
    if info is None:
        return Problem(field, given, shown_text(found["msg"], 120), "", source)
    if found["type"] == "missing":
        return Problem(field, "", f"missing; expected {allowed_text(info)}", "", source)
    fix = likely_fix(info, found["input"])
    return Problem(field, given, f"expected {allowed_text(info)}", fix, source)


def _spelled(location: tuple[int | str, ...]) -> str:
    text = ""
    for part in location:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            name = shown_text(part, 40)
            bare = name.replace("_", "").isalnum()
            text += ("." if text else "") + (name if bare else f'"{name}"')
    return text


def _model_at(model: type[Section], location: tuple[int | str, ...]) -> type[Section]:
    """Return the section class that holds the fields below `location`."""
    for part in location:
        if isinstance(part, int):
            continue
        field = model.model_fields.get(part)
        inner = _section_in(field.annotation) if field else None
        if inner is None:
            return model
        model = inner
    return model


def _field_at(model: type[Section], location: tuple[int | str, ...]) -> FieldInfo | None:
    names = [part for part in location if isinstance(part, str)]
    for depth in range(len(names), 0, -1):
        field = _model_at(model, tuple(names[: depth - 1])).model_fields.get(names[depth - 1])
        if field is not None:
            exact = depth == len(names) and location[-1] == names[-1]
            return field if exact else _element_of(field)
    return None


def _element_of(field: FieldInfo) -> FieldInfo | None:
    """Return what one element of a list or table must be."""
    arguments = [part for part in _arguments(field.annotation) if part is not Ellipsis]
    return FieldInfo(annotation=arguments[-1]) if arguments else None


def _section_in(annotation: Any) -> type[Section] | None:
    for kind in (annotation, *_arguments(annotation)):
        if isinstance(kind, type) and issubclass(kind, Section):
            return kind
    return None


def _arguments(annotation: Any) -> tuple[Any, ...]:
    return getattr(annotation, "__args__", ())


def _meant(root: type[Section], section: type[Section], name: str) -> str:
    """Return the setting that was probably meant: here, in another section, or a list."""
    elsewhere = [
        key
        for key, field in root.model_fields.items()
        if (inner := _section_in(field.annotation)) is not None and name in inner.model_fields
    ]
    if elsewhere:
        return f'did you mean "{name}" in [{elsewhere[0]}]?'
    return did_you_mean(name, section.model_fields) or f"known: {names_text(section.model_fields)}"
