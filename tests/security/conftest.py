"""The stage of the journeys, for attacks over real HTTP."""

from __future__ import annotations

from tests.journeys.conftest import analyser, environment, patient, small_pack, stage

__all__ = ["analyser", "environment", "patient", "small_pack", "stage"]
