"""Genuine payments made on purpose, one kind a file: look-alikes of fraud, visits that lead to it, disputes."""
