"""Runs jobs: in this process or on worker processes."""
