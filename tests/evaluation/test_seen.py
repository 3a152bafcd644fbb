"""The engine's answers for real files, kept and read back; the hostile corpus in a process of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import configuration
from engine.types import STARTER, TypePack
from evaluation import corpus
from evaluation.corpus import READABLE, Case, png_of_zeros
from evaluation.seen import Look
from evaluation.suites.hostile import answers, mean_face, right


@pytest.fixture
def face() -> Path:
    return TypePack.load(STARTER).groups["man_face"].types[0].picture


def test_an_answer_is_kept_and_read_back_the_same(
    tmp_path: Path, face: Path, monkeypatch: pytest.MonkeyPatch, warm: Callable[[Path], Path]
) -> None:
    settings = configuration.load(environment={})
    cache = warm(tmp_path / "var")
    look = Look(settings.engine, cache)
    look.kept = tmp_path
    (tmp_path / "nothing.jpg").write_bytes(b"no photo")
    paths = [face, tmp_path / "nothing.jpg"]
    first = look(paths, "test")
    assert first[0].face is not None
    assert first[0].face.gender == "man"
    assert first[1].problem == "not_an_image"
    assert set(first[0].vectors) == {"served", "facenet", "sface"}
    assert float(np.linalg.norm(first[0].vectors["served"])) == pytest.approx(1, abs=1e-4)

    def fails(data: bytes) -> None:
        raise AssertionError("asked again")

    again = Look(settings.engine, cache)
    again.kept = tmp_path
    monkeypatch.setattr(again.analyser, "analyse", fails)
    second = again(paths, "test")
    look.close()
    again.close()
    assert second[0].faces == first[0].faces
    assert second[0].garments == first[0].garments
    np.testing.assert_array_equal(second[0].vectors["sface"], first[0].vectors["sface"])


def test_an_exception_of_the_engine_is_a_crash_not_an_end(
    tmp_path: Path, face: Path, monkeypatch: pytest.MonkeyPatch, warm: Callable[[Path], Path]
) -> None:
    settings = configuration.load(environment={})
    look = Look(settings.engine, warm(tmp_path / "var"))
    look.kept = tmp_path

    def breaks(data: bytes) -> None:
        raise ValueError(f"{len(data) > 0}")

    monkeypatch.setattr(look.analyser, "analyse", breaks)
    (seen,) = look([face], "test")
    look.close()
    assert seen.crash == "ValueError: True"


def test_the_corpus_is_the_same_each_time_and_names_are_unique(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corpus, "_huge", lambda *_: iter(()))  # seconds, and no other than the rest in this respect
    first, again = (list(corpus.cases(mean_face(""))) for _ in range(2))
    assert first == again
    assert len({case.name for case in first}) == len(first) > 80


def test_a_file_that_ends_its_reader_is_an_answer(tmp_path: Path) -> None:
    """The plain reader answers what it can; a path that is not there ends its process, and the next file is read by a new one."""
    good = tmp_path / "good.png"
    good.write_bytes(png_of_zeros(20, 10))
    found = answers("pillow", [good, tmp_path / "missing", good], warm=good)
    assert [one["answer"] for one in found] == ["usable", "ended: 1", "usable"]
    assert found[0]["size"] == [20, 10]
    case = Case("good.png", b"", READABLE)
    assert right(case, found[0])
    assert not right(case, found[1])
