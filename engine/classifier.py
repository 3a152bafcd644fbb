"""Assign types at once: a pack's distilled classifier, four heads on the vectors that serving computes anyway.

The trunk is the face embedding and the garment network (`engine.embedding`, `engine.fashion`); `classifier.onnx` holds what comes
after them.  Its one input `vectors` is N × (face + fashion) float32: the face vector, then the fashion vector, zeros for what is not
there.  Its outputs are the calibrated logits of the four groups, N × types each, in the order of `Layout.types`; a group whose part
of the input is zero gets zeros.  What an assignment costs does not depend on how many people the types were learned from
(docs/distilling.md).
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.backends.runtime import Runtime, Session
from engine.errors import PackError
from engine.values import Vector

NAME = "classifier.onnx"
"""Of the file in a pack."""

Probabilities = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Layout:
    """How the classifier's input and outputs are laid out; stands in the pack's manifest as `classifier`."""

    face: int
    """Numbers of the face embedding."""
    fashion: int
    """Numbers of the fashion embedding."""
    types: Mapping[str, int]
    """How many types each group has, in the order of the outputs."""

    @classmethod
    def of(cls, described: Mapping[str, Any]) -> Layout:
        """The layout that `plain` made.

        Raises:
            PackError: something is missing or of another kind.

        """
        try:
            types = {str(group): int(count) for group, count in described["types"].items()}
            return cls(int(described["face"]), int(described["fashion"]), types)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise PackError(
                f"the manifest does not describe its classifier ({type(error).__name__}: {error}); learn the pack again"
            ) from error

    def plain(self) -> dict[str, Any]:
        """Itself for a manifest.

        >>> Layout.of(Layout(4, 2, {"man_face": 3}).plain()) == Layout(4, 2, {"man_face": 3})
        True
        """
        return {"face": self.face, "fashion": self.fashion, "types": dict(self.types)}

    @property
    def dims(self) -> int:
        """Numbers of the input."""
        return self.face + self.fashion


class TypeClassifier:
    """The types of a person, from the vectors of their photo; safe to call from several threads."""

    def __init__(self, model: Path, layout: Layout, runtime: Runtime) -> None:
        """`model` is a pack's `classifier.onnx`, `layout` what its manifest says of it."""
        self.model = model
        self.layout = layout
        self.runtime = runtime
        self._session: Session | None = None
        self._loading = threading.Lock()

    def load(self) -> None:
        """Load the heads; further calls do nothing.

        Raises:
            PackError: the file is missing or is not laid out as the manifest says.
            BackendError: the runtime refuses it.

        """
        with self._loading:
            if self._session is not None:
                return
            if not self.model.is_file():
                raise PackError(f"the type pack has no {self.model.name} in {self.model.parent}; learn it again")
            session = self.runtime.session(self.model, (1, self.layout.dims), exact=True)  # too small to gain by less
            shapes = [output.shape for output in session.run(np.zeros((1, self.layout.dims), np.float32))]
            if shapes != [(1, count) for count in self.layout.types.values()]:
                raise PackError(f"{self.model} gives {shapes}, its manifest says {dict(self.layout.types)}; learn the pack again")
            self._session = session

    def predict(self, group: str, vector: Vector) -> Probabilities | None:
        """The calibrated probability of each type of `group`, summing to 1; None where `vector` does not show what they are made of.

        Args:
            group: `man_face`, `man_fashion`, `woman_face` or `woman_fashion`.
            vector: the face embedding for a group of faces, the fashion embedding else.

        """
        return self.predict_all(**{group.rpartition("_")[2]: vector})[group]

    def predict_all(self, face: Vector | None = None, fashion: Vector | None = None) -> dict[str, Probabilities | None]:
        """As `predict`, for all groups at once; None for those whose vector is not given."""
        self.load()
        return self._predict(face, fashion)

    def _predict(self, face: Vector | None, fashion: Vector | None) -> dict[str, Probabilities | None]:
        if self._session is None:
            raise RuntimeError("load() comes before _predict()")
        row = np.zeros((1, self.layout.dims), np.float32)
        if face is not None and np.isfinite(face).all():
            row[0, : self.layout.face] = face
        if fashion is not None and np.isfinite(fashion).all():
            row[0, self.layout.face :] = fashion
        outputs = self._session.run(row)
        return {group: softmax(logits[0]) if logits.any() else None for group, logits in zip(self.layout.types, outputs, strict=True)}


def softmax(logits: NDArray[np.floating]) -> Probabilities:
    """Probabilities of logits, which are far from overflowing.

    >>> softmax(np.zeros(4)).tolist()
    [0.25, 0.25, 0.25, 0.25]
    """
    weights = np.exp(logits.astype(np.float64) - float(logits.max()))
    return np.asarray(weights / weights.sum(), np.float64)
