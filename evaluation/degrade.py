"""Photos made worse on purpose, as phones and bars do: dark with noise, lit from one side, hazy."""

from __future__ import annotations

import cv2
import numpy as np

from engine.values import FaceBox, Image

CONDITIONS = ("as taken", "dark", "side-lit", "hazy")


def worse(photo: Image, face: FaceBox, how: str, seed: int) -> Image:
    """`photo` as one of `CONDITIONS`, saved once as JPEG; `face` says where the shadow falls."""
    if how == "as taken":
        return photo
    random = np.random.default_rng(seed)
    values = (photo.astype(np.float32) / 255) ** 2.2
    if how == "dark":
        # An eighth of the light, and the noise of a small sensor.
        values = values * 0.12 + random.normal(0, 0.004, values.shape)
    elif how == "side-lit":
        x, _, width, _ = face.box
        across = np.clip((np.arange(photo.shape[1]) - x) / max(width, 1.0), 0, 1)
        across = across if random.random() < 0.5 else 1 - across
        values *= (0.06 + 0.94 * across**1.5)[None, :, None].astype(np.float32)
    else:
        values = values * 0.2 + 0.35
    coded = np.clip(np.clip(values, 0, 1) ** (1 / 2.2) * 255 + 0.5, 0, 255).astype(np.uint8)
    file = cv2.imencode(".jpg", np.ascontiguousarray(coded[:, :, ::-1]), [cv2.IMWRITE_JPEG_QUALITY, 85])[1]
    return np.ascontiguousarray(np.asarray(cv2.imdecode(file, cv2.IMREAD_COLOR), dtype=np.uint8)[:, :, ::-1])
