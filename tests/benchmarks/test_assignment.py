"""The search that the heads are compared with is exact, and costs what it claims."""

from __future__ import annotations

import numpy as np

from benchmarks.suites.assignment import nearest, scan, storage


def test_the_nearest_are_the_nearest() -> None:
    random = np.random.default_rng(0)
    corpus = random.normal(size=(500, 16)).astype(np.float32)
    corpus /= np.linalg.norm(corpus, axis=1, keepdims=True)
    newcomer = corpus[17] + 0.01
    brute = np.argsort(np.linalg.norm(corpus - newcomer / np.linalg.norm(newcomer), axis=1), kind="stable")[:5]
    assert nearest(corpus, newcomer, 5).tolist() == brute.tolist()
    assert nearest(corpus, newcomer, 5)[0] == 17


def test_a_hundredfold_corpus_takes_longer_and_more_room() -> None:
    few, many = (float(np.median(scan(128, people, 5))) for people in (500, 50_000))
    assert many > 5 * few
    assert storage(50_000, 128) == 100 * storage(500, 128)
