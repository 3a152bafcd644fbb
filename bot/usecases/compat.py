"""/compat: how much two people resemble observed couples, from two photos or one of both; nothing of it is stored.

Photos are in memory alone (`bot.comparing`), and only people who ticked a box for each of the two come to a result.  What the database
keeps is where the conversation stands, so that a photo that arrives after a restart does not end up in the profile.  The figures behind
the button travel in the button.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bot import answers
from bot.comparing import Read, Session
from bot.compat_card import CompatCard, Side
from bot.context import Context
from bot.keyboards import button
from bot.replies import Clear, Lines, Named, Notice, Picture, Replies, Rows, Say, Word, word
from bot.usecases import couples, detour, matching
from db.records import Member
from db.session import Connection
from engine.compatibility import Comparison, Compatibility, Look, Together
from engine.types import TypePack
from engine.values import Analysis

STEP: Final = "compat."
PHOTO: Final = "compat.photo"
CLOSE: Final = button("compat.close", "compat_close")
AGAIN: Final = button("compat.again", "compat")
DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
MOST: Final = 36**4 - 1
"""Couples that a button can tell of; its data has room for 64 bytes."""
SEVERAL: Final = ("minor", "nsfw")
"""Problems with which the whole comparison ends, not only a photo is taken anew."""


def show(connection: Connection, context: Context, member: Member, minutes: int) -> Replies:
    """/compat: what it does, and the choice between two photos and one."""
    refused = stop(context, member)
    rows = ((button("compat.two", "compat_two"), button("compat.one", "compat_one")), (CLOSE,))
    return refused or [Say(word("compat.intro", minutes=minutes), rows)]


def ask(connection: Connection, context: Context, member: Member, session: Session) -> Replies:
    """Which photo comes next; without one, the boxes."""
    refused = stop(context, member)
    if refused:
        return refused
    detour.begin(connection, context, member, PHOTO)
    if session.missing:
        return [Say(word("compat.send_both" if session.mode == "one" else f"compat.send_{session.missing}"), ((CLOSE,),))]
    return [board(session)]


def tick(connection: Connection, context: Context, member: Member, session: Session) -> Replies:
    """A box was ticked, or unticked again."""
    detour.begin(connection, context, member, PHOTO)
    return [board(session, edit=True)]


def unticked(connection: Connection, context: Context, member: Member) -> Replies:
    """A result was asked for before both boxes were ticked."""
    detour.begin(connection, context, member, PHOTO)
    return [Notice(word("compat.unticked"), alert=True)]


def start_again(connection: Connection, context: Context, member: Member) -> Replies:
    """The photos are gone: their time was over, or the bot was started anew."""
    detour.end(connection, context, member)
    return [Say(word("compat.gone"), ((AGAIN,),))]


def pressed_again(connection: Connection, context: Context, member: Member) -> Replies:
    """A button of a comparison that was answered, pressed twice perhaps: nothing was lost, and nothing is left to do."""
    return [Notice(word("ask.passed")), Clear()]


def too_often(connection: Connection, context: Context, member: Member, most: int) -> Replies:
    """So many in an hour."""
    return [Say(word("compat.too_often", n=most))]


def remind(connection: Connection, context: Context, member: Member, session: Session | None) -> Replies:
    """Something else arrived than what was asked for."""
    if session is None:
        return start_again(connection, context, member)
    return [Say(word("compat.need_photo"), ((CLOSE,),))] if session.missing else [board(session)]


def enough(connection: Connection, context: Context, member: Member, session: Session) -> Replies:
    """A photo too many; it was not even looked at."""
    return [Say(word("compat.enough")), board(session)]


def close(connection: Connection, context: Context, member: Member) -> Replies:
    """Rather not: the photos are forgotten."""
    return [Say(word("compat.closed"), edit=True)]


def not_taken(connection: Connection, context: Context, member: Member, reason: str) -> Replies:
    """A file that is no photo, or that could not be fetched."""
    return [Say(_why(context, reason), ((CLOSE,),))]


def refused(connection: Connection, context: Context, member: Member, reason: str, session: Session | None, number: int) -> Replies:
    """Two people who are not compared, and what can be done: another photo in place of number `number`, or begin anew (`session` None)."""
    said = Say(word("compat.refused", why=_why(context, reason)))
    if number and session is not None and session.mode == "two":
        said = Say(word("compat.refused_one", number=number, why=_why(context, reason)))
    if session is None:
        return [Clear(), Say(said.word, ((AGAIN,),))]
    return [Clear(), said, *ask(connection, context, member, session)]


def verdict(connection: Connection, context: Context, read: Read) -> Comparison | None:
    """Compare the two who were read, under the types in use; None where there are no two."""
    if read.people is None:
        return None
    meter = Compatibility(context.pack, matching.couples(connection, context))
    return meter.compare(*read.people, identical=read.identical)


def result(connection: Connection, context: Context, member: Member, read: Read, made: Comparison) -> Replies:
    """The picture with its words; the evidence is behind a button."""
    if read.people is None or made.score is None or made.interval is None:
        return []
    low, high = made.interval
    observed = made.evidence == "observed"
    basis = word("compat.card.basis", n=f"{made.couples:,}") if observed else word("compat.card.basis_prior")
    card = CompatCard(
        (side(context.pack, read.people[0]), side(context.pack, read.people[1])),
        made.score,
        (low, high),
        made.parts.face,
        made.parts.fashion,
        made.parts.age,
        basis,
    )
    figures = {"score": f"{made.score:.0f}", "low": f"{low:.0f}", "high": f"{high:.0f}"}
    text = word("compat.caption", **figures, n=f"{made.couples:,}") if observed else word("compat.caption_prior", **figures)
    return [Clear(), Picture(card, text, ((button("compat.why", "compat_why", choice=packed(made)),), (AGAIN,)))]


def side(pack: TypePack, seen: Analysis) -> Side:
    """One of the two on the picture."""
    look = Look.of(seen, pack)
    types = tuple(Named(info.name_ko, info.name) for info in (look.face_type, look.fashion_type) if info is not None)
    face, (width, height) = seen.main_face, seen.size
    box = None if face is None else (face.box[0] / width, face.box[1] / height, face.box[2] / width, face.box[3] / height)
    return Side(seen.photo_jpeg or b"", box, types)


def why(connection: Connection, context: Context, member: Member, choice: str) -> Replies:
    """What a result rests on; its figures come out of the button, since nothing was kept."""
    found = unpacked(choice)
    if found is None:
        return [Notice(word("ask.passed"))]
    score, low, high, face, fashion, age, observed, *seen = found
    lines: list[object] = [word("compat.why.score", score=score, low=low, high=high)]
    for name, value in (("face", face), ("fashion", fashion)):
        lines.append(word(f"compat.why.{name}", n=value - 1) if value else word(f"compat.why.no_{name}"))
    if age:
        lines.append(word("compat.why.age", n=age - 1))
    for name, (couples_, of, least, most) in (("face", seen[:4]), ("fashion", seen[4:])):
        if of:
            told = {"couples": f"{couples_:,}", "of": f"{of:,}", "low": f"{least / 10:.1f}", "high": f"{most / 10:.1f}"}
            lines.append(word(f"compat.why.{name}_types", of, **told))
    known = context.pack.calibration
    lines.append(_told(known.couples, known.figures.get("auc")) if observed else word("compat.why.prior"))
    return [Say(word("compat.why.all", lines=Lines(tuple(lines))), ((AGAIN,),))]


def _told(couples_: int, auc: object) -> Word:
    """How well couples that learning had not seen are told from random pairs."""
    if not isinstance(auc, float | int):
        return word("compat.why.prior")
    return word("compat.why.observed", couples_, n=f"{couples_:,}", auc=round(100 * auc))


def packed(made: Comparison) -> str:
    """The figures of a result for a button: whole numbers to base 36, 0 for what there is none of.

    >>> packed(Comparison(False, 0.1, 62.0, (45.4, 76.0)))
    '1q.19.24.0.0.0.0.0.0.0.0.0.0.0.0'
    """
    low, high = made.interval or (0.0, 0.0)
    parts = made.parts.face, made.parts.fashion, made.parts.age
    found = [round(made.score or 0.0), round(low), round(high)]
    # One more than it is, so that 0 says that there is none.
    found += [0 if value is None else round(value) + 1 for value in parts]
    found.append(int(made.evidence == "observed"))
    for kind in ("face", "fashion"):
        found += _seen(next((one for one in made.together if one.one.kind == kind), None))
    return ".".join(_base36(number) for number in found)


def _seen(found: Together | None) -> list[int]:
    if found is None or found.of > MOST:
        return [0, 0, 0, 0]
    return [found.couples, found.of, round(10 * found.interval[0]), min(round(10 * found.interval[1]), 36**2 - 1)]


def unpacked(choice: str) -> list[int] | None:
    """The figures in a button; None where they are none (forged, or of an older version).

    >>> unpacked("1q.19.24.0.0.0.0.0.0.0.0.0.0.0.0")
    [62, 45, 76, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    >>> unpacked("zz.1") is None, unpacked("") is None
    (True, True)
    """
    parts = choice.split(".")
    if len(parts) != 15 or not all(part and len(part) <= 4 and set(part) <= set(DIGITS) for part in parts):
        return None
    numbers = [int(part, 36) for part in parts]
    return numbers if max(numbers[:3]) <= 100 and max(numbers[3:6]) <= 101 and numbers[6] <= 1 else None


def _base36(number: int) -> str:
    """A whole number, 0 or more, to base 36."""
    shown = ""
    while number:
        number, digit = divmod(number, 36)
        shown = DIGITS[digit] + shown
    return shown or "0"


def board(session: Session, *, edit: bool = False) -> Say:
    """The boxes, and the button that compares."""
    key = "compat.board_one" if session.mode == "one" else "compat.board"
    return Say(word(key), boxes(session.boxes), edit=edit)


def boxes(ticked: Sequence[bool]) -> Rows:
    """A box for each of the two, as buttons that change."""
    rows = tuple((button(f"compat.box_{number}_{'on' if on else 'off'}", "compat_box", number),) for number, on in enumerate(ticked, 1))
    return (*rows, (button("compat.go", "compat_go"),), (CLOSE,))


def stop(context: Context, member: Member) -> Replies:
    """What is said to those who cannot compare: it is not settled, or not known, whether they are of age."""
    review = couples.stop(member)
    if review:
        return review
    if (member.age(context.now) or 0) < answers.ADULT:
        return [Say(word("compat.start_first"))]
    return []


def _why(context: Context, reason: str) -> Word:
    key = f"compat.no.{reason}"
    return word(key) if key in context.words.keys("ko") else word("compat.no.other")
