"""``payments.html``: what the payments of a data set are like, on one page that loads nothing and runs nothing."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

from payloom.errors import StorageError
from payloom.profile.frauds import by_kind, campaign
from payloom.profile.links import linked
from payloom.profile.map import where
from payloom.profile.money import amounts, declines
from payloom.profile.section import percent, thousands
from payloom.profile.story import month
from payloom.profile.subject import Subject
from payloom.profile.volume import by_day, by_hour
from payloom.realism.page_templates import template_environment
from payloom.realism.page_text import one_in, shown

if TYPE_CHECKING:
    from jinja2 import Environment

MAX_BYTES: Final = 3_000_000

SECTIONS: Final = (by_day, by_hour, amounts, where, declines, by_kind, campaign, linked, month)
"""Parts of the page, in its order."""


def payments_page(subject: Subject) -> str:
    """Return the page; the same data gives the same text.

    Raises
    ------
    StorageError
        If it became too large.
    """
    return render("payments.html.j2", subject=subject, sections=[make(subject) for make in SECTIONS])


def render(template: str, **values: Any) -> str:
    """Fill in a template.

    Raises
    ------
    StorageError
        If the page became too large.
    """
    page = _environment().get_template(template).render(**values)
    size = len(page.encode())
    if size > MAX_BYTES:
        raise StorageError(f"the page would have {size:,} bytes, more than {MAX_BYTES:,}", hint="report this")
    return page


@cache
def _environment() -> Environment:
    environment = template_environment("payloom.profile", "payloom.realism")
    environment.filters |= {"shown": shown, "thousands": thousands}
    environment.globals |= {"percent": percent, "one_in": one_in}
    return environment
