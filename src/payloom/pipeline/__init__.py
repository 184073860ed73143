"""The steps that the CLI, the library and schedulers call."""
