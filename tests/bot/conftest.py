"""The engine that journeys share serves here too."""

from __future__ import annotations

from tests.journeys.conftest import analyser, small_pack

__all__ = ["analyser", "small_pack"]
