"""The package's version, apart from its public names so that no layer imports those."""

__version__ = "0.1.0"
