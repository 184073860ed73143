"""Fraud: campaigns as functions of (world, start day), each of a typology that changes what the fraudster changes."""
