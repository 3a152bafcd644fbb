"""`python -m benchmarks.our_chain`: a selfie through the product's engine, in a process of its own.

A line is `same PATH` (decode, detect, face embedding, fashion embedding: the work of the plain chain) or `all PATH` (everything
that `engine analyse` does).
"""

from __future__ import annotations

import time
from pathlib import Path

import configuration
from engine.analysis import Analyser
from evaluation.worker import Answer


class Chain:
    """The analyser, and its parts by themselves."""

    def __init__(self) -> None:
        settings = configuration.load()
        self.settings = settings.engine
        self.analyser = Analyser(settings.engine, settings.var / "cache")
        self.analyser.load()

    def answer(self, line: str) -> Answer:
        """CPU milliseconds of the work that the line names."""
        what, path = line.split(" ", 1)
        data = Path(path).read_bytes()
        return self.same(data) if what == "same" else self.everything(data)

    def everything(self, data: bytes) -> Answer:
        """What a member's photo goes through."""
        started, cpu = time.perf_counter(), time.process_time()
        analysis = self.analyser.analyse(data)
        return {
            "cpu_ms": (time.process_time() - cpu) * 1000,
            "ms": (time.perf_counter() - started) * 1000,
            "problem": analysis.problem.code if analysis.problem else None,
            "complete": analysis.embedding is not None and analysis.fashion_embedding is not None,
        }
