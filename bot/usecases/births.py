"""The date of birth: typed, asked back where it makes a minor of somebody, and only then final.

It is asked at the step `birth`, and by /couple of people who never signed up.  Being turned away is for good until the 18th birthday,
so a slip of the finger must not be enough for it: such a date waits in the draft of the conversation until its writer says that it is
right.  Nothing else goes on meanwhile, and a date that was confirmed cannot be changed any more.  Who takes a minor's date back is
believed, but remembered for it as for a photo that left a doubt: the next doubt is for a person to settle.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

from bot import answers
from bot.answers import Refusal
from bot.context import Context
from bot.keyboards import button
from bot.replies import Clear, Notice, Replies, Rows, Word, word
from db import audit, members
from db.erasure import DOUBTED
from db.records import Member, years
from db.session import Connection

SAID: Final = "born"
"""Key of the draft under which a date waits that would make its writer a minor, as `1994-03-07`."""
AGAIN: Final = "again"
SLIP: Final = 6
"""Years: a date that makes somebody younger is today's or this year's by mistake, and says nothing of their age."""


def question(member: Member) -> Word:
    """What is open: the date, or whether the one that was written is right."""
    return word("ask.birth.sure", date=member.draft[SAID]) if SAID in member.draft else word("ask.birth")


def choices(member: Member) -> Rows:
    """The answers that have a button: only a date that waits has any.  The yes names its date, so an old one says nothing of a new one."""
    if SAID not in member.draft:
        return ()
    yes = button("ask.birth.yes", "set", choice=f"birth:{member.draft[SAID]}")
    return ((yes,), (button("ask.birth.again", "set", choice=f"birth:{AGAIN}"),))


def tell(connection: Connection, context: Context, member: Member, typed: str) -> Member | Word | None:
    """A date was typed.

    Returns:
        The member with the date, who is of age; the sentence that says what is wrong with it; None where it makes them a minor: then
        `question` asks for a yes.

    """
    today = context.now.date()
    born = answers.birth_date(typed, today, member.language)
    if isinstance(born, Refusal):
        # With a date waiting it was a yes or no in words, most likely: that is said by a button.
        return word("wrong.birth.sure" if born is Refusal.FORMAT and SAID in member.draft else f"wrong.birth.{born.value}")
    if years(born, today) >= answers.ADULT:
        _taken_back(connection, context, member)
        return members.update(connection, member.id, context.now, birth_date=born)
    members.set_step(connection, member.id, member.step, {**member.draft, SAID: born.isoformat()}, context.now)
    return None


def confirm(connection: Connection, context: Context, member: Member, choice: str) -> Member | Replies:
    """One of the two buttons: the member with the confirmed date (who came of age since, or is to be turned away), or what is said.

    After `AGAIN` the caller asks the question once more.
    """
    said = str(member.draft.get(SAID, ""))
    if not said or choice not in (said, AGAIN):
        return [Notice(word("ask.passed"))]
    if choice == AGAIN:
        _taken_back(connection, context, member)
        draft = {name: value for name, value in member.draft.items() if name != SAID}
        members.set_step(connection, member.id, member.step, draft, context.now)
        return [Clear()]
    return members.update(connection, member.id, context.now, birth_date=dt.date.fromisoformat(said))


def _taken_back(connection: Connection, context: Context, member: Member) -> None:
    """A date that waits, if one does, is not to be the right one."""
    said = member.draft.get(SAID)
    if said is not None and years(dt.date.fromisoformat(said), context.now.date()) >= SLIP:
        audit.add(connection, "system", DOUBTED, audit.member(member.id), context.now)


def minor(context: Context, member: Member) -> bool:
    """Whether this member is under 18; so is everybody whose date of birth nobody knows."""
    return (member.age(context.now) or 0) < answers.ADULT
