"""How each fact is measured, one topic a module."""
