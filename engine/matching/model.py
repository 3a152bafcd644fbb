"""The chance that one member likes another, learned online from likes and skips.

Log-odds are weights times `engine.matching.features.FEATURES`, the weights shared by all plus a deviation by the viewer's gender,
with priors that make it useful before the first answer: couples' lifts, own tastes, popularity and selectivity count as they are,
similar ages and short distances are liked more.  On top lies a calibration learned from predictions that came before their
answers.  Nothing here needs a past to be stored: an answer is folded in from its features and can be forgotten.
"""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.matching import taste as tastes
from engine.matching.calibration import Calibration
from engine.matching.features import FEATURES, PLACE, Array, Crowd, between, stacked
from engine.matching.lifts import Table
from engine.matching.logistic import Logistic, moderated, sigmoid
from engine.matching.people import GENDERS, MemberGender, Person, Taste
from engine.matching.replies import Replies
from engine.matching.taste import Centre
from engine.types import KINDS

VERSION: Final = "like-1"
"""Of the features, their meaning and the bytes; another one starts anew."""

PRIORS: Final[dict[str, tuple[float, float]]] = {
    "usual": (-0.9, 1.0),
    "lift_face": (0.7, 0.5),
    "lift_fashion": (0.5, 0.5),
    "taste_face": (1.0, 0.3),
    "taste_fashion": (1.0, 0.3),
    "alike_fashion": (0.2, 0.3),
    "ideal": (2.0, 1.0),
    "older": (0.0, 0.5),
    "age_gap": (-0.5, 0.4),
    "distance": (-0.3, 0.3),
    "activity": (0.1, 0.3),
    "popularity": (1.0, 0.3),
    "selectivity": (1.0, 0.3),
}
"""Mean and standard deviation of each shared weight before any answer."""
DEVIATION: Final = 0.7
"""Standard deviation of a gender's own part of a weight, relative to the shared one's."""
CENTRE_PEOPLE: Final = 200.0
CENTRE_MEMORY: Final = 5000.0


@dataclass(frozen=True, slots=True)
class Prediction:
    """Chances of viewer → shown, n of them."""

    p: Array
    """(n,) calibrated."""
    logit: Array
    """(n,) their log-odds."""
    features: NDArray[np.float32]
    """(n, len(FEATURES)), what `LikeModel.update` learns from."""
    contributions: Array
    """(n, len(FEATURES)) log-odds that each feature brought, before calibration."""
    variance: Array
    """(n,) squared log-odds: of the weights, and of what is not known yet of these two."""
    model: LikeModel
    doubt: Array
    """(n,) squared log-odds, of the weights alone."""
    genders: NDArray[np.intp]

    @property
    def expected(self) -> Array:
        """(n,) the chance without the popularity term: what `Record.expected` sums up."""
        return self._without("popularity")

    @property
    def given_expected(self) -> Array:
        """(n,) the chance without the selectivity term: what `Record.given_expected` sums up."""
        return self._without("selectivity")

    def _without(self, name: str) -> Array:
        z = self.contributions.sum(axis=1) - self.contributions[:, PLACE[name]]
        return sigmoid(self.model.calibration.logits(moderated(z, self.doubt), self.genders))


class LikeModel:
    """Chances of likes and what they are learned from; `update` and its kin change it in place, the rest reads only."""

    def __init__(self, centre: Centre, memory: float = 30000.0) -> None:
        """Before the first answer.

        Args:
            centre: means of the population (`Centre.start` from the pack's).
            memory: answers after which an answer counts e-fold less.

        """
        self.weights = _prior(memory)
        self.calibration = Calibration()
        self.replies = Replies()
        self.centre = centre
        self.met: dict[str, list[float]] = {kind: [0.0] * len(GENDERS) for kind in KINDS}
        """By kind and gender, how many people moved the centre."""

    @property
    def seen(self) -> int:
        """Answers folded in."""
        return self.weights.seen

    def crowd(self, people: Sequence[Person], table: Table) -> Crowd:
        """People as columns, as `predict` takes them."""
        return Crowd.of(people, self.centre, table)

    def predict(self, viewers: Crowd, shown: Crowd, table: Table) -> Prediction:
        """The chances that viewers like shown; one of the two crowds may be a single person."""
        x, doubt = between(viewers, shown, table)
        return self._predict(x, np.broadcast_to(viewers.gender, (len(x),)), doubt)

    def chances(self, features: NDArray[np.floating], gender: MemberGender) -> Prediction:
        """The chance by features (len(FEATURES),) that were stored when the card was shown, as the model sees them now.

        Features of an older version count as unknown: the chance is then the usual one of this gender.
        """
        known = _usable(features)
        x = np.asarray(features if known else np.eye(1, len(FEATURES))[0], dtype=np.float64)[None]
        return self._predict(x, np.array([GENDERS.index(gender)], dtype=np.intp), np.zeros(1))

    def _predict(self, x: Array, genders: NDArray[np.intp], doubt: Array) -> Prediction:
        contributions = x * self.by_gender()[genders]
        z = contributions.sum(axis=1)
        s = self._doubt(x, genders)
        logit = self.calibration.logits(moderated(z, s), genders)
        return Prediction(sigmoid(logit), logit, x.astype(np.float32), contributions, s + doubt, self, s, genders)

    def _doubt(self, x: Array, genders: NDArray[np.intp]) -> Array:
        """(n,) variance of the log-odds by what is not known of the weights."""
        count = len(FEATURES)
        blocks = self.weights.covariance.reshape(1 + len(GENDERS), count, 1 + len(GENDERS), count)
        found = np.zeros(len(x))
        for place in np.unique(genders).tolist():
            # shared and own part: together one matrix for everybody of a gender
            whole = blocks[0, :, 0] + blocks[0, :, place + 1] + blocks[place + 1, :, 0] + blocks[place + 1, :, place + 1]
            rows = genders == place
            found[rows] = np.einsum("ij,ij->i", x[rows] @ whole, x[rows])
        return found

    def by_gender(self) -> Array:
        """(len(GENDERS), len(FEATURES)) weights of viewers of each gender."""
        parts = self.weights.mean.reshape(1 + len(GENDERS), len(FEATURES))
        return np.asarray(parts[0] + parts[1:])

    def update(self, features: NDArray[np.floating], gender: MemberGender, liked: bool) -> None:
        """Fold in one answer: the calibration from what is predicted now, then the weights.

        Args:
            features: (len(FEATURES),) of when the card was shown (`Ranked.features`).
            gender: the viewer's.
            liked: the answer.

        """
        if not _usable(features):
            return
        place = np.array([GENDERS.index(gender)], dtype=np.intp)
        x = widened(np.asarray(features, dtype=np.float64)[None], place)
        z, s = self.weights.logits(x)
        self.calibration.update(float(moderated(z, s)[0]), int(place[0]), liked)
        self.weights.update(x[0], float(liked))

    def taste_step(self, taste: Taste, shown: Person, p: float, liked: bool) -> Taste:
        """A viewer's taste after one answer about `shown`, which had the chance `p` before it; reads only."""
        face, fashion = taste.face, taste.fashion
        face_n, fashion_n = taste.face_n, taste.fashion_n
        if (centred := self._centred("face", shown)) is not None:
            face, face_n = tastes.step(face, face_n, "face", centred, p, liked), face_n + 1
        if (centred := self._centred("fashion", shown)) is not None:
            fashion, fashion_n = tastes.step(fashion, fashion_n, "fashion", centred, p, liked), fashion_n + 1
        return Taste(face, fashion, face_n, fashion_n)

    def observe(self, shown: Person) -> None:
        """Let the centre follow the people who are really there; once for each answer that is folded in is enough."""
        for kind, vector in (("face", shown.face), ("fashion", shown.fashion)):
            if vector is not None and len(vector) <= self.centre.dims(kind):
                counts, place = self.met[kind], GENDERS.index(shown.gender)
                counts[place] = min(counts[place] + 1, CENTRE_MEMORY)
                self.centre = self.centre.moved(kind, vector, shown.gender, 1 / (CENTRE_PEOPLE + counts[place]))

    def observe_reply(self, idle_days: float, replied: bool) -> None:
        """Count whether somebody who was liked, after so many days away, answered in time."""
        self.replies.update(idle_days, replied)

    def _centred(self, kind: str, person: Person) -> NDArray[np.float32] | None:
        vector = person.face if kind == "face" else person.fashion
        if vector is None or len(vector) > self.centre.dims(kind):
            return None
        place = np.array([GENDERS.index(person.gender)], dtype=np.intp)
        return np.asarray(self.centre.centred(kind, stacked([vector], self.centre.dims(kind)), place)[0])

    def to_bytes(self) -> bytes:
        """Everything learned, for `from_bytes`."""
        arrays = {
            "mean": self.weights.mean,
            "covariance": self.weights.covariance,
            "calibration_mean": self.calibration.weights.mean,
            "calibration_covariance": self.calibration.weights.covariance,
            "seen": np.array([self.weights.seen, self.calibration.weights.seen], dtype=np.int64),
            "replies": self.replies.counts,
            "centre_face": self.centre.means["face"],
            "centre_fashion": self.centre.means["fashion"],
            "met": np.array([self.met[kind] for kind in KINDS]),
        }
        header = json.dumps({"version": VERSION, "vectors": self.centre.version}).encode()
        file = io.BytesIO()
        np.savez(file, header=np.frombuffer(header, dtype=np.uint8), **arrays)  # type: ignore[arg-type]
        return file.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes | None, centre: Centre, memory: float = 30000.0) -> LikeModel:
        """What `to_bytes` gave; None, bytes of another version or damaged ones start anew.

        A learned centre is kept only where `centre` is of the same embeddings.
        """
        model = cls(centre, memory)
        if not data:
            return model
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
                header = json.loads(bytes(arrays["header"]))
                return model if header["version"] != VERSION else _filled(model, dict(arrays), header["vectors"])
        except Exception:  # noqa: BLE001  whatever is in there, members must be ranked
            return cls(centre, memory)


def _filled(model: LikeModel, arrays: dict[str, NDArray[np.float64]], vectors: str) -> LikeModel:
    for target, name in ((model.weights, ""), (model.calibration.weights, "calibration_")):
        for field in ("mean", "covariance"):
            found = arrays[name + field]
            if found.shape != getattr(target, field).shape or not np.isfinite(found).all():
                raise ValueError(f"{name}{field} has the shape {found.shape}")
            setattr(target, field, found)
    model.weights.seen, model.calibration.weights.seen = (int(count) for count in arrays["seen"])
    model.replies = Replies(arrays["replies"].reshape(model.replies.counts.shape))
    if vectors == model.centre.version:
        means = {kind: arrays[f"centre_{kind}"].astype(np.float32).reshape(model.centre.means[kind].shape) for kind in KINDS}
        model.centre = Centre(vectors, model.centre.parts, means)
        model.met = {kind: [float(count) for count in arrays["met"][row]] for row, kind in enumerate(KINDS)}
    return model


def _usable(features: NDArray[np.floating]) -> bool:
    """Whether stored features are of this version."""
    return features.shape == (len(FEATURES),) and bool(np.isfinite(features).all())


def widened(x: Array, genders: NDArray[np.intp]) -> Array:
    """(n, (1 + len(GENDERS)) * len(FEATURES)): the features, then those of each gender where the viewer has it."""
    n, count = x.shape
    wide = np.zeros((n, 1 + len(GENDERS), count))
    wide[:, 0] = x
    wide[np.arange(n), 1 + genders] = x
    return wide.reshape(n, -1)


def _prior(memory: float) -> Logistic:
    means, spreads = (np.array([PRIORS[name][part] for name in FEATURES]) for part in (0, 1))
    mean = np.concatenate([means, np.zeros(len(GENDERS) * len(FEATURES))])
    spread = np.concatenate([spreads, *([spreads * DEVIATION] * len(GENDERS))])
    return Logistic(mean, np.diag(spread**-2.0), memory)
