"""The stage of the journeys, for attacks over real HTTP."""

from __future__ import annotations

from tests.journeys.conftest import analyser, patient, small_pack, stage

__all__ = ["analyser", "patient", "small_pack", "stage"]
