"""Typologies that ship with the package, one file each; others come by entry point."""
