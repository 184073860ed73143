"""Command line of payloom."""
