"""Distilling: from labels that clustering gave to a network that gives them at once (docs/distilling.md)."""
