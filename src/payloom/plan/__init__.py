"""The frozen frame of a world: when, how many, and in which work units; nothing here grows with rows or customers."""
