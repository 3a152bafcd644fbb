"""What can break in the engine.

EngineError
├── WeightsError        a file of weights is missing or is not the one that was reviewed
├── BackendError        an inference runtime cannot be had or refuses a model
└── PackError           a type pack cannot be read

Expected refusals (no face, unreadable photo) are not here: they are `engine.values.Problem` values.
"""

from __future__ import annotations


class EngineError(Exception):
    """Anything that is broken in the engine; the message is one line that says what to do."""


class WeightsError(EngineError):
    """A file of weights is missing or differs from the one that was reviewed."""


class BackendError(EngineError):
    """An inference runtime is missing or refuses a model."""


class PackError(EngineError):
    """A type pack is missing, incomplete or made for other weights."""


class NotThereError(PackError):
    """There is no version or type of the name that was asked for."""
