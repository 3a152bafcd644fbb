"""What goes from one member to the other: recordings, links that lead to their sender, messages and their edits."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from collections.abc import Callable
from random import Random
from types import SimpleNamespace
from typing import Any, Final, cast

from aiogram.types import Update
from pydantic import ValidationError

from bot.arrivals import readable
from bot.calls import ATTACHED
from bot.incoming import Incoming, dumped
from bot.prepared import Prepared
from bot.preparing import PLAYED, FilePreparer
from bot.scrub import sniff
from bot.usecases import anonymity as hiding
from bot.usecases import relay_edits, relay_kinds, relay_ways
from db.records import Member, Message, OutboxRow
from engine.settings import EngineSettings
from fuzz.mutating import by_grammar, mutated, spoilt
from fuzz.seeds import documents, films, pictures
from fuzz.seeds import updates as seeds
from fuzz.targets import Case, expect

NOW: Final = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)
NAME: Final = "maru_9"
CANARY: Final = "CANARY"
WRITTEN_MAX: Final = 4096

# Recordings


def voices() -> Case:
    """A voice message or round video is played, or does not go: never a file that nobody looked at."""
    fed = {**films.films(), **pictures.pictures(), **documents.documents()}
    known, others = list(films.films().values()), list(fed.values())
    loop = asyncio.new_event_loop()
    held: dict[str, bytes] = {}

    async def said(*_: object, **__: object) -> None:
        return None

    async def fetched(_file_id: str, destination: Any) -> None:
        destination.write(held["data"])

    async def computed(work: Callable[..., Any], *args: Any) -> Any:
        return work(*args)

    safety = SimpleNamespace(predict=lambda _image: held["score"][0] / 255)
    analyser = SimpleNamespace(settings=EngineSettings(), readers=lambda: SimpleNamespace(safety=safety))
    bot = SimpleNamespace(send_chat_action=said, download=fetched)
    preparer = FilePreparer(bot, SimpleNamespace(compute=computed), analyser)  # type: ignore[arg-type]

    def make(random: Random) -> Any:
        seed = random.choice(known if random.random() < 0.8 else others)
        if (way := random.random()) < 0.4:
            seed = by_grammar(seed, random, others)
        elif way < 0.9:
            seed = mutated(seed, random, others)
        return [random.choice(("voice", "video_note")), random.randrange(256), seed.hex()]

    def run(case: Any) -> None:
        kind, score, data = case
        held.update(data=bytes.fromhex(data), score=bytes((score,)))
        incoming = Incoming.of(
            {"message_id": 5, kind: {"file_id": "F", "file_unique_id": "U", "thumbnail": {"file_id": "T"}, "length": 240}}
        )
        letter = relay_kinds.draft(_member(), incoming)
        assert isinstance(letter, relay_kinds.Draft)  # noqa: S101 a file of this size is always tried
        row = cast("OutboxRow", SimpleNamespace(telegram_id=5, attempts=1, method=letter.letter.method))
        made = loop.run_until_complete(preparer.prepare(row, letter.letter.payload()))
        if not isinstance(made, Prepared):
            return
        _whole(made)
        for name, body in made.uploads.values():
            if name != "thumbnail.jpg":
                expect(PLAYED[kind].get(sniff(body).mime) == name, "neither played nor refused")

    return Case(make, run, loop.close)


def _whole(made: Prepared) -> None:
    """Every upload is mentioned, and whatever is mentioned is uploaded."""
    text = json.dumps(made.payload)
    expect(all(f"{ATTACHED}{name}" in text for name in made.uploads), "an upload that nobody mentions")
    expect(text.count(ATTACHED) == len(made.uploads), "a mention without its upload")
    expect(all("/" not in name and CANARY not in name for name, _ in made.uploads.values()), "a name of the sender's choosing")


# Links

LEADING: Final = (
    "t.me/{u}",
    "https://t.me/{u}",
    "http://telegram.me/{u}?start=x",
    "https://telegram.dog/{u}/5",
    "tx.me/{u}",
    "https://t.me/s/{u}",
    "https://fragment.com/username/{u}",
    "https://{u}.t.me",
    "https://{u}.t.me/",
    "@{u}",
    "tg://resolve?domain={u}",
    "tg:resolve?domain={u}&text=x",
    "tg://user?id=777000777",
    "tg://openmessage?user_id=777000777",
    "https://t.me/+821012345678",
    "https://t.me/contact/1763:abcdef",
    "tg://contact?token=1763:abcdef",
    "https://t.me/m/AbCdEf",
    "tg://message?slug=AbCdEf",
    "https://web.telegram.org/k/#777000777",
    "https://web.telegram.org/a/#777000777",
)
"""Links that open the chat of whoever is called `u`, or has that number."""
APART: Final = (
    "a.kr/{u}x",
    "https://t.me/durov",
    "t.me/addstickers/Cats",
    "https://t.me/joinchat/AAAA",
    "x@{u}y.com",
    "web.de/#5",
)
UNSEEN: Final = ("\u200b", "\u2060", "\u00ad", "\ufe0f", "\u200d")


def links() -> Case:
    """However a link to the sender is spelt, it does not go; what leads to others stays as it is."""

    def make(random: Random) -> Any:
        leads = random.random() < 0.85
        plain = random.choice(LEADING if leads else APART).replace("{u}", NAME)
        link = _disguised(plain, random) if leads else plain
        before, behind = (
            random.choice(("", "hi ", "안녕 ", "(", "“", "😀 ", "see:\n")),
            random.choice(("", ".", " so", ")", "\n", "!?", " 😀")),
        )
        return [leads, before, link, behind, random.random() < 0.5]

    def run(case: Any) -> None:
        leads, before, link, behind, hidden = case
        if hidden:
            text, entity = "look", {"type": "text_link", "offset": 0, "length": 4, "url": link}
            made = hiding.clean(text, (entity,), NAME)
            expect(bool(made.entities) is not leads, "a link behind words goes" if leads else "a link of others is taken")
            expect(made.text == text, "words without a link were hidden")
            return
        text = before + link + behind
        made = hiding.clean(text, (), NAME)
        expect(made.masked is leads, "a link in the text goes" if leads else "a link of others is hidden")
        expect(len(made.text.encode("utf-16-le")) == len(text.encode("utf-16-le")), "entities would stand elsewhere")
        expect(not hiding.clean(made.text, (), NAME).masked, "something is left to hide")

    return Case(make, run)


def _disguised(link: str, random: Random) -> str:
    """The same link to browsers and people, written in other ways."""
    if random.random() < 0.4:
        link = "".join(random.choice((sign.upper(), sign.lower())) for sign in link)
    if random.random() < 0.3:
        link = "".join(chr(ord(sign) + 0xFEE0) if "!" <= sign <= "~" and random.random() < 0.4 and sign != "%" else sign for sign in link)
    if random.random() < 0.3:
        place = random.randrange(1, len(link))
        link = link[:place] + random.choice(UNSEEN) + link[place:]
    slash = link.find("/", link.find("://") + 3)
    if random.random() < 0.3 and slash > 0 and "#" not in link:
        head, path = link[: slash + 1], link[slash + 1 :]
        link = head + "".join(
            f"%{ord(sign):02{random.choice('xX')}}" if sign.isascii() and sign.isalnum() and random.random() < 0.5 else sign
            for sign in path
        )
    return link


# Messages and their edits


def edits() -> Case:
    """A message, and an edit of it, become calls within Telegram's limits that name nobody, or a sentence."""
    known = seeds.messages()

    def make(random: Random) -> Any:
        found = []
        for _ in range(2):
            one = spoilt(random.choice(known), random) if random.random() < 0.7 else random.choice(known)
            found.append(json.loads(json.dumps(_named(one) if isinstance(one, dict) else one)))
        return [*found, random.random() < 0.5, random.random() < 0.5]

    def run(case: Any) -> None:
        first, then, anew, same = case
        before, after = _read(first), _read(then)
        if before is None or after is None:
            return
        _goes(relay_kinds.draft(_member(), before))
        if before.album is not None and before.kind in relay_kinds.GROUPED:
            _goes(relay_kinds.item(before))
        said = relay_kinds.said(before)
        if same and after.file is not None:
            said["unique"] = after.file.unique
        message = Message(1, 1, 2, 3, before.message_id, 7, before.kind, None, NOW, before.album)
        _goes(relay_edits._change(message, after, said, anew=anew))  # noqa: SLF001 what an edit becomes is decided there
        json.dumps([relay_kinds.said(after), relay_kinds.quote(after), list(relay_ways.addresses(after)), relay_ways.links(after)])

    return Case(make, run)


def _named(message: dict[str, Any]) -> dict[str, Any]:
    """A message whose sender can be told by words that nobody would write."""
    who = {"id": 777000777, "is_bot": False, "first_name": CANARY, "last_name": CANARY, "username": NAME}
    chat = {"id": 777000777, "type": "private", "first_name": CANARY, "username": NAME}
    return {**message, "from": who, "chat": chat, "via_bot": {**who, "is_bot": True, "id": 5}, "author_signature": CANARY}


def _read(raw: Any) -> Incoming | None:
    """The message as the relay gets it, if Telegram's schema allows it, and no text is longer than Telegram lets anybody write."""
    try:
        message = Update.model_validate(readable({"update_id": 1, "message": raw})).message
    except ValidationError:
        return None
    incoming = None if message is None else Incoming.of(dumped(message), 1)
    return None if incoming is None or len(incoming.text) > WRITTEN_MAX else incoming


def _goes(made: Any) -> None:
    """What was made of a message is a sentence's key, or a call that may go."""
    if made is None or isinstance(made, str):
        return
    letter = made.letter if isinstance(made, relay_kinds.Draft) else made[0]
    body = letter if isinstance(letter, dict) else letter.payload()
    written = json.dumps(body, ensure_ascii=False)
    expect(CANARY not in written and "777000777" not in written, "it names its sender")
    _fits(body)


def _fits(value: Any) -> None:
    """Texts and captions are within Telegram's limits, and entities within them."""
    for one in value if isinstance(value, list) else [value]:
        if not isinstance(one, dict):
            continue
        for name, limit in (("text", 4096), ("caption", 1024)):
            words = one.get(name)
            if not isinstance(words, str):
                continue
            expect(len(words) <= limit, "longer than Telegram takes")
            expect(f"@{NAME}" not in words, "it names the account")
        for nested in one.values():
            _fits(nested)


def _member() -> Member:
    return cast("Member", SimpleNamespace(protect=False))
