"""Members get the types of the pack in use: from stored vectors, or by reading the photo again; resumable, idempotent."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from bot import retyping
from bot.desk import Services
from bot.settings import ScheduleSettings
from bot.switching import TypesInUse, called, rows
from bot.usecases import types as usecases
from db import erasure, members, photos, types
from db import retyping as pages
from db.records import Member
from db.session import Connection, Database
from engine.analysis import Analyser
from engine.types import Given, TypePack
from engine.values import Analysis, Gender, TypeGuess, Vector
from tests.bot.meeting import Town, small_pack
from tests.bot.newcomer import selfie
from tests.bot.runner import scheduler


class Reader:
    """In place of the engine: counts what it reads, and finds the face along axis 2."""

    def __init__(self) -> None:
        self.read = 0

    def analyse(self, data: bytes, *, face: bool = True) -> Analysis:
        self.read += 1
        return selfie(axis=2) if face else selfie(axis=2, embedding=None, faces=(), main=None)


async def nothing(stage: str, done: int, total: int, resume: dict[str, Any]) -> None:
    """Nobody is told."""


@pytest.fixture
def services(town: Town, tmp_path: Path) -> Services:
    quiet = ScheduleSettings(collect="", learn="", retype="", daily_pick="", retention="")
    _, made = scheduler(town.database, tmp_path, quiet)
    town.database.transact(types.sync, rows(small_pack()), small_pack().version, town.now)
    return replace(made, analyser=cast("Analyser", Reader()), types=TypesInUse(small_pack()))


def with_vector(town: Town, version: str, axis: int = 1) -> int:
    member_id = town.newcomer("woman", face_consent=True)

    def store(connection: Connection) -> None:
        [photo] = photos.of(connection, member_id)
        photos.add_vector(connection, photo.id, "face", version, "test", np.eye(4, dtype="<f4")[axis].tobytes(), 4)

    town.database.transact(store)
    return member_id


def face_type(town: Town, member_id: int) -> str | None:
    given = town.database.read(types.of_member, member_id).get("face")
    return None if given is None else given.type_id


def retyped(services: Services, resume: dict[str, Any] | None = None, note: Any = nothing) -> dict[str, Any]:
    return asyncio.run(retyping.retype(services, resume or {}, note))


def test_stored_vectors_that_fit_are_enough(town: Town, services: Services) -> None:
    people = [with_vector(town, "face-test", number % 3) for number in range(45)]
    done = retyped(services)
    assert (done["members"], done["read"], done["left"]) == (45, 0, 0)
    assert [face_type(town, one) for one in people] == [f"wf-{number % 3}" for number in range(45)]
    assert retyped(services) == done
    services.runtime.close()


def test_a_vector_of_another_embedding_is_never_compared(town: Town, services: Services) -> None:
    member_id = with_vector(town, "another-face")
    member = town.member(member_id)
    town.database.transact(usecases.retype, services.context(), member)
    assert face_type(town, member_id) is None
    done = retyped(services)
    assert done["read"] == 1
    assert face_type(town, member_id) == "wf-2"
    # The older vector stays for going back; the photo is not read a second time.
    [photo] = town.database.read(photos.of, member_id)
    assert {one.model_version for one in town.database.read(photos.vectors, member_id, "face")} == {"another-face", "face-test"}
    assert photo.id
    assert retyped(services)["read"] == 0
    services.runtime.close()


def test_without_the_consent_no_face_is_read(town: Town, services: Services) -> None:
    member_id = with_vector(town, "another-face")

    def refuse(connection: Connection) -> None:
        members.update(connection, member_id, town.now, face_consent=False)

    town.database.transact(refuse)
    assert retyped(services)["read"] == 0, "it would be found again each time"
    assert {one.model_version for one in town.database.read(photos.vectors, member_id, "face")} == {"another-face"}
    services.runtime.close()


def test_a_face_whose_consent_lapsed_gives_no_type(town: Town, services: Services) -> None:
    """The vector stays until the new words are answered; a type made of it would be a use of it."""
    member_id = with_vector(town, "face-test")
    retyped(services)
    assert face_type(town, member_id) == "wf-1"
    [photo] = town.database.read(photos.of, member_id)
    town.database.transact(photos.add_vector, photo.id, "fashion", "f", "test", np.eye(8, dtype="<f4")[2].tobytes(), 8)
    town.database.transact(members.update, member_id, town.now, face_consent=False)
    done = retyped(services)
    given = town.database.read(types.of_member, member_id)
    assert list(given) == ["fashion"]
    assert town.database.read(photos.vectors, member_id, "face"), "nothing is erased before they answer"
    assert done["left"] == 0, "else members would be retyped for ever"
    town.database.transact(members.update, member_id, town.now, face_consent=True)
    retyped(services)
    assert face_type(town, member_id) == "wf-1"
    services.runtime.close()


class Interrupted:
    """The types in use, whose first answer comes only after somebody else had a moment to change the member."""

    def __init__(self, change: Callable[[Connection], object], database: Database) -> None:
        self.pack = small_pack()
        self.other = threading.Thread(target=database.transact, args=(change,))

    def assign_face(self, vector: Vector, gender: Gender | None) -> TypeGuess | None:
        if self.other.ident is None:
            self.other.start()
            self.other.join(1.0)  # it is done by then, or it waits for this transaction
        return self.pack.assign_face(vector, gender)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.pack, name)


def interrupted(town: Town, services: Services, member_id: int, change: Callable[[Connection], object]) -> None:
    pack = Interrupted(change, town.database)
    town.database.transact(retyping._batch, replace(services.context(), pack=cast("TypePack", pack)), [member_id])
    pack.other.join(30)
    assert not pack.other.is_alive()
    services.runtime.close()


def test_a_consent_that_is_taken_back_meanwhile_leaves_no_type(town: Town, services: Services) -> None:
    her = with_vector(town, "face-test")

    def withdraw(connection: Connection) -> None:
        members.update(connection, her, town.now, face_consent=False)
        erasure.withdraw_face(connection, her)

    interrupted(town, services, her, withdraw)
    assert face_type(town, her) is None


def test_who_is_erased_meanwhile_does_not_end_the_run(town: Town, services: Services) -> None:
    her = with_vector(town, "face-test")
    interrupted(town, services, her, lambda connection: erasure.erase(connection, her, town.now))
    assert town.database.read(members.by_id, her) is None


def test_another_photo_meanwhile_gives_the_type(town: Town, services: Services) -> None:
    her = with_vector(town, "face-test", axis=0)

    def replaced(connection: Connection) -> None:
        [photo] = photos.of(connection, her)
        photos.drop_vectors(connection, her, "face")
        photos.add_vector(connection, photo.id, "face", "face-test", "test", np.eye(4, dtype="<f4")[1].tobytes(), 4)
        usecases.retype(connection, services.context(), town_member(connection, her))

    interrupted(town, services, her, replaced)
    assert face_type(town, her) == "wf-1"


def town_member(connection: Connection, member_id: int) -> Member:
    found = members.by_id(connection, member_id)
    assert found is not None
    return found


def test_a_run_goes_on_where_it_was_killed(town: Town, services: Services) -> None:
    people = [with_vector(town, "face-test") for _ in range(45)]
    noted: list[dict[str, Any]] = []

    async def killed(stage: str, done: int, total: int, resume: dict[str, Any]) -> None:
        noted.append(resume)
        assert total == 45
        if len(noted) == 2:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        retyped(services, note=killed)
    assert [face_type(town, one) is not None for one in people] == [True] * 40 + [False] * 5
    assert retyped(services, noted[-1])["members"] == 45
    assert all(face_type(town, one) == "wf-1" for one in people)
    # What another version noted does not count.
    assert retyped(services, {**noted[-1], "version": "older"})["members"] == 45
    services.runtime.close()


def test_members_are_counted_by_their_vectors(town: Town) -> None:
    town.newcomer()
    people = sorted(with_vector(town, "face-test") for _ in range(3))
    assert town.database.read(pages.size) == 3
    assert town.database.read(pages.page, 0, 2) == people[:2]
    assert town.database.read(pages.page, people[1], 2) == people[2:]


def test_names_that_admins_gave_are_noticed() -> None:
    pack = small_pack()
    assert called(pack, {})
    assert called(pack, {"of-another-version": Given("x", "y")})
    assert called(pack, {"wf-1": Given("", pack.by_id["wf-1"].name_ko)})
    assert not called(pack, {"wf-1": Given("New", "")})
