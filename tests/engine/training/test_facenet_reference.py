import warnings

import numpy as np
import pytest

from engine.backends.runtime import Runtime
from engine.embedding import FaceNet, facenet_crop
from engine.values import FaceBox, Image

pytest.importorskip("torch", reason="torch is not installed (requirements/train.txt)")
pytest.importorskip("facenet_pytorch", reason="facenet-pytorch is not installed (requirements/train.txt)")
pytestmark = pytest.mark.training


def test_served_facenet_is_facenet_pytorch(runtime: Runtime, engine_cache, face_photo: Image) -> None:
    """Same weights in facenet-pytorch's own module give the same vectors, on a face and on noise."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # facenet-pytorch's and torch's own
        from engine.training.facenet_reference import embed, reference

        network = reference()
        height, width = face_photo.shape[:2]
        box = FaceBox((width * 0.25, height * 0.25, width * 0.5, height * 0.5), np.zeros((5, 2), np.float32), 1.0)
        noise = np.random.default_rng(3).integers(0, 255, (160, 160, 3), dtype=np.uint8)
        crops = np.stack([facenet_crop(face_photo, box), noise])
        wanted = embed(network, crops)
    served = FaceNet(engine_cache, runtime)
    tolerance = 1e-5 if runtime.name.endswith("f32") else 1e-3
    for crop, vector in zip(crops, wanted, strict=True):
        assert float(np.linalg.norm(vector)) == pytest.approx(1, abs=1e-5)
        assert float(served._predict(crop) @ vector) > 1 - tolerance
