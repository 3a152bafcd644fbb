"""The sub-commands of `python -m crawler`."""
