"""`python -m benchmarks.plain_chain`: a selfie the plain way, for comparison, in a process of its own.

Full Pillow decode, facenet-pytorch's MTCNN with its defaults on the photo at 1280 pixels, eager InceptionResnetV1 on the face that
it cuts out, eager torchvision ResNet34 on the photo at 224 pixels; torch with one thread.  The two networks have random weights
(no package carries trained ones in torch's format): time does not depend on them.  Scaling the photo to 1280 pixels is not
counted, in this chain's favour.
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import torch
import torchvision
from facenet_pytorch import MTCNN, InceptionResnetV1
from PIL import Image

from evaluation.worker import Answer, memory_mb, serve


class Chain:
    """The models, loaded once."""

    def __init__(self) -> None:
        torch.set_num_threads(1)
        torch.manual_seed(0)
        self.detector = MTCNN()
        self.face = InceptionResnetV1(pretrained=None).eval()
        self.fashion = torchvision.models.resnet34(weights=None).eval()

    @torch.no_grad()
    def run(self, path: str) -> Answer:
        """CPU milliseconds of each part and of all."""
        clock = time.perf_counter()
        started = time.process_time()
        with Image.open(Path(path)) as opened:
            photo = opened.convert("RGB")
        decoded = time.process_time() - started
        photo.thumbnail((1280, 1280), Image.Resampling.BILINEAR, reducing_gap=1.5)
        marks = [time.process_time()]
        boxes, _ = self.detector.detect(photo)
        found = boxes is not None
        crop = self.detector.extract(photo, boxes, None) if found else torch.zeros(3, 160, 160)
        marks.append(time.process_time())
        self.face(crop[None])
        marks.append(time.process_time())
        small = np.asarray(photo.resize((224, 224)), np.float32) / 255
        self.fashion(torch.from_numpy(small).permute(2, 0, 1)[None])
        marks.append(time.process_time())
        parts = dict(zip(("decode", "detect", "face", "fashion"), [decoded, *np.diff(marks).tolist()], strict=True))
        return {
            "found": found,
            "ms": (time.perf_counter() - clock) * 1000,
            "cpu_ms": sum(parts.values()) * 1000,
            "parts": {name: value * 1000 for name, value in parts.items()},
            "memory_mb": memory_mb("VmRSS"),
        }


def main() -> None:
    """Answer until stdin ends."""
    serve(Chain().run)


if __name__ == "__main__":
    main()
