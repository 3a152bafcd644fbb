"""A run of learning: what stays of it where nothing comes of it."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

from engine.training.checkpoints import Runs
from engine.training.corpus import Corpus
from engine.training.learn import Learner, TooFew
from engine.types import STARTER
from tests.engine.training import planted

NOW = dt.datetime(2026, 11, 21, 7, 0, tzinfo=dt.UTC)


def test_who_is_too_few_only_once_people_are_known_again_leaves_nothing(tmp_path: Path) -> None:
    """Sixty couples that are the same twenty, three times each: enough before identities are known, and too few after."""
    whole = planted.corpus(20)
    count = len(whole.subjects)
    subjects = tuple(
        replace(one, id=one.id + time * count, couple=one.couple + time * count) for time in range(3) for one in whole.subjects
    )
    corpus = Corpus(subjects, whole.face_model, whole.fashion_model, planted.pixels, whole.recent)
    stages: list[str] = []
    learner = Learner(corpus, STARTER, planted.SETTINGS, Runs(tmp_path), now=NOW, progress=lambda name, done, total: stages.append(name))
    assert min(learner.people().values()) == 60
    made = learner.run()
    assert isinstance(made, TooFew)
    assert made.gate.value <= 20
    assert stages == ["begun", "identities"]  # so there was something to be deleted
    assert list(tmp_path.iterdir()) == []
