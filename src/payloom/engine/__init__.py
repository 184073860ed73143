"""Runs jobs: in this process with a background encoder, or on worker processes."""
