"""The sub-commands of `python -m engine`: one module each with `add(parsers)` and `run(arguments, settings)`."""
