"""Heads that turn, made from one photo each: pixels are displaced as on a head of ordinary shape; and what a cheat would film instead.

There are no videos of people in the data.  A head here is an ellipsoid with a nose; the photo is laid upon it and turned, the
background stays.  What that leaves out: hair, ears and shadows move wrongly, faces do not speak or blink.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.values import FaceBox, Image

Floats = NDArray[np.float64]
SIDE = 384
RATE = 25.0
GRID = 97
"""Points across and down at which the displacement of pixels is computed; between them it is interpolated."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A head, in halves of the distance between the eyes (about 31 mm)."""

    across: float = 2.3
    down: float = 3.5
    deep: float = 2.9
    nose: float = 0.65
    """How far the nose tip stands out before the ellipsoid."""


@dataclass(frozen=True, slots=True)
class Camera:
    """Where the face is in the picture at one moment."""

    yaw: float = 0.0
    """Degrees to the picture's right."""
    pitch: float = 0.0
    """Degrees down."""
    roll: float = 0.0
    x: float = 0.0
    """Shifts, in shares of the picture's side."""
    y: float = 0.0
    scale: float = 1.0


def framed(photo: Image, face: FaceBox, side: int = SIDE, width: float = 0.42) -> tuple[Image, Floats]:
    """A square with the face in its middle, `width` of it wide, and the five points in it."""
    x, y, wide, high = face.box
    scale = side * width / wide
    matrix = np.array([[scale, 0, side / 2 - scale * (x + wide / 2)], [0, scale, side / 2 - scale * (y + high / 2)]])
    picture = cv2.warpAffine(photo, matrix, (side, side), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REFLECT_101)
    points = face.landmarks @ matrix[:, :2].T + matrix[:, 2]
    return cast("Image", picture), points.astype(np.float64)


def turned(picture: Image, points: Floats, camera: Camera, shape: Shape) -> Image:
    """The picture with the head turned; found backwards, for each point of a grid over the result, by fixed-point steps."""
    eyes, mouth = points[:2].mean(axis=0), points[3:].mean(axis=0)
    half = float(np.linalg.norm(points[1] - points[0])) / 2
    centre = eyes * 0.6 + mouth * 0.4
    target = _wanted(picture.shape[0], centre, camera) / half
    at = target.copy()
    nose = (points[2] - centre) / half
    for _ in range(20):
        at += 0.6 * (target - _moved(at, camera, shape, nose))
    return _taken(picture, at * half + centre, cv2.BORDER_REFLECT_101)


def _wanted(side: int, centre: Floats, camera: Camera) -> Floats:
    """Where the points of a grid over the result stood before the picture was shifted, turned in its plane and scaled; from `centre`."""
    steps = np.linspace(0, side - 1, GRID)
    grid = np.stack(np.meshgrid(steps, steps), axis=-1)
    turn = np.radians(camera.roll)
    spin = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) * camera.scale
    return cast("Floats", (grid - centre - np.array([camera.x, camera.y]) * side) @ np.linalg.inv(spin).T)


def _taken(picture: Image, grid: Floats, border: int) -> Image:
    """The pixels of `picture` at the places that a coarse grid names."""
    side = picture.shape[0]
    scale = (side - 1) / (GRID - 1)
    fine = np.arange(side, dtype=np.float32) / np.float32(scale)
    across, down = np.meshgrid(fine, fine)
    source = cv2.remap(grid.astype(np.float32), across, down, cv2.INTER_LINEAR)
    return cast(
        "Image",
        cv2.remap(picture, source[..., 0], source[..., 1], cv2.INTER_LINEAR, borderMode=border, borderValue=(90, 84, 80)),
    )


def _moved(at: Floats, camera: Camera, shape: Shape, nose: Floats) -> Floats:
    """Where points of the frontal face come to lie, in half eye distances."""
    x, y = at[..., 0], at[..., 1]
    reach = (x / shape.across) ** 2 + (y / shape.down) ** 2
    depth = shape.deep * np.sqrt(np.clip(1 - reach, 0.02, None))
    away = ((x - nose[0]) / 0.42) ** 2 + ((y - nose[1]) / 0.5) ** 2
    bridge = ((x - nose[0]) / 0.3) ** 2 + np.clip((nose[1] - y) / 1.4, 0, None) ** 2 + (np.clip(y - nose[1], 0, None) / 0.4) ** 2
    depth = depth + shape.nose * np.maximum(np.exp(-away), 0.9 * np.exp(-bridge * 2.2))
    across, down, deep = _rotated(x, y, depth, camera)
    # A head is turned about its neck, and seen from an arm's length.
    across = across - shape.deep * np.sin(np.radians(camera.yaw)) * 0.45
    down = down - shape.deep * np.sin(np.radians(camera.pitch)) * 0.45
    near = 1 / (1 - (deep - shape.deep) / 16)
    inside = 1 / (1 + np.exp(np.clip((reach - 1.25) * 9, -40, 40)))
    moved = np.stack([across * near, down * near], axis=-1)
    return at + inside[..., None] * (moved - at)


def _rotated(x: Floats, y: Floats, depth: Floats, camera: Camera) -> tuple[Floats, Floats, Floats]:
    """Points across, down and deep, turned aside and then up or down."""
    yaw, pitch = np.radians(camera.yaw), np.radians(camera.pitch)
    deep = depth * np.cos(yaw) - x * np.sin(yaw)
    return (
        x * np.cos(yaw) + depth * np.sin(yaw),
        y * np.cos(pitch) + deep * np.sin(pitch),
        deep * np.cos(pitch) - y * np.sin(pitch),
    )


def flat(picture: Image, points: Floats, camera: Camera, bend: float = 0.0) -> Image:
    """A print of the picture turned before a camera; `bend`: curvature of the paper, 1 over its radius in half eye distances."""
    half = float(np.linalg.norm(points[1] - points[0])) / 2
    centre = points.mean(axis=0)
    target = _wanted(picture.shape[0], centre, camera) / half
    at = target.copy()
    for _ in range(40):
        at += 0.5 * (target - _printed(at, camera, bend))
    return _taken(picture, at * half + centre, cv2.BORDER_CONSTANT)


def _printed(at: Floats, camera: Camera, bend: float) -> Floats:
    x, y = at[..., 0], at[..., 1]
    if bend > 0:
        along = np.clip(x * bend, -1.4, 1.4)
        x, depth = np.sin(along) / bend, (np.cos(along) - 1) / bend
    else:
        depth = np.zeros_like(x)
    across, down, deep = _rotated(x, y, depth, camera)
    near = 1 / np.clip(1 - deep / 12, 0.3, None)
    return np.stack([across * near, down * near], axis=-1)


def moves(poses: Sequence[str], random: np.random.Generator) -> list[Camera]:
    """A person who looks into the camera and then does as asked, a picture each 1/25 s; nobody holds quite still.

    Args:
        poses: of `engine.liveness.POSES`.
        random: how far and how fast.

    """
    keys: list[tuple[float, ...]] = [(0.0, 0.0, 0.0, 0.0, 0.0), (0.8, 0.0, 0.0, 0.0, 0.0)]
    time = 0.8
    for pose in poses:
        reach = {
            "left": (-random.uniform(24, 40), 0, 0, 0),
            "right": (random.uniform(24, 40), 0, 0, 0),
            "tilt_left": (0, 0, -random.uniform(17, 30), 0),
            "tilt_right": (0, 0, random.uniform(17, 30), 0),
            "closer": (0, 0, 0, random.uniform(0.3, 0.45)),
        }[pose]
        astray = (random.normal(0, 2.0), random.normal(0, 3.0), random.normal(0, 2.5), random.normal(0, 0.02))
        aim = np.add(reach, astray)
        go, hold, back = random.uniform(0.35, 0.6), random.uniform(0.4, 0.8), random.uniform(0.3, 0.5)
        keys += [
            (time + go, *aim),
            (time + go + hold, *aim),
            (time + go + hold + back, 0, 0, 0, 0),
            (time + go + hold + back + 0.25, 0, 0, 0, 0),
        ]
        time += go + hold + back + 0.25
    keys.append((time + 0.5, 0.0, 0.0, 0.0, 0.0))
    at = np.arange(0, time + 0.5, 1 / RATE)
    stops, *tracks = (np.array(column) for column in zip(*keys, strict=True))
    yaw, pitch, roll, size = (np.interp(at, stops, track) for track in tracks)
    drift = np.cumsum(random.normal(0, 0.0012, (len(at), 2)), axis=0)
    roll = roll + np.cumsum(random.normal(0, 0.2, len(at)))
    size = np.exp(size + np.cumsum(random.normal(0, 0.002, len(at))))
    made = zip(yaw, pitch, roll, drift, size, strict=True)
    return [Camera(float(a), float(b), float(c), float(d[0]), float(d[1]), float(e)) for a, b, c, d, e in made]


def filmed(frames: Sequence[Image], random: np.random.Generator, noise: float = 2.5) -> list[Image]:
    """The same as a phone's camera and codec leave it."""
    made = []
    for frame in frames:
        noisy = np.clip(frame.astype(np.float32) + random.normal(0, noise, frame.shape), 0, 255).astype(np.uint8)
        file = cv2.imencode(".jpg", noisy[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 78])[1]
        made.append(np.ascontiguousarray(np.asarray(cv2.imdecode(file, cv2.IMREAD_COLOR), dtype=np.uint8)[:, :, ::-1]))
    return made


def thinned(cameras: Sequence[Camera], rate: float = 10.0) -> list[Camera]:
    """Those moments at which a picture is looked at."""
    step = RATE / rate
    return [cameras[int(place)] for place in np.arange(0, len(cameras), step)]
