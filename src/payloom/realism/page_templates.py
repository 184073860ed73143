"""Templates of pages, read from packages: a page has its own and those that all pages share."""

from __future__ import annotations

from importlib import resources

from jinja2 import DictLoader, Environment, StrictUndefined


def template_environment(*packages: str) -> Environment:
    """Return the templates in the folders ``templates`` of packages, with escaping on.

    Parameters
    ----------
    packages
        Where two have a template of the same name, the first one's is taken.
    """
    texts: dict[str, str] = {}
    for package in reversed(packages):
        for entry in resources.files(package).joinpath("templates").iterdir():
            if entry.name.endswith(".j2"):
                texts[entry.name] = entry.read_text(encoding="utf-8")
    return Environment(
        loader=DictLoader(texts), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
