"""Counter-based randomness: keyed hashes, bijections and tables that turn hashes into values."""
