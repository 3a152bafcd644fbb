"""What was written beside what arrived: pure book-keeping, without any clock, process or network."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

MARK: Final = re.compile(r"^#(\d+)>(\d+) (\d+)\b")


def words(sender: int, recipient: int, number: int) -> str:
    """The text of a message: whose, for whom, and the how manieth of this direction.

    >>> words(1001, 1002, 7)
    '#1001>1002 7 and how was your day?'
    """
    return f"#{sender}>{recipient} {number} and how was your day?"


@dataclass(frozen=True, slots=True)
class Line:
    """A message in somebody's chat with the bot: `id` counts up within the chat."""

    id: int
    own: bool
    text: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of all that was written.

    Attributes:
        written: messages that the server took from people.
        arrived: of these, how many came to the partner at least once.
        told: of these, how many did not come, while their writer was told after it that the partner cannot be reached, or that
            the chat is over, and nothing that was written later came.
        untold: the same where the writer could not be told, since the server refused their own chat with 403 as well.
        lost: the others.  `written = arrived + told + untold + lost`.
        repeated: arrivals of what had arrived before.
        disordered: first arrivals after the first arrival of something that was written later in the same direction.
        strayed: arrivals in a chat to which they were not written, or of what nobody wrote.
        examples: a few of what should not be, for people.

    """

    written: int
    arrived: int
    told: int
    untold: int
    lost: int
    repeated: int
    disordered: int
    strayed: int
    examples: tuple[str, ...] = ()


def judge(chats: Mapping[int, Sequence[Line]], partner: Mapping[int, int], blocked: Collection[int] = ()) -> Verdict:
    """Compare everybody's chats with the bot.

    Args:
        chats: by person, their chat in order.
        partner: by person, whom their messages are for.
        blocked: whose chats were refused with 403: they can be told nothing.

    >>> a = [Line(1, True, words(1, 2, 0)), Line(2, True, words(1, 2, 1)), Line(3, True, words(1, 2, 2)), Line(4, False, "over")]
    >>> b = [Line(1, False, words(1, 2, 1)), Line(2, False, words(1, 2, 0)), Line(3, False, words(1, 2, 0))]
    >>> verdict = judge({1: a, 2: b}, {1: 2, 2: 1})
    >>> verdict.arrived, verdict.told, verdict.lost, verdict.repeated, verdict.disordered
    (2, 1, 0, 1, 1)
    """
    counts = {"written": 0, "arrived": 0, "told": 0, "untold": 0, "lost": 0, "repeated": 0, "disordered": 0, "strayed": 0}
    examples: list[str] = []
    for person, lines in chats.items():
        other = partner[person]
        sent = {number: line.id for line in lines if line.own and (number := _number(line.text, person, other)) is not None}
        notices = [line.id for line in lines if not line.own and MARK.match(line.text) is None]
        seen: set[int] = set()
        newest = -1
        for line in chats[other]:
            if line.own or (found := MARK.match(line.text)) is None:
                continue
            number = int(found[3])
            if (int(found[1]), int(found[2])) != (person, other) or number not in sent:
                counts["strayed"] += 1
                examples.append(f"strayed into the chat of {other}: {line.text}")
            elif number in seen:
                counts["repeated"] += 1
                examples.append(f"repeated: {line.text}")
            else:
                if number < newest:
                    counts["disordered"] += 1
                    examples.append(f"after number {newest}: {line.text}")
                newest = max(newest, number)
                seen.add(number)
        told, untold, lost = _missing(sent, seen, newest, notices, deaf=person in blocked)
        examples += [f"lost: {words(person, other, number)}" for number in lost]
        counts["written"] += len(sent)
        counts["arrived"] += len(seen)
        counts["told"] += len(told)
        counts["untold"] += len(untold)
        counts["lost"] += len(lost)
    return Verdict(**counts, examples=tuple(examples[:20]))


def _missing(
    sent: Mapping[int, int], seen: set[int], newest: int, notices: Sequence[int], *, deaf: bool
) -> tuple[list[int], list[int], list[int]]:
    """Of what did not arrive: the numbers of which the writer knows, of which nobody could tell them, and what was just lost."""
    told: list[int] = []
    untold: list[int] = []
    lost: list[int] = []
    last = max(notices, default=-1)
    for number, line_id in sent.items():
        if number not in seen:
            if number < newest:
                lost.append(number)
            elif last > line_id:
                told.append(number)
            else:
                (untold if deaf else lost).append(number)
    return told, untold, lost


def _number(text: str, sender: int, recipient: int) -> int | None:
    found = MARK.match(text)
    if found is None or (int(found[1]), int(found[2])) != (sender, recipient):
        return None
    return int(found[3])
