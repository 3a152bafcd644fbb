"""`python -m benchmarks.our_chain`: a selfie through the product's engine, in a process of its own.

A line is `same PATH` (decode, detect, face embedding, fashion embedding: the work of the plain chain) or `all PATH` (everything
that `engine analyse` does).
"""

from __future__ import annotations

import time
from pathlib import Path

import configuration
from engine.analysis import Analyser
from engine.backends.runtime import make_runtime
from engine.embedding import FaceEmbedder
from engine.faces import FaceDetector
from engine.fashion import FashionReader
from engine.images import decode
from engine.types import STARTER, TypePack
from engine.values import Problem
from evaluation.worker import Answer, serve

PARTS = ("decode", "detect", "face", "fashion")


class Chain:
    """The analyser, and its parts by themselves."""

    def __init__(self) -> None:
        settings = configuration.load()
        self.settings = settings.engine
        self.analyser = Analyser(settings.engine, settings.var / "cache")
        self.analyser.load()
        cache = settings.var / "cache"
        runtime = make_runtime(settings.engine, cache)
        self.detector = FaceDetector(cache, runtime)
        self.embedder = FaceEmbedder(cache, runtime)
        self.fashion = FashionReader(TypePack.load(Path(settings.engine.pack) if settings.engine.pack else STARTER).garments, runtime)

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

    def same(self, data: bytes) -> Answer:
        """The plain chain's work, with the product's parts."""
        marks = [time.process_time()]
        photo = decode(data, self.settings)
        marks.append(time.process_time())
        if isinstance(photo, Problem):
            return {"found": False}
        faces = self.detector.predict(photo.image)
        marks.append(time.process_time())
        if not faces:
            return {"found": False}
        self.embedder.predict(photo.image, faces[0])
        marks.append(time.process_time())
        self.fashion.predict(photo.image, faces[0])
        marks.append(time.process_time())
        parts = {name: (after - before) * 1000 for name, before, after in zip(PARTS, marks[:-1], marks[1:], strict=True)}
        return {"found": True, "cpu_ms": sum(parts.values()), "parts": parts}


def main() -> None:
    """Answer until stdin ends."""
    serve(Chain().answer)


if __name__ == "__main__":
    main()
