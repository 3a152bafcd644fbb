"""Hostile input by the million: `python -m fuzz` (docs/security.md)."""
