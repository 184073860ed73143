"""Reference data that ships inside the package; see ``data/README.md`` for sources and licences."""
