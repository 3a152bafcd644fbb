"""What the engine answers for the photos of a data set, kept on disk so that a second run is quick.

A kept answer counts as long as the photo, the engine's code, its settings and its type pack are what they were.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.analysis import Analyser
from engine.embedding import packed, unpacked
from engine.settings import EngineSettings
from engine.values import Analysis
from evaluation.parts import PartsReader

ENGINE = Path(__file__).resolve().parent.parent / "engine"
VECTORS = ("served", "facenet", "sface")


@dataclass(frozen=True, slots=True)
class SeenFace:
    """One face of a photo, as `engine.values.Face` has it."""

    box: tuple[float, float, float, float]
    gender: str | None
    gender_confidence: float
    age: float
    age_range: tuple[float, float]
    quality: float
    minor_score: float
    maybe_minor: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """The engine's answer for one photo."""

    problem: str | None
    crash: str | None
    """The exception, where the engine raised one."""
    size: tuple[int, int]
    faces: tuple[SeenFace, ...]
    main: int | None
    face_type: str | None
    fashion_type: str | None
    garments: tuple[str, ...]
    nsfw: float
    took_ms: float
    vectors: Mapping[str, NDArray[np.float32]]
    """`served`: the embedding of `engine analyse`; `facenet` and `sface`: its two parents."""

    @property
    def face(self) -> SeenFace | None:
        """The main face, else the largest: photos of people are asked for one face, whatever the engine thought of the photo."""
        return self.faces[self.main or 0] if self.faces else None


class Look:
    """Analyse photos with the served engine, two at a time, keeping the answers under `cache`."""

    def __init__(self, settings: EngineSettings, cache: Path) -> None:
        self.settings = settings
        self.kept = cache / "eval"
        self.analyser = Analyser(settings, cache)
        self.parts = PartsReader(settings, cache)
        self._store: sqlite3.Connection | None = None

    def __call__(self, paths: Sequence[Path], what: str) -> list[Seen]:
        """The answers for `paths`, in order, with progress on stderr under the name `what`."""
        kept = self._open()
        keys = {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}
        known = {key for (key,) in kept.execute("SELECT key FROM seen")}
        todo = [path for path in paths if keys[path] not in known]
        started = last = time.monotonic()
        with ThreadPoolExecutor(2) as pool:
            for done, (path, seen) in enumerate(zip(todo, pool.map(self._one, todo), strict=True), 1):
                self._keep(keys[path], seen)
                if time.monotonic() - last > 5 or done == len(todo):
                    last = time.monotonic()
                    rate = (last - started) / done
                    sys.stderr.write(f"  {what}: {done}/{len(todo)} photos, {rate * (len(todo) - done):.0f} s to go\n")
        return [self._read(keys[path]) for path in paths]

    def _one(self, path: Path) -> Seen:
        data = path.read_bytes()
        try:
            analysis = self.analyser.analyse(data)
        except Exception as error:  # noqa: BLE001 a crash is a figure here
            return Seen(None, f"{type(error).__name__}: {error}", (0, 0), (), None, None, None, (), 0.0, 0.0, {})
        vectors = self.parts.read(data, analysis) if analysis.faces else {}
        return replace(_plain(analysis), vectors=vectors)

    def _open(self) -> sqlite3.Connection:
        if self._store is None:
            self.kept.mkdir(parents=True, exist_ok=True)
            self._store = sqlite3.connect(self.kept / f"{_fingerprint(self.settings)}.db")
            columns = ", ".join(f"{name} BLOB" for name in VECTORS)
            self._store.execute(f"CREATE TABLE IF NOT EXISTS seen (key TEXT PRIMARY KEY, facts TEXT NOT NULL, {columns})")
        return self._store

    def close(self) -> None:
        """Let go of the kept answers."""
        if self._store is not None:
            self._store.close()
            self._store = None

    def _keep(self, key: str, seen: Seen) -> None:
        kept = self._open()
        facts = {name: value for name, value in asdict(replace(seen, vectors={})).items() if name != "vectors"}
        blobs = [packed(seen.vectors[name]) if name in seen.vectors else None for name in VECTORS]
        with kept:
            kept.execute("INSERT OR REPLACE INTO seen VALUES (?, ?, ?, ?, ?)", [key, json.dumps(facts), *blobs])

    def _read(self, key: str) -> Seen:
        facts, *blobs = self._open().execute("SELECT * FROM seen WHERE key = ?", [key]).fetchone()[1:]
        vectors = {name: unpacked(blob) for name, blob in zip(VECTORS, blobs, strict=True) if blob is not None}
        plain = json.loads(facts)
        faces = tuple(SeenFace(**{**face, "box": tuple(face["box"]), "age_range": tuple(face["age_range"])}) for face in plain.pop("faces"))
        size, garments = tuple(plain.pop("size")), tuple(plain.pop("garments"))
        return Seen(**plain, size=size, faces=faces, garments=garments, vectors=vectors)


def _plain(analysis: Analysis) -> Seen:
    faces = tuple(
        SeenFace(
            box=face.box,
            gender=face.gender,
            gender_confidence=face.gender_confidence,
            age=face.age,
            age_range=face.age_range,
            quality=face.quality,
            minor_score=face.minor_score,
            maybe_minor=face.maybe_minor,
        )
        for face in analysis.faces
    )
    return Seen(
        problem=analysis.problem.code if analysis.problem else None,
        crash=None,
        size=analysis.size,
        faces=faces,
        main=analysis.main,
        face_type=analysis.face_type.id if analysis.face_type else None,
        fashion_type=analysis.fashion_type.id if analysis.fashion_type else None,
        garments=tuple(garment.label for garment in analysis.garments),
        nsfw=analysis.nsfw,
        took_ms=analysis.took_ms,
        vectors={},
    )


def _sources() -> Iterator[Path]:
    yield from sorted(path for path in ENGINE.rglob("*.py") if "training" not in path.parts)
    yield from sorted((ENGINE / "starter").rglob("*.json"))
    yield Path(__file__)
    yield Path(__file__).with_name("parts.py")


def _fingerprint(settings: EngineSettings) -> str:
    digest = hashlib.sha256(repr(settings).encode())
    for path in [*_sources(), *(sorted(Path(settings.pack).glob("*.json")) if settings.pack else [])]:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
