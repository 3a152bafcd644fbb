"""/verify over HTTP: a round video is fetched, decoded, watched and compared; other videos are not taken."""

from __future__ import annotations

import asyncio
from pathlib import Path

import cv2
import numpy as np

from db import photos, verifications
from db.session import Connection
from engine.embedding import packed
from engine.images import Decoded, decode
from engine.settings import EngineSettings
from engine.values import Image
from evaluation import heads
from evaluation.heads import Camera, Shape
from tests.journeys.selfies import selfie
from tests.journeys.stage import Person, Stage, words

FACE = ("woman_face", 1)
SIDE, FPS = 240, 10
STILL = Camera()
DONE = {
    "left": Camera(yaw=-33),
    "right": Camera(yaw=33),
    "tilt_left": Camera(roll=-24),
    "tilt_right": Camera(roll=24),
    "closer": Camera(scale=1.45),
}


def between(one: Camera, other: Camera, share: float) -> Camera:
    return Camera(*(a + (b - a) * share for a, b in zip(fields(one), fields(other), strict=True)))


def fields(camera: Camera) -> tuple[float, ...]:
    return camera.yaw, camera.pitch, camera.roll, camera.x, camera.y, camera.scale


def acted(stage: Stage, poses: list[str], folder: Path) -> bytes:
    """A head that nobody has doing as asked, as an MP4 file."""
    photo = decode(selfie(*FACE), EngineSettings())
    assert isinstance(photo, Decoded)
    face = stage._analyser.readers().detector.predict(photo.image)[0]
    picture, points = heads.framed(photo.image, face, SIDE)
    cameras = [STILL] * 6
    for pose in poses:
        for one, other in ((STILL, DONE[pose]), (DONE[pose], DONE[pose]), (DONE[pose], STILL), (STILL, STILL)):
            cameras += [between(one, other, step / 4) for step in range(4)]
    return encoded([heads.turned(picture, points, camera, Shape()) for camera in cameras], folder)


def encoded(frames: list[Image], folder: Path) -> bytes:
    file = folder / "round.mp4"
    out = cv2.VideoWriter(str(file), cv2.VideoWriter.fourcc(*"mp4v"), FPS, (SIDE, SIDE))
    for frame in frames:
        out.write(np.ascontiguousarray(frame[:, :, ::-1]))
    out.release()
    return file.read_bytes()


async def ready(stage: Stage) -> Person:
    """A member whose profile photo has the vector of the blended face."""
    mina = await stage.person(10001, gender="woman", seeks="men")
    analysis = stage._analyser.analyse(selfie(*FACE))
    vector = analysis.embedding
    assert vector is not None
    member = stage.member(mina)

    def store(connection: Connection) -> None:
        photo = photos.of(connection, member.id)[0]
        photos.add_vector(connection, photo.id, "face", analysis.face_model, "test", packed(vector), len(vector))

    stage.database.transact(store)
    return mina


def asked(stage: Stage, who: Person) -> list[str]:
    found = stage.database.read(verifications.current, stage.member(who).id)
    assert found is not None
    return list(found.challenge)


async def test_who_does_as_asked_is_verified(stage: Stage, tmp_path: Path) -> None:
    mina = await ready(stage)
    await mina.write("/verify")
    await mina.press(await mina.hears("Verification"), "verify_go")
    await mina.hears("Look into the camera")
    await mina.attach("video", b"x" * 100, "gallery.mp4", duration="5")
    await mina.hears("Only a round video")
    data = await asyncio.to_thread(acted, stage, asked(stage, mina), tmp_path)
    await mina.attach("video_note", data, "round.mp4", duration="9")
    answer = await mina.hears(patience=90)
    assert "You are verified" in words(answer), words(answer)
    assert stage.member(mina).verified
    await mina.write("/profile")
    assert "✓ Verified" in words(await mina.hears("✓"))


async def test_a_photo_held_before_the_camera_and_rubbish_do_not_pass(stage: Stage, tmp_path: Path) -> None:
    mina = await ready(stage)
    await mina.write("/verify")
    await mina.press(await mina.hears("Verification"), "verify_go")
    await mina.hears("Look into the camera")
    await mina.attach("video_note", b"\0\0\0\x18ftypisom" + b"\xff" * 3000, "round.mp4", duration="5")
    await mina.hears("could not be read")
    frames = cv2.imdecode(np.frombuffer(selfie(*FACE), np.uint8), cv2.IMREAD_COLOR)
    assert frames is not None
    still = [np.asarray(cv2.resize(frames, (SIDE, SIDE)), dtype=np.uint8)[:, :, ::-1]] * 25
    await mina.attach("video_note", encoded(still, tmp_path), "round.mp4", duration="3")
    await mina.hears("No turn of your head", patience=60)
    assert not stage.member(mina).verified
