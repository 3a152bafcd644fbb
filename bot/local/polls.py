"""Polls: how votes are counted, over every message that shows the same poll, and what the bot is told about them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import telegram

from bot.local.values import Json, Person, Stored

if TYPE_CHECKING:
    from bot.local.world import World


def twin(poll: Json, number: str) -> Json:
    """A poll as copyMessage makes it: the same question, another id, open and without votes.

    >>> twin({"id": "1", "is_closed": True, "total_voter_count": 3, "options": [{"text": "a", "voter_count": 3}]}, "2")
    {'id': '2', 'is_closed': False, 'total_voter_count': 0, 'options': [{'text': 'a', 'voter_count': 0}]}
    """
    options = [{**option, "voter_count": 0} for option in poll["options"]]
    return {**poll, "id": number, "is_closed": False, "total_voter_count": 0, "options": options}


def refusal(poll: Json, chosen: list[int], before: list[int] | None) -> str | None:
    """Why somebody who chose `before` cannot vote for `chosen`, or None.  An empty list takes a vote back.

    >>> refusal({"is_closed": True}, [0], None)
    'the poll is closed'
    """
    if poll["is_closed"]:
        return "the poll is closed"
    if any(not 0 <= option < len(poll["options"]) for option in chosen) or len(set(chosen)) != len(chosen):
        return "there is no such option"
    if len(chosen) > 1 and not poll.get("allows_multiple_answers"):
        return "this poll takes one answer"
    if before and (poll["type"] == "quiz" or not poll.get("allows_revoting", True)):
        return "a vote in this poll cannot be changed"
    return None


def count(world: World, poll_id: str) -> list[Stored]:
    """Count a poll anew on each message that shows it; answers those messages."""
    shown = world.showing(poll_id)
    votes = [stored.chosen for stored in {stored.chat: stored for stored in shown if stored.chosen}.values()]
    for stored in shown:
        poll = stored.data["poll"]
        options = [
            {**option, "voter_count": sum(number in chosen for chosen in votes if chosen)} for number, option in enumerate(poll["options"])
        ]
        world.replace(stored, {"poll": {**poll, "options": options, "total_voter_count": len(votes)}})
    return shown


def vote(world: World, person: Person, stored: Stored, chosen: list[int]) -> None:
    """Count somebody's vote and tell the bot, if the poll is its own: always how it stands, and who voted unless it is anonymous."""
    stored.chosen = chosen
    poll_id = stored.data["poll"]["id"]
    shown = count(world, poll_id)
    if all(other.out for other in shown):
        return
    poll = stored.data["poll"]
    world.updates.add("poll", poll)
    if not poll["is_anonymous"]:
        persistent = [str(poll["options"][number].get("persistent_id", number)) for number in chosen]
        answer: Any = telegram.PollAnswer(poll_id, chosen, world.user(person.id), option_persistent_ids=persistent).to_dict()
        # An empty list says that the vote was taken back; python-telegram-bot leaves empty lists out.
        world.updates.add("poll_answer", {"option_ids": [], "option_persistent_ids": [], **answer})


def close(world: World, stored: Stored) -> Json:
    """Stop a poll for good and tell the bot."""
    for shown in world.showing(stored.data["poll"]["id"]):
        world.replace(shown, {"poll": {**shown.data["poll"], "is_closed": True}})
    poll: Json = stored.data["poll"]
    world.updates.add("poll", poll)
    return poll
