"""Cells: runs of spending blocks inside one month, with all that joins them; the unit of work and retry."""
