"""A short video's bytes into pictures, decoded in a process of its own: what breaks a decoder breaks that process alone.

The child knows nothing of the product: it gets the file as a nameless one in memory, limits of memory, processor time and files, no
settings, and may open nothing but that file (a playlist inside a "video" could otherwise name files of this machine, or addresses).
Nothing of the video is kept.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

ClipProblem = Literal["not_a_video", "too_large", "too_long", "too_short"]

RATE: Final = 10.0
"""Pictures a second that are looked at."""
SIDE: Final = 384
"""Pixels: the longer side of a picture that is looked at; round videos of Telegram have 384 to 640."""
WIDEST: Final = 1920
"""Pixels: larger videos are refused."""
FASTEST: Final = 125
"""Pictures a second that a file may hold; more are a trick to keep the decoder busy."""
BYTES: Final = 20_000_000
MEMORY: Final = 2_000_000_000
"""Bytes of address space of the child."""
PATIENCE: Final = 30.0
"""Seconds that decoding may take."""


@dataclass(frozen=True, slots=True)
class Clip:
    """Pictures of a video, in order."""

    frames: tuple[NDArray[np.uint8], ...] = field(repr=False)
    """Height × width × 3, RGB."""
    times: tuple[float, ...]
    """Seconds from the beginning, of each."""


def read(data: bytes, seconds: float, *, least: float = 1.0) -> Clip | ClipProblem:
    """The pictures of an MP4 or WebM file, or why there are none; no bytes make it raise or wait for long.

    Args:
        data: the file.
        seconds: how long it may last.
        least: how long it must last.

    """
    if len(data) > BYTES:
        return "too_large"
    if not (data[4:8] == b"ftyp" or data[:4] == b"\x1aE\xdf\xa3"):
        return "not_a_video"
    kind = "mov" if data[4:8] == b"ftyp" else "matroska"
    with _file(data) as (path, descriptors):
        command = [sys.executable, "-I", str(Path(__file__).resolve()), path, kind, str(seconds)]
        try:
            done = subprocess.run(  # noqa: S603 our own interpreter and file; the bytes are no argument
                command, capture_output=True, timeout=PATIENCE, pass_fds=descriptors, env=_environment(kind), check=False
            )
        except subprocess.TimeoutExpired:
            return "not_a_video"
    return _clip(done.stdout, least) if done.returncode == 0 else "not_a_video"


def _environment(kind: str) -> dict[str, str]:
    return {"OPENCV_FFMPEG_CAPTURE_OPTIONS": f"protocol_whitelist;file|input_format;{kind}", "OPENCV_LOG_LEVEL": "SILENT"}


@contextmanager
def _file(data: bytes) -> Iterator[tuple[str, tuple[int, ...]]]:
    """A path by which the child can open the data: in memory where the system has such files, else one that is gone at once."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("clip")
        try:
            with os.fdopen(os.dup(descriptor), "wb") as stream:
                stream.write(data)
            yield f"/proc/self/fd/{descriptor}", (descriptor,)
        finally:
            os.close(descriptor)
    else:
        with tempfile.NamedTemporaryFile() as stream:
            stream.write(data)
            stream.flush()
            yield stream.name, ()


def _clip(answer: bytes, least: float) -> Clip | ClipProblem:
    line, _, pixels = answer.partition(b"\n")
    head: dict[str, Any] = json.loads(line)
    if head["problem"]:
        problem: ClipProblem = head["problem"]
        return problem
    times = tuple(float(time) for time in head["times"])
    height, width = int(head["height"]), int(head["width"])
    if not times or times[-1] < least:
        return "too_short"
    stack = np.frombuffer(pixels, np.uint8).reshape(len(times), height, width, 3)
    return Clip(tuple(stack), times)


def _decode(path: str, kind: str, seconds: float) -> None:
    """The child: pictures of the file at `path` to the standard output, behind a line that describes them."""
    import resource  # noqa: PLC0415 only the child needs it, and it is not everywhere

    import cv2  # noqa: PLC0415 likewise; the parent may have it loaded already

    resource.setrlimit(resource.RLIMIT_CPU, (int(PATIENCE), int(PATIENCE)))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    cv2.setNumThreads(1)
    capture = cv2.VideoCapture(path, cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
    frames: list[bytes] = []
    times: list[float] = []
    problem, shape = "", (0, 0)
    width, height = capture.get(cv2.CAP_PROP_FRAME_WIDTH), capture.get(cv2.CAP_PROP_FRAME_HEIGHT)
    if not capture.isOpened() or not (1 <= width <= WIDEST and 1 <= height <= WIDEST):
        problem = "too_large" if capture.isOpened() and max(width, height) > WIDEST else "not_a_video"
    grabbed = 0
    while not problem and capture.grab():
        grabbed += 1
        time = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
        if time > seconds or grabbed > seconds * FASTEST:
            problem = "too_long"
        elif not times or time >= times[-1] + 0.9 / RATE:
            good, picture = capture.retrieve()
            if not good:
                problem = "not_a_video"
                break
            scale = min(1.0, SIDE / max(picture.shape[:2]))
            size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
            small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA) if scale < 1 else picture
            shape = shape if times else small.shape[:2]
            if small.shape[:2] != shape or len(times) > seconds * RATE * 1.2:
                problem = "not_a_video"
                break
            frames.append(cv2.cvtColor(small, cv2.COLOR_BGR2RGB).tobytes())
            times.append(time)
    problem = problem or ("" if times else "not_a_video")
    head = {"problem": problem, "times": times, "height": shape[0], "width": shape[1]}
    out = sys.stdout.buffer
    out.write(json.dumps(head).encode() + b"\n")
    for frame in frames if not problem else ():
        out.write(frame)
    out.flush()


if __name__ == "__main__":
    _decode(sys.argv[1], sys.argv[2], float(sys.argv[3]))
