"""Fitting heads: what they reach on types that are known, and that the written graph says the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.backends.onnxruntime import OnnxRuntime
from engine.classifier import NAME, Layout, TypeClassifier
from engine.training.distil.graph import Head, build
from engine.training.distil.heads import Material, fit, fit_head, softened
from engine.types import GROUPS

FACE, FASHION, COMPONENTS, TYPES = 16, 10, 4, 3


def material(seed: int, dims: int, people: int = 240) -> Material:
    """People on a sphere with the type of the nearest of three directions that a projection shows."""
    random = np.random.default_rng(seed)
    vectors = random.normal(size=(people, dims))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    basis = np.linalg.qr(random.normal(size=(dims, COMPONENTS)))[0]
    mean = vectors.mean(axis=0)
    z = (vectors - mean) @ basis
    z /= np.linalg.norm(z, axis=1, keepdims=True)
    centres = np.eye(COMPONENTS)[:TYPES]
    return Material(vectors, (z @ centres.T).argmax(axis=1), TYPES, mean=mean, basis=basis)


def test_types_that_a_plane_divides_are_learned() -> None:
    head, figures = fit_head(material(1, FACE))
    assert figures.agreement >= 0.95
    assert figures.interval[0] < figures.agreement <= figures.interval[1]
    assert figures.people == figures.rows == 240
    assert np.mean(head.logits(material(1, FACE).vectors).argmax(axis=1) == material(1, FACE).labels) >= 0.97


def test_shuffled_types_are_not_learned() -> None:
    known = material(2, FACE)
    _, figures = fit_head(replace(known, labels=np.random.default_rng(0).permutation(known.labels)))
    assert figures.agreement < 0.5
    assert figures.agreement <= figures.commonest + 0.1


def test_photos_of_one_person_are_not_on_both_sides() -> None:
    """Everybody has a direction of their own and a type dealt out at random: only who knows the person knows the type."""
    random = np.random.default_rng(3)
    people = np.repeat(np.arange(60), 4)
    own = random.normal(size=(60, 64))
    vectors = own[people] + 0.02 * random.normal(size=(240, 64))
    labels = random.integers(0, TYPES, 60)[people]
    _, leaking = fit_head(Material(vectors, labels, TYPES))
    _, honest = fit_head(Material(vectors, labels, TYPES, people=people))
    assert leaking.agreement > honest.agreement + 0.1
    assert honest.people == 60


def test_soft_labels_teach_more_than_hard_ones() -> None:
    known = material(4, FACE, people=60)
    z = (known.vectors / np.linalg.norm(known.vectors, axis=1, keepdims=True) - known.mean) @ known.basis
    unit = z / np.linalg.norm(z, axis=1, keepdims=True)
    soft = softened(unit, np.eye(COMPONENTS)[:TYPES])
    assert np.allclose(soft.argmax(axis=1), known.labels)
    assert np.allclose(soft.sum(axis=1), 1)
    _, hard = fit_head(known)
    _, taught = fit_head(replace(known, soft=soft))
    assert taught.agreement >= max(hard.agreement, 0.98)


def test_confidences_are_right_on_noisier_photos() -> None:
    known = material(5, FACE)
    random = np.random.default_rng(0)
    rows = np.repeat(np.arange(240), 3)
    views = known.vectors[rows] + 0.15 * random.normal(size=(720, FACE))
    _, clean = fit_head(known)
    _, noisy = fit_head(replace(known, views=views, view_rows=rows))
    assert noisy.temperature > clean.temperature
    assert abs(noisy.confidence - noisy.right) < 0.1
    assert clean.confidence > noisy.confidence + 0.15


def test_people_without_a_type_are_left_out() -> None:
    known = material(6, FACE)
    labels = known.labels.copy()
    labels[:40] = -1
    _, figures = fit_head(replace(known, labels=labels))
    assert (figures.rows, figures.left_out) == (200, 40)


def test_a_type_without_people_is_refused() -> None:
    with pytest.raises(ValueError, match="every type needs somebody"):
        fit_head(replace(material(7, FACE), types=TYPES + 1))


def test_the_graph_says_what_the_heads_say(tmp_path: Path) -> None:
    materials = {group: material(number, FACE if group.endswith("face") else FASHION, people=90) for number, group in enumerate(GROUPS)}
    materials["man_fashion"] = replace(materials["man_fashion"], block=(0, FASHION))
    fitted = fit(materials, FACE, FASHION)
    assert fit(materials, FACE, FASHION).model == fitted.model, "the same data give the same bytes"
    (tmp_path / NAME).write_bytes(fitted.model)
    classifier = TypeClassifier(tmp_path / NAME, fitted.layout, OnnxRuntime())
    for group, known in materials.items():
        head, _ = fit_head(known)
        expected = head.logits(known.vectors)
        for vector, logits in zip(known.vectors[:20].astype(np.float32), expected, strict=False):
            said = classifier.predict(group, vector)
            assert said is not None
            weights = np.exp(logits - logits.max())
            np.testing.assert_allclose(said, weights / weights.sum(), atol=2e-4)


def test_every_group_is_needed() -> None:
    with pytest.raises(ValueError, match="nothing to learn woman_fashion from"):
        fit({group: material(1, FACE, people=60) for group in GROUPS[:3]}, FACE, FASHION)


def test_a_head_reads_only_its_stretch() -> None:
    head = Head(2, 4, np.zeros(2), np.eye(2), np.eye(2), np.zeros(2))
    model = build({"man_face": head}, Layout(6, 0, {"man_face": 2}))
    session = OnnxRuntime().session(model)
    rows = np.zeros((2, 6), np.float32)
    rows[0, :2], rows[1] = 1, (9, 9, 3, 4, 9, 9)
    (logits,) = session.run(rows)
    np.testing.assert_allclose(logits, [[0, 0], [0.6, 0.8]], atol=1e-6)
