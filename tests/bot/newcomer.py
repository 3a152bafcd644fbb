"""A person who signs up, use case by use case, and photos as the engine would have read them."""

from __future__ import annotations

import datetime as dt
import functools
import io
import itertools
from dataclasses import replace
from typing import Any

import numpy as np
from PIL import Image

from bot.replies import Replies
from bot.usecases import onboarding, photos
from db import members, types
from db.records import Member, TypeRow
from db.session import Connection, Database
from engine.values import Analysis, Face, Garment, Problem, ProblemCode, Quality
from tests.bot.meeting import Town, small_pack

TELEGRAM_ID = 424242
_ENDS = (number.to_bytes(4, "big") for number in itertools.count(1))
"""Behind the end of the picture, so that each photo is a file of its own."""


@functools.cache
def jpeg() -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (64, 96), "#CDB694").save(stream, "JPEG")
    return stream.getvalue()


def face(age: float = 30.0) -> Face:
    points = np.zeros((5, 2), np.float32)
    quality = Quality(0.9, 0.9, 0.9, 0.9, 0.9, 0.0, 0.0, 0.0)
    return Face((16, 16, 32, 32), points, 0.99, "woman", 0.98, age, (age - 5, age + 5), 0.9, 0.1, maybe_minor=False, details=quality)


def selfie(problem: ProblemCode | None = None, axis: int = 0, **changes: Any) -> Analysis:
    """An analysis whose vectors point along an axis, so that the small pack's type of that number is the nearest."""
    vector = np.eye(4, dtype=np.float32)[axis]
    made = Analysis(
        problem=None if problem is None else Problem(problem, "words"),
        faces=(face(),),
        main=0,
        size=(64, 96),
        embedding=vector,
        fashion_embedding=np.concatenate([vector, vector]) / np.float32(np.sqrt(2)),
        garments=(Garment("upper", "sweater", 0.9, "#CDB694"),),
        palette=("#CDB694",),
        nsfw=0.01,
        photo_jpeg=jpeg() + next(_ENDS),
        model_version="m-1",
        face_model="face-test",
        fashion_model="f",
        runtime="test",
    )
    return replace(made, **changes)


def faceless(**changes: Any) -> Analysis:
    """What is read from a photo without the consent to face processing."""
    return selfie(faces=(), main=None, embedding=None, **changes)


class Newcomer:
    """One person's conversation."""

    def __init__(self, database: Database, language: str = "en") -> None:
        self.town = Town(database)
        rows = [TypeRow(info.id, info.group, info.kind, info.gender, info.name, info.name_ko) for info in small_pack().types]
        database.transact(types.sync, rows, "test-1", self.town.now)
        made = database.transact(members.create, TELEGRAM_ID, language, self.town.now)
        self.id = made.id
        self.database = database

    @property
    def me(self) -> Member:
        return self.town.member(self.id)

    def start(self) -> Replies:
        return self.town.act(self.id, onboarding.start)

    def press(self, field: str, value: str) -> Replies:
        return self.town.act(self.id, onboarding.press, field, value)

    def say(self, text: str) -> Replies:
        return self.town.act(self.id, onboarding.text, text)

    def send(self, analysis: Analysis, file_id: str | None = "file") -> Replies:
        return self.town.act(self.id, photos.receive, analysis, file_id)

    def answer(self, step: str) -> Replies:
        """The usual answer of a step."""
        if step == "birth":
            return self.say("1994-03-07")
        if step == "about":
            return self.say("I like <b>tea</b>")
        if step == "photo":
            self.send(selfie())
            return self.press("photo", "done")
        usual = {"language": "en", "intro": "ok", "terms": "yes", "face": "yes", "gender": "woman", "seeks": "men", "city": "Seoul"}
        return self.press(step, {**usual, "distance": "50", "ages": "25-40"}[step])

    def upto(self, step: str) -> None:
        """Answer every question before `step`."""
        self.start()
        for earlier in onboarding.ORDER[: onboarding.ORDER.index(step)]:
            self.answer(earlier)

    def ready(self) -> None:
        self.upto("about")
        self.answer("about")

    def read(self, function: Any, *args: object) -> Any:
        return self.database.read(function, *args)

    def transact(self, function: Any, *args: object) -> Any:
        def work(connection: Connection) -> Any:
            return function(connection, *args)

        return self.database.transact(work)

    def later(self, **passed: int) -> None:
        self.town.now += dt.timedelta(**passed)
