"""Which chats are past their beginning, as far as this process saw: what is looked for at a beginning need not be looked for there."""

from __future__ import annotations

from typing import Final

SPARE: Final = 10
"""Messages that must have been seen beyond those that are looked at: a transaction that ran twice was seen twice."""
CHATS: Final = 50_000
"""Chats to remember; of those whose turn was longest ago one is forgotten, and its messages are looked at again."""


class Beginnings:
    """The newest messages of chats, counted; called from any thread, and exact enough with any interleaving."""

    def __init__(self) -> None:
        self._seen: dict[int, tuple[int, int]] = {}  # by chat: how many messages, and the number of the newest of them

    def over(self, pair_id: int, message_id: int, first: int) -> bool:
        """Whether a message is surely not among the `first` ones of its chat; if that is not known it counts as seen.

        >>> beginnings = Beginnings()
        >>> [beginnings.over(1, number, 2) for number in range(SPARE + 4)].index(True) == SPARE + 2
        True
        >>> beginnings.over(1, 1, 2), beginnings.over(2, 500, 2)  # an edit of an early one, and another chat
        (False, False)
        """
        count, newest = self._seen.get(pair_id, (0, -1))
        if message_id <= newest:
            return False
        if count >= first + SPARE:
            return True
        self._seen.pop(pair_id, None)
        if len(self._seen) >= CHATS:
            self._seen.pop(next(iter(self._seen), -1), None)
        self._seen[pair_id] = (count + 1, message_id)
        return False
