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
