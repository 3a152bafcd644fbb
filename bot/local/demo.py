"""Demo members: invented people of the local mode, so that discovery is not empty.

None of them is a real person, and everything that shows them says so: their texts, the label on each picture, the chat page.
With a folder of AI-generated portraits the engine reads their types from the pictures as it does for anybody; without one they
are drawn by `bot.local.avatars`, and since the engine finds no face in a drawing, they get types by lot (`model_version` "drawn").
"""

from __future__ import annotations

import asyncio
import csv
import datetime as dt
import logging
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, Protocol

import numpy as np

from bot.cities import CITIES, City
from bot.local import avatars
from bot.local.server import LocalServer
from bot.settings import LocalSettings
from bot.usecases.photos import facts, store_vectors
from db import consents, members, photos, types
from db.records import Language, Seeks
from db.session import Connection, Database
from engine.types import TypePack
from engine.values import Analysis

Gender = Literal["woman", "man"]
FIRST: Final = 2001
YOUNGEST, OLDEST = 20, 45
SEED: Final = 20261121
NEAR: Final = ("Seoul", "Seoul", "Seoul", "Incheon", "Suwon", "Seongnam", "Goyang")
FAR: Final = ("Busan", "Daegu", "Daejeon", "Gwangju", "Jeju", "Gangneung")
AI, DRAWN = "ai", "drawn"
LABELS: Final = {AI: "예시 회원 · AI 생성 사진 (AI-generated)", DRAWN: "예시 회원 · 그린 그림 (drawn)"}
DRAWN_VERSION: Final = "drawn"
CONSENT_VERSION: Final = "demo"
TEXTS: Final[tuple[tuple[str, str], ...]] = (
    ("주말에는 한강을 따라 걸어요.", "I walk along the river at weekends."),
    ("조용한 카페에서 책 읽는 시간을 좋아해요.", "I like reading in quiet cafés."),
    ("새로운 동네 빵집을 찾아다녀요.", "I look for new bakeries."),
    ("아침 달리기로 하루를 시작해요.", "I start the day with a run."),
    ("집에서 요리하고 친구를 초대해요.", "I cook at home and invite friends."),
    ("필름 카메라로 골목을 찍어요.", "I photograph alleys on film."),
    ("등산 뒤에 먹는 국수를 제일 좋아해요.", "Noodles after a hike are the best."),
    ("작은 공연장을 자주 가요.", "I often go to small concerts."),
    ("고양이 두 마리와 살아요.", "I live with two cats."),
    ("자전거로 출근해요.", "I cycle to work."),
    ("보드게임 모임을 열어요.", "I host board-game evenings."),
    ("비 오는 날 영화를 몰아 봐요.", "I watch films on rainy days."),
)
log = logging.getLogger(__name__)


class Reader(Protocol):
    """What demo members need of `engine.analysis.Analyser`."""

    def analyse(self, data: bytes, *, face: bool = True) -> Analysis:
        """Everything that is known about a photo."""
        ...


@dataclass(frozen=True, slots=True)
class Demo:
    """An invented member; `age` is in whole years."""

    number: int
    gender: Gender
    seeks: Seeks
    age: int
    city: City
    language: Language
    about: str

    @property
    def telegram_id(self) -> int:
        """Their id in the local server."""
        return FIRST + self.number

    @property
    def name(self) -> str:
        """Their name on the chat page; members see an alias."""
        return f"예시 회원 {self.number + 1:02d}" if self.language == "ko" else f"Demo member {self.number + 1:02d}"

    def birth_date(self, now: dt.datetime, age: int | None = None) -> dt.date:
        """A day on which somebody of this age was born: their birthday was about half a year ago."""
        return now.date() - dt.timedelta(days=round(((self.age if age is None else age) + 0.5) * 365.2425))


@dataclass(frozen=True, slots=True)
class Portrait:
    """A picture of a folder in the layout of ../shared/data/portraits_ai; `age` where the file's origin tells it."""

    file: Path
    gender: Gender
    age: int | None


@dataclass(frozen=True, slots=True)
class Figure:
    """How a demo member looks: the labelled JPEG, and what the engine read from the picture before it was labelled."""

    kind: str
    jpeg: bytes
    age: int | None = None
    analysis: Analysis | None = None


def invent(count: int) -> list[Demo]:
    """`count` people, always the same: women and men by turns, two thirds near Seoul, so that a new member finds somebody.

    >>> [demo.gender for demo in invent(3)], invent(30) == invent(30)
    (['woman', 'man', 'woman'], True)
    """
    cities = {city.name: city for city in CITIES}
    people = []
    for number in range(count):
        chance = random.Random(SEED + number)
        gender: Gender = "man" if number % 2 else "woman"
        others: Seeks = "women" if gender == "man" else "men"
        same: Seeks = "men" if gender == "man" else "women"
        seeks = chance.choices((others, "everyone", same), (7, 2, 1))[0]
        language: Language = "en" if number % 3 == 2 else "ko"
        words = TEXTS[number % len(TEXTS)]
        about = f"(예시 글) {words[0]}" if language == "ko" else f"(Example text) {words[1]}"
        city = cities[chance.choice(NEAR if number % 3 else FAR)]
        people.append(Demo(number, gender, seeks, chance.randint(YOUNGEST, OLDEST), city, language, about))
    return people


def portraits(folder: Path) -> list[Portrait]:
    """The adults of `folder` in a fixed shuffled order, one file for each picture, the largest; empty without a readable list.

    `labels.csv` has `file` and `gender` (female or male, or woman or man); an age in `metadata_json` is used where there is one.
    """
    found: dict[str, tuple[int, Portrait]] = {}
    try:
        with (folder / "labels.csv").open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
    except (OSError, UnicodeDecodeError, csv.Error):
        return []
    for row in rows:
        name, gender = row.get("file") or "", _gender(row.get("gender") or "")
        file = folder / name
        if gender is None or not file.is_file():
            continue
        told = re.search(r"(\d{1,3})-year-old", row.get("metadata_json") or "")
        age = int(told.group(1)) if told else None
        if age is not None and not YOUNGEST <= age <= OLDEST:
            continue
        size = file.stat().st_size
        if size > found.get(file.name, (0,))[0]:
            found[file.name] = (size, Portrait(file, gender, age))
    ordered = [portrait for _, (_, portrait) in sorted(found.items())]
    random.Random(SEED).shuffle(ordered)
    return ordered


async def seed(database: Database, analyser: Reader, pack: TypePack, settings: LocalSettings, server: LocalServer, now: dt.datetime) -> int:
    """Make the demo members that are missing and put all of them on the chat page; returns how many were made.

    Run it as a task beside the bot: reading and writing happens in threads.  A second call makes nobody anew and analyses nothing.
    A member appears on the page only once they are in the database, so that nobody can begin an onboarding in their place.
    """
    people = invent(settings.members)
    known = await asyncio.to_thread(database.read, _known, people)
    folder = Path(settings.portraits) if settings.portraits else None
    choice = {}
    if len(known) < len(people) and folder is not None:
        found = await asyncio.to_thread(portraits, folder)
        # Pictures that earlier members took are passed over, so that an interrupted start goes on where it was.
        taken = {name for name, _ in known.values()}
        choice = {
            gender: iter([one for one in found if one.gender == gender and one.file.name not in taken]) for gender in ("woman", "man")
        }
    made = 0
    for demo in people:
        if demo.telegram_id in known:
            picture: bytes | None = None if _pictured(server, demo) else known[demo.telegram_id][1]
        else:
            source, figure = await asyncio.to_thread(_figure, demo, choice.get(demo.gender, iter(())), analyser)
            await asyncio.to_thread(database.transact, _create, demo, figure, source, pack, now)
            picture, made = figure.jpeg, made + 1
        await server.add_person(demo.telegram_id, demo.name, demo.language, "demo", picture)
    if made:
        log.info("%d demo members are ready", made)
    return made


def _gender(word: str) -> Gender | None:
    named: dict[str, Gender] = {"female": "woman", "woman": "woman", "male": "man", "man": "man"}
    return named.get(word.strip().lower())


def _pictured(server: LocalServer, demo: Demo) -> bool:
    return any(person.id == demo.telegram_id and person.avatar for person in server.people())


def _known(connection: Connection, people: Sequence[Demo]) -> dict[int, tuple[str, bytes | None]]:
    """The file that each existing demo member's picture came from, and their picture; by Telegram id."""
    found: dict[int, tuple[str, bytes | None]] = {}
    for demo in people:
        member = members.by_telegram(connection, demo.telegram_id)
        if member is not None:
            held = photos.of(connection, member.id)
            stored = photos.by_id(connection, held[0].id) if held else None
            found[demo.telegram_id] = (str(held[0].facts.get("source", "")) if held else "", stored.jpeg if stored is not None else None)
    return found


def _figure(demo: Demo, candidates: Iterator[Portrait], analyser: Reader) -> tuple[str, Figure]:
    """The first portrait that the engine accepts, with its file's name; a drawing where none is left."""
    for portrait in candidates:
        try:
            data = portrait.file.read_bytes()
        except OSError:
            continue
        analysis = analyser.analyse(data)
        if analysis.problem is None and analysis.photo_jpeg is not None:
            face = analysis.main_face
            age = portrait.age if portrait.age is not None or face is None else min(OLDEST, max(YOUNGEST, round(face.age)))
            return portrait.file.name, Figure(AI, avatars.labelled(analysis.photo_jpeg, LABELS[AI]), age, analysis)
    drawing = avatars.draw(avatars.look(SEED + demo.number, demo.gender))
    return "", Figure(DRAWN, avatars.labelled(drawing, LABELS[DRAWN]))


def _create(connection: Connection, demo: Demo, figure: Figure, source: str, pack: TypePack, now: dt.datetime) -> None:
    """Everything of one demo member, in one transaction."""
    member = members.create(connection, demo.telegram_id, demo.language, now, demo=True, distance_km=0)
    for kind in ("terms", "face"):
        consents.give(connection, member.id, "terms" if kind == "terms" else "face", CONSENT_VERSION, True, now)
    kept: dict[str, Any] = {"garments": [], "palette": []} if figure.analysis is None else facts(figure.analysis)
    photo = photos.add(connection, member.id, figure.jpeg, now, facts={**kept, "demo": figure.kind, "source": source})
    if figure.analysis is None:
        _lots(connection, member.id, demo, pack, now)
    else:
        store_vectors(connection, photo, figure.analysis)
        _read(connection, member.id, demo, figure.analysis, pack, now)
    members.update(
        connection,
        member.id,
        now,
        status="active",
        gender=demo.gender,
        seeks=demo.seeks,
        birth_date=demo.birth_date(now, figure.age),
        about=demo.about,
        city=demo.city.name,
        latitude=demo.city.latitude,
        longitude=demo.city.longitude,
        face_consent=True,
    )


def _read(connection: Connection, member_id: int, demo: Demo, analysis: Analysis, pack: TypePack, now: dt.datetime) -> None:
    """Types from the vectors of a portrait, of the groups of the member's gender."""
    if analysis.embedding is not None:
        guess = pack.assign_face(np.asarray(analysis.embedding, dtype=np.float32), demo.gender)
        if guess is not None:
            types.assign(connection, member_id, "face", guess.id, guess.confidence, analysis.model_version, now)
    if analysis.fashion_embedding is not None:
        guess = pack.assign_fashion(np.asarray(analysis.fashion_embedding, dtype=np.float32), demo.gender)
        if guess is not None:
            types.assign(connection, member_id, "fashion", guess.id, guess.confidence, analysis.model_version, now)


def _lots(connection: Connection, member_id: int, demo: Demo, pack: TypePack, now: dt.datetime) -> None:
    """Types by lot for a drawing: nothing was read from it, so the confidence is that of a guess among the group."""
    chance = random.Random(SEED + demo.number)
    for kind, group in (("face", f"{demo.gender}_face"), ("fashion", f"{demo.gender}_fashion")):
        choices = [info for info in pack.types if info.group == group]
        if choices:
            types.assign(
                connection,
                member_id,
                "face" if kind == "face" else "fashion",
                chance.choice(choices).id,
                1 / len(choices),
                DRAWN_VERSION,
                now,
            )
