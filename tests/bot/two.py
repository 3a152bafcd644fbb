"""Two people and a photo of them, use case by use case: what `tests.bot` needs to tell their story."""

from __future__ import annotations

import dataclasses
import itertools
import re

from bot.judging import Verdict
from bot.replies import Picture, Replies, Say
from bot.usecases import couple_links, couples
from db import couples as corpus
from db import members, pictures, uploads
from db.corpus_records import NewPerson, PictureRow, Upload
from db.session import Connection, Database
from tests.bot.meeting import Town, buttons, texts
from tests.bot.newcomer import jpeg

_accounts = itertools.count(700_000)
GOOD = Verdict(jpeg())


def stranger(town: Town) -> int:
    """Somebody who wrote to the bot for the first time; their member's id."""
    return town.database.transact(members.create, next(_accounts), "en", town.now).id


def give(town: Town, giver: int, verdict: Verdict = GOOD) -> Replies:
    """Agree and send a photo."""
    town.act(giver, couples.agree)
    return town.act(giver, couples.receive, verdict)


def token(replies: Replies) -> str:
    """The token of the link among what was said."""
    return re.findall(r"couple_([\w-]{22})\b", "\n".join(texts(replies)))[0]


def answer_data(replies: Replies) -> list[str]:
    """The tokens behind yes and no under the photo that is shown; empty where none is."""
    assert isinstance(replies[0], Picture) or not any(isinstance(reply, Picture) for reply in replies)
    return [
        button.press.choice
        for reply in replies
        if isinstance(reply, Say)
        for button in buttons(reply)
        if button.press.do in ("couple_yes", "couple_no")
    ]


def agreed(town: Town, giver: int, other: int) -> Upload:
    """Both agree; the upload as it is then."""
    key = token(give(town, giver))
    town.act(other, couple_links.open_link, key)
    town.act(other, couple_links.confirm, key)
    found = town.database.read(uploads.by_token, key)
    assert found is not None
    assert found.state == "confirmed"
    return found


def collect(database: Database, town: Town) -> list[int]:
    """What the job does with photos that both agreed to, without looking at them; the ids of those that were taken."""

    def work(connection: Connection) -> list[int]:
        done = []
        for upload in uploads.waiting_for_ingest(connection):
            row = PictureRow("member", f"couple-{upload.id}", "accepted", sha256=f"{upload.id:064x}", upload_id=upload.id)
            picture_id = pictures.add(connection, row, town.now)
            assert picture_id is not None
            person = NewPerson("woman", 0.9, 30.0, b"face", b"body", {"box": [1, 2, 3, 4]}, b"\0" * 16, "f-1")
            corpus.add(connection, picture_id, person, dataclasses.replace(person, gender="man"), town.now, upload_id=upload.id)
            assert uploads.mark(connection, upload.id, "ingested")
            done.append(upload.id)
        return done

    return database.transact(work)
