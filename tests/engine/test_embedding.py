from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.backends.runtime import Runtime
from engine.embedding import FACENET_WEIGHT, FaceEmbedder, FaceNet, facenet_crop, join, unit
from engine.faces import FaceDetector
from engine.values import FaceBox, Image


@pytest.fixture(scope="module")
def detector(engine_cache: Path, runtime: Runtime) -> FaceDetector:
    return FaceDetector(engine_cache, runtime)


@pytest.mark.parametrize(("kind", "dims"), [("sface", 128), ("facenet", 512), ("joined", 640)])
def test_vectors_have_length_one(
    kind: str, dims: int, engine_cache: Path, runtime: Runtime, detector: FaceDetector, face_photo: Image
) -> None:
    embedder = FaceEmbedder(engine_cache, runtime, kind)  # type: ignore[arg-type]
    vector = embedder.predict(face_photo, detector.predict(face_photo)[0])
    assert vector.shape == (dims,)
    assert vector.dtype == np.float32
    assert float(np.linalg.norm(vector)) == pytest.approx(1, abs=1e-5)


def test_versions_differ(engine_cache: Path, runtime: Runtime) -> None:
    versions = {FaceEmbedder(engine_cache, runtime, kind).version for kind in ("sface", "facenet", "joined")}
    assert len(versions) == 3
    assert FaceEmbedder(engine_cache, runtime).version == FaceEmbedder.VERSION


def test_the_same_face_stays_itself(engine_cache: Path, runtime: Runtime, detector: FaceDetector, blended_faces: tuple[Image, ...]) -> None:
    """Smaller, darker, mirrored and turned a face is nearer to itself than to any other blended face of its gender."""
    embedder = FaceEmbedder(engine_cache, runtime)

    def vector(photo: Image) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
        return embedder.predict(photo, detector.predict(photo)[0])

    vectors = np.stack([vector(photo) for photo in blended_faces])
    photo = blended_faces[0]
    side = photo.shape[0]
    turned = cv2.warpAffine(photo, cv2.getRotationMatrix2D((side / 2, side / 2), 15, 1), (side, side), borderMode=cv2.BORDER_REPLICATE)
    for changed in (cv2.resize(photo, (200, 200)), (photo * 0.6).astype(np.uint8), np.ascontiguousarray(photo[:, ::-1]), turned):
        likeness = vectors @ vector(changed)
        assert int(likeness.argmax()) == 0
        assert likeness[0] > 0.8


def test_joined_likeness_is_the_weighted_mean() -> None:
    random = np.random.default_rng(1)
    (a, b), (c, d) = ([unit(random.normal(size=dims).astype(np.float32)) for _ in range(2)] for dims in (128, 512))
    wanted = (1 - FACENET_WEIGHT) * float(a @ b) + FACENET_WEIGHT * float(c @ d)
    assert float(join(a, c) @ join(b, d)) == pytest.approx(wanted, abs=1e-5)


def test_facenet_crop_has_the_margin_of_facenet_pytorch() -> None:
    """A box of 128 pixels gets 16 on each side: 160 × 160 without any scaling."""
    photo = np.random.default_rng(4).integers(0, 255, (300, 300, 3), dtype=np.uint8)
    crop = facenet_crop(photo, FaceBox((60, 70, 128, 128), np.zeros((5, 2), np.float32), 1.0))
    assert np.array_equal(crop, photo[54:214, 44:204])


def test_boxes_beyond_the_photo_are_clipped(engine_cache: Path, runtime: Runtime) -> None:
    photo = np.full((50, 60, 3), 90, np.uint8)
    for box in ((-30.0, -20.0, 200.0, 200.0), (55.0, 45.0, 40.0, 40.0), (70.0, 80.0, 10.0, 10.0)):
        crop = facenet_crop(photo, FaceBox(box, np.zeros((5, 2), np.float32), 1.0))
        assert crop.shape == (160, 160, 3)
    assert np.isfinite(FaceNet(engine_cache, runtime)._predict(crop)).all()
