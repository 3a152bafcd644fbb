"""The comparison on types that can be seen: who learns what, what it costs, and that a killed run goes on."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from engine.backends.onnxruntime import OnnxRuntime
from engine.classifier import NAME, Layout
from engine.fashion import DIMS
from engine.training.distil import compare, frozen
from engine.training.distil.graph import build
from engine.training.distil.outcome import Outcome, Share, judged, shares
from engine.training.distil.weigh import measure, weigh
from engine.types import GROUPS, STARTER
from tests.engine.training.distil import made

STEPS = 80.0
"""Of training, of 32 crops."""


def test_the_split_is_by_people_and_every_type_has_somebody() -> None:
    corpus = made.corpus()
    for number in range(len(GROUPS)):
        seen, unseen = corpus.rows(number, unseen=False), corpus.rows(number, unseen=True)
        assert (len(seen), len(unseen)) == (42, 18)
        assert set(corpus.labels[seen]) == set(range(6))
    again = made.corpus()
    assert np.array_equal(corpus.unseen, again.unseen)
    assert np.array_equal(corpus.labels, again.labels)


def test_neighbours_find_types_that_can_be_seen() -> None:
    by_vectors, by_pixels = frozen.neighbours(made.corpus())
    assert by_vectors.faces is not None
    assert by_vectors.faces.value == 1
    assert by_pixels.outfits is not None
    assert by_pixels.outfits.people == 36
    assert by_pixels.extra_ms is None


def test_strangers_to_the_clustering_are_told_apart_too() -> None:
    faces, outfits, groups = frozen.strangers(made.corpus())
    assert faces is not None
    assert outfits is not None
    assert min(faces.value, outfits.value) >= 0.95
    assert set(groups) == set(GROUPS)


def test_heads_are_written_as_they_were_fitted(tmp_path: Path) -> None:
    corpus = made.corpus()
    heads = {group: frozen._head(corpus, number, components=True, soft=True) for number, group in enumerate(GROUPS)}
    layout = Layout(128, DIMS, dict.fromkeys(GROUPS, 6))
    (tmp_path / NAME).write_bytes(build(heads, layout))
    assert frozen.parity(tmp_path / NAME, layout, corpus, list(heads.values())) < 1e-3
    own = frozen._heads_outcome("heads", "heads", corpus, list(heads.values()))
    assert own.agreement == 1


def test_agreement_is_counted_by_kind() -> None:
    labels, group = np.array([0, 1, 2, 0]), np.array([0, 0, 1, 1])
    faces, outfits, groups = shares(np.array([0, 0, 2, 0]), labels, group)
    assert faces is not None
    assert faces.value == 0.5
    assert outfits is not None
    assert outfits.value == 1
    assert groups == {"man_face": 0.5, "man_fashion": 1.0}


def test_nothing_is_chosen_where_nothing_agrees_enough() -> None:
    share = Share(0.9, (0.8, 1.0), 10)
    one = Outcome("a", "a", "chance", share, share, {}, extra_ms=1.0)
    (marked,) = judged([one])
    assert marked.front
    assert not marked.chosen
    faces_only = replace(one, outfits=None, faces=Share(1.0, (0.9, 1.0), 10))
    assert not judged([faces_only])[0].front


def test_of_what_costs_the_same_the_better_is_chosen() -> None:
    shares_ = [Share(value, (0.9, 1.0), 10) for value in (0.96, 0.99)]
    worse, better = (Outcome(f"{at}", "", "frozen", one, one, {}, extra_ms=0.04 + 0.05 * at) for at, one in enumerate(shares_))
    assert [one.chosen for one in judged([worse, better])] == [False, True]
    dear = replace(better, extra_ms=2.0)
    assert [(one.front, one.chosen) for one in judged([worse, dear])] == [(True, True), (True, False)]


def test_an_outcome_survives_being_written() -> None:
    one = Outcome("a", "a", "chance", Share(0.5, (0.4, 0.6), 9), None, {"man_face": 0.5}, side=64, extra_ms=1.5)
    from dataclasses import asdict

    (read,) = compare.outcomes({"outcomes": json.loads(json.dumps([asdict(one)]))})
    assert read == one


@pytest.mark.parametrize("backend", ["onnxruntime", "openvino"])
def test_a_network_is_weighed_in_a_process_of_its_own(backend: str) -> None:
    found = weigh(STARTER / "garments.onnx", (1, 3, 224, 224), backend, runs=2)
    assert found.ms > 1
    assert 1 < found.memory_mb < found.process_mb
    assert found.size_mb == pytest.approx((STARTER / "garments.onnx").stat().st_size / 1e6, abs=1e-3)


def test_what_cannot_be_weighed_is_said(tmp_path: Path) -> None:
    (tmp_path / "broken.onnx").write_bytes(b"nothing")
    with pytest.raises(RuntimeError, match=r"broken\.onnx could not be weighed"):
        weigh(tmp_path / "broken.onnx", (1, 3))
    assert measure(STARTER / "garments.onnx", (1, 3, 224, 224), "onnxruntime", 1).ms > 0


@pytest.mark.training
@pytest.mark.slow
def test_a_net_learns_what_can_be_seen_and_a_killed_run_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch", reason="needs requirements/train.txt")
    import torch

    from engine.training.distil import students

    torch.set_num_threads(1)  # two threads wait for each other by spinning, which beside another worker takes minutes
    # A clock that counts steps: on a busy machine a second of processor time is not always the same number of them.
    monkeypatch.setattr(students, "time", SimpleNamespace(process_time=partial(next, count(0.0))))
    corpus = made.corpus()
    (found,) = compare.trained(corpus, tmp_path, STEPS, ["mobilenet_v3_small"], download=False)
    assert found.faces is not None
    assert found.faces.value > 0.4, "chance is a sixth"
    assert found.parity is not None
    assert found.parity < 0.1
    assert found.epochs > 1
    outputs = OnnxRuntime().session(tmp_path / "mobilenet_v3_small.onnx").run(np.zeros((2, 3, 64, 64), np.float32))
    assert [output.shape for output in outputs] == [(2, 6)] * 4

    def again(*_: object, **__: object) -> None:
        raise AssertionError("trained again")

    monkeypatch.setattr(students, "train", again)
    assert list(compare.trained(corpus, tmp_path, STEPS, ["mobilenet_v3_small"], download=False)) == [found]


@pytest.mark.training
@pytest.mark.slow
def test_every_candidate_can_be_built_and_gives_its_features() -> None:
    torch = pytest.importorskip("torch", reason="needs requirements/train.txt")
    from engine.training.distil.candidates import CANDIDATES

    assert tuple(CANDIDATES) == compare.NETS
    for candidate in CANDIDATES.values():
        network = candidate.make(False).eval()
        with torch.inference_mode():
            assert network(torch.zeros(1, 3, 64, 64)).shape == (1, candidate.features), candidate.name
