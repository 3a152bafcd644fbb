"""Two people and a photo of them, use case by use case: what `tests.bot` needs to tell their story."""

from __future__ import annotations

import dataclasses
import itertools
import re

from bot.judging import Verdict
from bot.replies import Picture, Replies, Say
from bot.usecases import couple_links, couples
from crawler.couples import Decision
from crawler.ingest import Outcome, store
from crawler.sources.base import Item
from crawler.sources.member import Member
from db import members, uploads
from db.corpus_records import NewPerson, Upload
from db.session import Database
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

    items = waiting(database)
    for item in items:
        take_in(database, town, item)
    return [int(item.source_id) for item in items]


def waiting(database: Database) -> list[Item]:
    """What the job finds."""
    return [item for batch in Member(database).batches("") for item in batch.items]


def take_in(database: Database, town: Town, item: Item) -> None:
    """What the job does with one photo that shows a couple."""
    person = NewPerson("woman", 0.9, 30.0, b"face", b"body", {"box": [1, 2, 3, 4]}, b"\0" * 16, "f-1")
    outcome = Outcome("accepted", Decision(True, ""), people=(person, dataclasses.replace(person, gender="man")))
    database.transact(store, item, outcome, town.now)
