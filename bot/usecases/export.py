"""A member's own copy of everything that is stored about them: ZIPs with one JSON file, the pictures, and a page that explains them.

Of others nothing is in it but that they were there: a number that is drawn for each copy stands for each of them, for partners
together with the name under which the member knows them.  Who reported the member is not told, nor who of the operators decided.
Telegram takes files of 50 MB, so pictures go into as many ZIPs as they need.
"""

from __future__ import annotations

import base64
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, date, datetime
from io import BytesIO
from typing import Any, Final

from bot.context import Context
from bot.replies import word
from bot.usecases import names
from db import consents, couples, export, messages, pairs, photos, safety, uploads
from db import types as member_types
from db.corpus_records import CouplePerson
from db.records import Member, Pair, Photo
from db.session import Connection

PART: Final = 40_000_000
"""Bytes of pictures in one ZIP."""
PEOPLE: Final = ("member", "shown_id", "other_id", "blocked_id", "reported_id")
"""Fields that name somebody else."""
MANY: Final = 100_000
"""Messages of a pair whose words are looked for."""


def parts(connection: Connection, context: Context, member: Member) -> list[bytes]:
    """The ZIPs: `README.txt` and `inyeon.json` in the first, and all pictures (`photos/N.jpg`, `couples/…`)."""
    held = photos.of(connection, member.id)
    content = json.dumps(everything(connection, context, member, held), ensure_ascii=False, indent=2, default=_plain)
    told = context.words.plain(word("export.readme", at=f"{context.now:%Y-%m-%d %H:%M} UTC"), member.language)
    files: list[tuple[str, bytes]] = [("README.txt", told.encode()), ("inyeon.json", content.encode())]
    size, made = 0, []
    for name, data in _pictures(connection, member, held):
        if size + len(data) > PART and files:
            made.append(_zip(files))
            files, size = [], 0
        files.append((name, data))
        size += len(data)
    return [*made, _zip(files)]


def everything(connection: Connection, context: Context, member: Member, held: list[Photo]) -> dict[str, Any]:
    """All rows about the member as values of JSON."""
    vectors = [*photos.vectors(connection, member.id, "face"), *photos.vectors(connection, member.id, "fashion")]
    company = export.company(connection, member.id)
    for given in company["couple_photos"]:
        given["people"] = [_person(person) for person in couples.of_upload(connection, given["id"])]
    together = pairs.of_member(connection, member.id, open_only=False)
    said = {message_id: words for pair in together for message_id, words in _said(connection, member, pair)}
    for message in company["messages_sent"]:
        message["content"] = said.get(message["id"])
    found = {
        "exported_at": context.now,
        "member": asdict(member),
        "consents": [asdict(given) for given in consents.history(connection, member.id)],
        "photos": [{**asdict(photo), "file": f"photos/{number}.jpg"} for number, photo in enumerate(held, 1)],
        "vectors": [asdict(vector) for vector in vectors],
        "types": [asdict(given) for given in member_types.of_member(connection, member.id).values()],
        "matches": [_match(context, pair, member) for pair in together],
        "reviews": [_review(connection, review) for review in safety.reviews_of(connection, member.id)],
        **company,
        **export.kept(connection, member.id, member.telegram_id),
    }
    numbers: dict[int, int] = {}  # everybody else by a number of this copy, the same person by the same one
    return {key: value if key == "member" else _without_others(value, numbers) for key, value in found.items()}


def _without_others(value: Any, numbers: dict[int, int]) -> Any:
    if isinstance(value, list):
        return [_without_others(item, numbers) for item in value]
    if isinstance(value, Mapping):
        return {
            key: f"person {numbers.setdefault(item, len(numbers) + 1)}"
            if key in PEOPLE and isinstance(item, int)
            else _without_others(item, numbers)
            for key, item in value.items()
            if key != "decided_by"
        }
    return value


def _said(connection: Connection, member: Member, pair: Pair) -> Iterator[tuple[int, Any]]:
    """What the member said in a chat, where it is still kept."""
    for message, words in messages.recent(connection, pair.id, datetime(2000, 1, 1, tzinfo=UTC), MANY):
        if message.sender_id == member.id and words is not None:
            yield message.id, words


def _pictures(connection: Connection, member: Member, held: list[Photo]) -> Iterator[tuple[str, bytes]]:
    """The photos; of photos of couples the photo until it is taken in, then the crops of both, who both agreed to it."""
    for number, photo in enumerate(held, 1):
        stored = photos.by_id(connection, photo.id)
        if stored is not None:
            yield f"photos/{number}.jpg", stored.jpeg
    for upload in uploads.of_member(connection, member.id):
        whole = uploads.by_id(connection, upload.id)
        # Who was asked and has not agreed yet has given nothing of their own.
        if whole is not None and whole.jpeg is not None and (member.id == whole.sender_id or whole.state == "confirmed"):
            yield f"couples/{upload.id}.jpg", whole.jpeg
        for person in couples.of_upload(connection, upload.id):
            yield f"couples/{upload.id}-{person.side}-face.jpg", person.face_jpeg
            yield f"couples/{upload.id}-{person.side}-body.jpg", person.body_jpeg


def _zip(files: Iterable[tuple[str, bytes]]) -> bytes:
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files:
            archive.writestr(name, data, zipfile.ZIP_STORED if name.endswith(".jpg") else zipfile.ZIP_DEFLATED)
    return stream.getvalue()


def _person(person: CouplePerson) -> dict[str, Any]:
    """One of the two as values of JSON; the crops are files of their own."""
    kept = asdict(person)
    for name in ("face_jpeg", "body_jpeg", "type_version", "identity", "face_type", "fashion_type"):
        del kept[name]
    return kept


def _match(context: Context, pair: Pair, member: Member) -> dict[str, Any]:
    known = context.words.plain(names.partner(pair, member.id), member.language)
    ended = None if pair.ended_at is None else ("you" if pair.ended_by == member.id else "not you")
    return {
        "id": pair.id,
        "member": pair.partner(member.id),
        "name": known,
        "matched_at": pair.matched_at,
        "ended_at": pair.ended_at,
        "ended_by": ended,
    }


def _review(connection: Connection, review: Any) -> dict[str, Any]:
    """A question about the member; of the note what they said themselves, an appeal."""
    kept = asdict(review)
    note = safety.note_of(connection, review) if review.kind == "appeal" else None
    kept["note"] = note.get("said") if isinstance(note, Mapping) else None
    return kept


def _plain(value: object) -> str:
    """What JSON has no type for: times as ISO 8601, bytes (vectors: little-endian float32) as Base64."""
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(f"{type(value).__name__} in an export")
