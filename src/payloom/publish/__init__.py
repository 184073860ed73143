"""Brings a finished data set to another place, says what lies there and clears what nobody finished."""
