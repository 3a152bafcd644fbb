"""The engine's settings: a frozen value that the entry points fill in and pass on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """How photos are decoded and by what the models are run; see `settings.toml` for the meaning of each key."""

    backend: str = "openvino"
    precision: str = "auto"
    embedding: str = "sface"
    threads: int = 2
    longest_side: int = 1280
    max_bytes: int = 20_000_000
    max_pixels: int = 50_000_000
    minor_threshold: float = 0.0
    nsfw_threshold: float = 0.8
    pack: str = ""


@dataclass(frozen=True, slots=True)
class LearningSettings:
    """How types are learned from couples, and what new types must not fall short of; see `settings.toml` for each key."""

    k_min: int = 4
    k_max: int = 8
    seed: int = 20261121
    people_min: int = 60
    type_min: int = 8
    outliers: float = 0.03
    stability_min: float = 0.2
    jaccard_min: float = 0.2
    agreement_min: float = 0.95
    coverage_min: float = 0.9
    planted_min: float = 0.95
    change_max: float = 0.8
    latency_max: float = 5.0
    compatibility_ece_max: float = 0.1
    recent: int = 500
    keep: int = 10
