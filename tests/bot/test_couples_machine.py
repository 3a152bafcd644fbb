"""Property test: whatever two people, a stranger, the clock and the collecting job do, in whatever order.

Never is a couple in the corpus to which not two different adults agreed, and what was taken back is gone and stays gone.  The
model is what each person answered, in plain Python.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, invariant, rule
from sqlalchemy import select

from bot.judging import Verdict
from bot.usecases import couple_links, couples, privacy
from bot.usecases import safety as safety_usecases
from crawler.sources.base import Item
from db import consents, members, uploads
from db.corpus_tables import couple_people, couple_uploads, pictures
from db.corpus_tables import couples as couple_table
from db.session import Connection
from tests.bot.meeting import Town, keys
from tests.bot.newcomer import jpeg
from tests.bot.two import stranger, take_in, token, waiting
from tests.db.test_state_machines import Fresh

ENDED = ("refused", "withdrawn", "rejected")
people = st.integers(0, 3)
rarely = st.integers(0, 5)
"""What ends a person's story is tried one time in six, so that stories get somewhere."""
"""Two members, and two who never signed up: one of age, one who is not."""


class Photos(Fresh):
    """The conversation about photos of couples."""

    photos = Bundle("photos")

    def __init__(self) -> None:
        super().__init__()
        self.town = Town(self.database)
        self.accounts = [self.ids[0], self.ids[1], stranger(self.town), stranger(self.town)]
        self.yes: dict[int, set[int]] = {}
        """By photo, who agreed and did not take it back."""
        self.read_by_job: list[Item] = []
        self.ended: set[int] = set()

    def act(self, who: int, usecase: Any, *args: object) -> list[str]:
        """What `who` is told; nothing reaches the use cases from those who were shut out or are gone, as the routers see to."""
        member = self.database.read(members.by_id, self.accounts[who])
        if member is None or member.status == "banned":
            return []
        return keys(self.town.act(member.id, usecase, *args))

    @rule(target=photos, who=people)
    def give(self, who: int) -> str:
        if self.act(who, couples.agree) == ["couple.birth"]:
            self.say_age(who, "1994-03-07")
        member = self.database.read(members.by_id, self.accounts[who])
        if member is None or member.status == "banned":
            return "A" * 22
        said = self.town.act(member.id, couples.receive, Verdict(jpeg()))
        if keys(said) != ["couple.accepted", "couple.invite"]:
            return "B" * 22
        upload = self.database.read(uploads.by_token, token(said))
        assert upload is not None
        self.yes[upload.id] = {member.id}
        return upload.token

    @rule(target=photos, who=people, other=people)
    def both_agree(self, who: int, other: int) -> str:
        """The way that most go, so that what comes after it is tried often."""
        other = (who + 1 + other % 3) % 4
        key = self.give(who)
        self.open(other, key)
        self.say_age(other, "1994-03-07")
        self.answer(other, key, True)
        return key

    @rule(who=people, key=photos)
    def open(self, who: int, key: str) -> None:
        self.act(who, couple_links.open_link, key)

    @rule(who=people, born=st.sampled_from(["1994-03-07", "1994-03-07", "2015-01-01"]))
    def say_age(self, who: int, born: str) -> None:
        member = self.database.read(members.by_id, self.accounts[who])
        if member is not None and member.step == couples.BIRTH:
            self.act(who, couple_links.birth, "1994-03-07" if who != 3 else born)
            self.act(who, couple_links.birth_pressed, f"birth:{born}")

    @rule(who=people, key=photos, yes=st.booleans())
    def answer(self, who: int, key: str, yes: bool) -> None:
        before = self.database.read(uploads.by_token, key)
        said = self.act(who, couple_links.confirm if yes else couple_links.refuse, key)
        if said and said[0] == "couple.confirmed":
            assert before is not None
            self.yes[before.id].add(self.accounts[who])
        if said == ["couple.declined"]:
            assert before is not None
            self.yes[before.id] = set()

    @rule(who=people, key=photos)
    def take_back(self, who: int, key: str) -> None:
        upload = self.database.read(uploads.by_token, key)
        if upload is None:
            return
        mine = self.accounts[who] in (upload.sender_id, upload.partner_id)
        said = self.act(who, couples.withdraw, upload.id)
        if said == ["couple.stopped"]:
            assert mine
            self.yes[upload.id] = set()
            self.ended.add(upload.id)
        elif said and mine:
            assert upload.state in ENDED

    @rule(who=people, dice=rarely)
    def erase(self, who: int, dice: int) -> None:
        if dice:
            return
        account = self.accounts[who]
        mine = [upload.id for upload in self.database.read(uploads.of_member, account)]
        if self.act(who, privacy.delete, "now"):
            for upload_id in mine:
                self.yes[upload_id] = set()
                self.ended.add(upload_id)
            self.accounts[who] = stranger(self.town)

    @rule(who=people, dice=rarely)
    def ban(self, who: int, dice: int) -> None:
        def shut_out(connection: Connection, context: Any, member: Any) -> list[Any]:
            safety_usecases.shut_out(connection, context, member)
            return []

        member = self.database.read(members.by_id, self.accounts[who])
        mine = self.database.read(uploads.of_member, self.accounts[who])
        if not dice and who >= 2 and member is not None and member.status != "banned":
            self.town.act(member.id, shut_out)
            for upload in mine:
                if upload.state not in ENDED:
                    self.yes[upload.id] = set()
                    self.ended.add(upload.id)

    @rule()
    def job_reads(self) -> None:
        self.read_by_job = waiting(self.database)
        for item in self.read_by_job:
            assert len(self.yes[int(item.source_id)]) == 2, "collected without two consents"
            assert int(item.source_id) not in self.ended

    @rule()
    def job_stores(self) -> None:
        """Looking at photos takes a while: meanwhile anything may have happened to them."""
        for item in self.read_by_job:
            take_in(self.database, self.town, item)
        self.read_by_job = []

    @rule(giver=st.booleans(), key=photos, dice=rarely)
    def job_is_overtaken(self, giver: bool, key: str, dice: int) -> None:
        """One of the two takes it back, or erases themselves, while the job looks at the photo."""
        upload = self.database.read(uploads.by_token, key)
        person = None if upload is None else upload.sender_id if giver else upload.partner_id
        if person in self.accounts:
            self.job_reads()
            self.take_back(self.accounts.index(person), key)
            self.erase(self.accounts.index(person), dice)
            self.job_stores()

    @rule(hours=st.integers(1, 50))
    def pass_time(self, hours: int) -> None:
        self.town.now += dt.timedelta(hours=hours)

    @rule()
    def retention(self) -> None:
        self.database.transact(uploads.expire, self.town.now - dt.timedelta(hours=72))

    @invariant()
    def nothing_without_two_consents(self) -> None:
        def read(connection: Connection) -> None:
            held = {row.id: row for row in connection.execute(select(couple_uploads))}
            made = list(connection.execute(select(couple_table.c.id, couple_table.c.upload_id, couple_table.c.picture_id)))
            for couple in made:
                row = held[couple.upload_id]
                assert row.state == "ingested"
                assert self.yes[row.id] == {row.sender_id, row.partner_id}
                for person in (row.sender_id, row.partner_id):
                    given = [answer for answer in consents.history(connection, person) if answer.version.endswith(f" photo {row.id}")]
                    assert given
                    assert given[-1].given
                    member = members.by_id(connection, person)
                    assert member is not None
                    assert (member.age(self.town.now) or 0) >= 18
                    assert member.status != "banned"
            assert {couple.upload_id for couple in made} == {row.id for row in held.values() if row.state == "ingested"}
            assert set(connection.scalars(select(pictures.c.id))) == {couple.picture_id for couple in made}
            couple_ids = {couple.id for couple in made}
            assert set(connection.scalars(select(couple_people.c.couple_id))) == couple_ids
            for row in held.values():
                assert (row.jpeg is not None) == (row.state in ("waiting", "confirmed")), row.state
                assert row.sender_id != row.partner_id
            for upload_id in self.ended & set(held):
                assert held[upload_id].state in ENDED

        self.database.read(read)


Photos.TestCase.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
TestPhotos = Photos.TestCase
