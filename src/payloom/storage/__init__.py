"""Where bytes go: a small store interface and the local folder behind it."""

from payloom.storage.local import LocalStore
from payloom.storage.store import Entry, Store, Upload

__all__ = ["Entry", "LocalStore", "Store", "Upload"]
