"""What becomes of each kind of message: the call that gives the partner a copy which names nobody.

What goes is what was read: words, places and files are sent as the update has them.  Nothing is left to `copyMessage`, which copies
what stands in the sender's chat at that moment: a message that was edited meanwhile would pass by everything that judged it.  Files
that carry a name of the sender's choosing, pictures that must be looked at, and stickers (whose set can be traced to its maker) are
prepared before they are sent (`bot.preparing`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from bot.incoming import File, Incoming
from bot.outbox import Letter
from bot.render import CAPTION_LIMIT
from bot.usecases import anonymity, relay_ways
from bot.usecases.anonymity import Clean
from db.records import Member

TEXT_LIMIT: Final = 4096
QUESTION_LIMIT, OPTION_LIMIT, EXPLANATION_LIMIT, DESCRIPTION_LIMIT = 300, 100, 200, 1024
TITLE_LIMIT: Final = 64
DOWNLOAD_MAX: Final = 20_000_000
"""Bytes that Telegram gives a bot; 20 MB."""
CAPTIONED: Final = frozenset({"photo", "live_photo", "video", "animation", "document", "audio", "voice"})
GROUPED: Final = frozenset({"photo", "live_photo", "video", "document", "audio"})
"""What Telegram lets stand in albums."""
COVERED: Final = frozenset({"photo", "live_photo", "video", "animation"})
"""What Telegram can cover until it is tapped."""
LOOKED_AT: Final = COVERED | {"video_note"}
"""Whose small picture is looked at; a round film that must be covered goes as an ordinary one, which Telegram can cover."""
HELD: Final = frozenset({"contact"})
"""Kinds that wait for the sender's word."""
METHODS: Final = {
    "photo": "sendPhoto",
    "live_photo": "sendLivePhoto",
    "video": "sendVideo",
    "animation": "sendAnimation",
    "document": "sendDocument",
    "audio": "sendAudio",
    "sticker": "sendSticker",
    "voice": "sendVoice",
    "video_note": "sendVideoNote",
}
VENUE_IDS: Final = ("foursquare_id", "foursquare_type", "google_place_id", "google_place_type")
UNSUPPORTED: Final = {"story": "relay.story", "paid_media": "relay.paid", "invoice": "relay.paid", "game": "relay.game"}
SLOTS: Final = ("BAR", "🍇", "🍋", "7️⃣")
EMOJI_MAX: Final = 8
"""Signs of which one emoji is put together, at most: what else would stand there was not read by what reads words."""
DICE_MAX: Final = {"🎲": 6, "🎯": 6, "🎳": 6, "🏀": 5, "⚽": 5}


@dataclass(frozen=True, slots=True)
class Draft:
    """A letter for the partner, and what the sender should know of it: that words were hidden, that a poll goes without its pictures."""

    letter: Letter
    masked: bool = False
    bare: bool = False

    @property
    def told(self) -> tuple[str, ...]:
        """The keys of what the sender is told."""
        return ("relay.masked",) * self.masked + ("relay.poll_bare",) * self.bare


def draft(member: Member, incoming: Incoming) -> Draft | str:
    """The letter for a message, or the key of the sentence that says why there is none."""
    if incoming.kind in UNSUPPORTED:
        return UNSUPPORTED[incoming.kind]
    made = _MAKERS.get(incoming.kind, _unsupported)(member, incoming)
    if isinstance(made, Draft) and member.protect:
        made.letter.body["protect_content"] = True
    return made


def item(incoming: Incoming) -> tuple[dict[str, Any], bool] | str:
    """A part of an album, as `sendMediaGroup` and `editMessageMedia` want it, with what is to be prepared; whether words were hidden."""
    found = incoming.file
    if found is None:
        return "relay.unsupported"
    if refused := _too_much(incoming):
        return refused
    cleaned = cleaned_text(incoming)
    media = {"type": incoming.kind, "media": found.id, **_caption(cleaned), **_about(incoming, found)}
    if incoming.spoiler and incoming.kind in COVERED:
        media["has_spoiler"] = True
    if incoming.above and incoming.kind in COVERED:
        media["show_caption_above_media"] = True
    return {"media": media, "prepare": preparation(incoming) or {}}, cleaned.masked


def cleaned_text(incoming: Incoming) -> Clean:
    """The text or caption that names nobody; hidden letters can make it no longer, but counted anew it may be too long."""
    cleaned = anonymity.clean(incoming.text, incoming.entities, incoming.username)
    return anonymity.shorten(cleaned, TEXT_LIMIT if incoming.kind == "text" else CAPTION_LIMIT) if cleaned.changed else cleaned


def scrubbed(incoming: Incoming) -> bool:
    """Whether the file must go through the bot's hands: it has a name, or may hold places and names inside."""
    found = incoming.file
    if found is None:
        return False
    if incoming.kind in ("video", "animation"):
        # Without a name they may still say where and with what they were taken.
        return found.name is not None or found.size <= DOWNLOAD_MAX
    # What Telegram's own apps record carries nothing, but any client may send any sound as a voice message, and any film as a round one.
    return incoming.kind in ("document", "audio", "voice", "video_note", "sticker", "live_photo")


def too_big(incoming: Incoming) -> bool:
    """Whether the file must be fetched, and Telegram gives it to no bot."""
    return scrubbed(incoming) and incoming.file is not None and incoming.file.size > DOWNLOAD_MAX


def _too_much(incoming: Incoming) -> str | None:
    """The key of what is said where Telegram lets no bot fetch the file, or send so long a caption (Premium members write longer ones)."""
    if too_big(incoming):
        return "relay.too_big"
    # Counted generously: what Telegram counts otherwise it refuses by itself, and the sender is told.
    return "relay.caption_long" if len(incoming.text) > CAPTION_LIMIT else None


def preparation(incoming: Incoming) -> dict[str, Any] | None:
    """What `bot.preparing` has to do before the file is sent."""
    found = incoming.file
    if found is None:
        return None
    wanted: dict[str, Any] = {}
    if scrubbed(incoming):
        wanted |= {"file": found.id, "mime": found.mime}
    if incoming.kind == "sticker":
        wanted["name"] = (
            "sticker.tgs" if found.about.get("is_animated") else "sticker.webm" if found.about.get("is_video") else "sticker.webp"
        )
    if incoming.kind in LOOKED_AT and found.look is not None:
        wanted["look"] = found.look
    return wanted or None


def said(incoming: Incoming) -> dict[str, Any]:
    """What was said, as it is kept for some hours, sealed, in case it is reported: the words as they were written, and which file.

    Of a poll the options by themselves too: whoever asked is told by them what was chosen, and any line of the text may be another.
    """
    kept: dict[str, Any] = {"kind": incoming.kind, "text": legible(incoming)}
    if options := _options(incoming):
        kept["options"] = options
    if incoming.file is not None:
        # Of a live photo the still: a file that shows by itself what it was.
        kept |= {"file_id": incoming.file.still or incoming.file.id, "unique": incoming.file.unique}
    return kept


def legible(incoming: Incoming) -> str:
    """All that the partner can read of a message: its text or caption, the words of kinds without, the titles of music.

    >>> song = File("F", about={"title": "visit a.top", "performer": "B"})
    >>> legible(Incoming(1, "audio", text="listen", file=song)), legible(Incoming(1, "text", "hi"))
    ('listen\\nvisit a.top\\nB', 'hi')
    """
    about = incoming.file.about if incoming.file is not None and incoming.kind == "audio" else {}
    return "\n".join(str(line) for line in (incoming.text, words(incoming), about.get("title"), about.get("performer")) if line)


def words(incoming: Incoming) -> str:
    """The words of kinds without text or caption.

    >>> words(Incoming(1, "poll", body={"question": "When?", "options": [{"text": "Now"}, {"text": "Later"}]}))
    'When?\\nNow\\nLater'
    """
    body = incoming.body
    lines = [body.get(name) for name in ("question", "description", "title", "address", "first_name", "last_name", "phone_number")]
    lines += _options(incoming)
    lines.append(body.get("explanation"))
    return "\n".join(str(line) for line in lines if line)


def _options(incoming: Incoming) -> list[str]:
    """What can be chosen in a poll, in its order: the answers name places in it."""
    return [str(option.get("text") or "") for option in incoming.body.get("options") or ()]


def quote(incoming: Incoming) -> dict[str, Any] | None:
    """The quoted part, as `reply_parameters` takes it; None where it had to be changed, since it must match word for word."""
    if incoming.quote is None or not incoming.quote.get("text"):
        return None
    words, entities = str(incoming.quote["text"]), incoming.quote.get("entities") or ()
    cleaned = anonymity.clean(words, entities, incoming.username)
    if cleaned.changed:
        return None
    return {"quote": words, "quote_entities": list(cleaned.entities), "quote_position": incoming.quote.get("position", 0)}


def dice(emoji: str, value: int) -> str:
    """What was thrown, in signs that need no language: a copy would be thrown anew.

    >>> dice("🎲", 4), dice("🎰", 64), dice("🎰", 2)
    ('🎲 4/6', '🎰 7️⃣ 7️⃣ 7️⃣', '🎰 🍇 BAR BAR')
    """
    if emoji == "🎰":
        return f"{emoji} " + " ".join(SLOTS[(value - 1) >> shift & 3] for shift in (0, 2, 4))
    return f"{emoji} {value}/{DICE_MAX.get(emoji, 6)}"


def _text(_member: Member, incoming: Incoming) -> Draft:
    """The words as they were read, with the formats that the sender gave them."""
    cleaned = cleaned_text(incoming)
    body: dict[str, Any] = {"text": cleaned.text}
    if cleaned.entities:
        body["entities"] = list(cleaned.entities)
    if incoming.pages and (pages := shown(incoming, cleaned)):
        body["link_preview_options"] = pages
    return Draft(Letter("sendMessage", body), cleaned.masked)


def shown(incoming: Incoming, cleaned: Clean) -> dict[str, Any]:
    """How the links show what is behind them; a page of the sender's choice only where the words, which were judged, lead there too."""
    kept = {name: value for name, value in incoming.pages.items() if name != "url"}
    page = incoming.pages.get("url")
    if page and not cleaned.changed and _site(page) in map(_site, relay_ways.addresses(incoming)):
        kept["url"] = page
    return kept


def _site(address: str) -> str:
    return address.casefold().removeprefix("https://").removeprefix("http://").rstrip("/")


def _file(_member: Member, incoming: Incoming) -> Draft | str:
    """A file, prepared where something of it must be looked at or taken out; else by its id, so that it is the one that was judged."""
    found, prepare = incoming.file, preparation(incoming)
    if found is None:
        return "relay.unsupported"
    if refused := _too_much(incoming):
        return refused
    cleaned = cleaned_text(incoming)
    body: dict[str, Any] = {incoming.kind: found.id, **_about(incoming, found)}
    if incoming.kind in CAPTIONED:
        body |= _caption(cleaned)
    if incoming.kind == "document":
        body["disable_content_type_detection"] = True
    if incoming.spoiler:
        body["has_spoiler"] = True
    if incoming.above:
        body["show_caption_above_media"] = True
    return Draft(Letter(METHODS[incoming.kind], body, prepare=prepare), cleaned.masked)


def _place(_member: Member, incoming: Incoming) -> Draft:
    """A place; one that moves is sent by the bot, since only then it can be moved."""
    body = incoming.body
    if incoming.kind == "location":
        live = {"live_period": body["live_period"]} if body.get("live_period") else {}
        return Draft(Letter("sendLocation", {**moved(body), **live}))
    lines = {name: str(body.get(name) or "") for name in ("title", "address")}
    hidden = {name: anonymity.bare(line, incoming.username, 4 * TITLE_LIMIT) for name, line in lines.items()}
    where = body.get("location") or {}
    at = {"latitude": where.get("latitude"), "longitude": where.get("longitude")}
    known = {} if hidden != lines else {name: body[name] for name in VENUE_IDS if body.get(name)}
    # Telegram asks a bot for an address; a place that was given a name alone is at its name.
    named = {"title": hidden["title"], "address": hidden["address"] or hidden["title"]}
    return Draft(Letter("sendVenue", {**at, **named, **known}), hidden != lines)


def moved(body: Mapping[str, Any]) -> dict[str, Any]:
    """Where a location is; of a live one where it is now."""
    names = ("latitude", "longitude", "horizontal_accuracy", "heading", "proximity_alert_radius")
    return {name: body[name] for name in names if body.get(name) is not None}


def _poll(_member: Member, incoming: Incoming) -> Draft | str:
    """A poll of the bot's own that is not anonymous: only then the bot learns, and can say, what the partner chose."""
    given, username = incoming.body, incoming.username
    options = [anonymity.bare(str(option.get("text") or ""), username, OPTION_LIMIT) for option in given.get("options") or ()]
    question = anonymity.bare(str(given.get("question") or ""), username, QUESTION_LIMIT)
    if not question or len(options) < 2 or not all(options):
        return "relay.unsupported"
    body: dict[str, Any] = {"question": question, "options": [{"text": option} for option in options], "is_anonymous": False}
    hidden = question != given.get("question") or options != [option.get("text") for option in given.get("options") or ()]
    parts = {"description": DESCRIPTION_LIMIT}
    right = given.get("correct_option_ids") or [number for number in (given.get("correct_option_id"),) if number is not None]
    if given.get("type") == "quiz" and right:
        body |= {"type": "quiz", "correct_option_ids": sorted(right)}
        parts["explanation"] = EXPLANATION_LIMIT
    for name, limit in parts.items():
        cleaned = anonymity.clean(str(given.get(name) or ""), given.get(f"{name}_entities") or (), username)
        if cleaned.text:
            cleaned = anonymity.shorten(cleaned, limit)
            body |= {name: cleaned.text, f"{name}_entities": list(cleaned.entities)}
            hidden = hidden or cleaned.masked
    body |= {name: given[name] for name in ("allows_multiple_answers", "allows_revoting") if given.get(name) is not None}
    if given.get("is_closed"):
        # One that was forwarded when it was over: nobody could vote in it any more.
        body["is_closed"] = True
    else:
        # A period begins when the copy arrives; of the two Telegram takes one.
        body |= next(({name: given[name]} for name in ("open_period", "close_date") if given.get(name)), {})
    return Draft(Letter("sendPoll", body), hidden, bare=_has_media(given))


def _has_media(poll: Mapping[str, Any]) -> bool:
    return bool(poll.get("media") or poll.get("explanation_media") or any(option.get("media") for option in poll.get("options") or ()))


def _dice(_member: Member, incoming: Incoming) -> Draft:
    emoji = str(incoming.body.get("emoji", "🎲"))[:EMOJI_MAX]
    return Draft(Letter("sendMessage", {"text": dice(emoji, int(incoming.body.get("value", 1)))}))


def _contact(_member: Member, incoming: Incoming) -> Draft | str:
    """Name and number, and nothing else that the card holds."""
    card = incoming.body
    if not card.get("phone_number") or not card.get("first_name"):
        return "relay.unsupported"
    return Draft(Letter("sendContact", {name: card[name] for name in ("phone_number", "first_name", "last_name") if card.get(name)}))


def _unsupported(_member: Member, _incoming: Incoming) -> str:
    return "relay.unsupported"


def _caption(cleaned: Clean) -> dict[str, Any]:
    return {"caption": cleaned.text, "caption_entities": list(cleaned.entities)} if cleaned.text else {}


def _about(incoming: Incoming, found: File) -> dict[str, Any]:
    """What a file that is sent anew must be told about itself; titles only where they name neither account nor sender."""
    about: dict[str, Any] = {}
    names = {
        **dict.fromkeys(("video", "animation"), ("width", "height", "duration")),
        **dict.fromkeys(("audio", "voice"), ("duration",)),
        "video_note": ("duration", "length"),
    }
    about |= {name: found.about[name] for name in names.get(incoming.kind, ()) if name in found.about}
    if incoming.kind == "video":
        about["supports_streaming"] = True
    if found.still is not None:
        about["photo"] = found.still
    for name in ("title", "performer") if incoming.kind == "audio" else ():
        line = anonymity.bare(str(found.about.get(name) or ""), incoming.username, TITLE_LIMIT, incoming.names)
        if line:
            about[name] = line
    return about


_MAKERS: Final = {
    "text": _text,
    **dict.fromkeys(METHODS, _file),
    "location": _place,
    "venue": _place,
    "poll": _poll,
    "dice": _dice,
    "contact": _contact,
}
