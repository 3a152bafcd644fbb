"""A member's own copy of everything that is stored about them: a ZIP with one JSON file and the pictures."""

from __future__ import annotations

import base64
import json
import zipfile
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date, datetime
from io import BytesIO
from typing import Any

from bot.context import Context
from db import consents, couples, export, pairs, photos, safety, uploads
from db import types as member_types
from db.corpus_records import CouplePerson
from db.records import Member, Pair, Photo
from db.session import Connection


def pack(connection: Connection, context: Context, member: Member) -> bytes:
    """The ZIP: `inyeon.json`, `photos/N.jpg`, and of photos of couples what is still kept: `couples/ID.jpg`, or the crops."""
    held = photos.of(connection, member.id)
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        content = json.dumps(everything(connection, context, member, held), ensure_ascii=False, indent=2, default=_plain)
        archive.writestr("inyeon.json", content)
        for number, photo in enumerate(held, 1):
            stored = photos.by_id(connection, photo.id)
            if stored is not None:
                archive.writestr(f"photos/{number}.jpg", stored.jpeg, zipfile.ZIP_STORED)
        for name, data in _couple_pictures(connection, member):
            archive.writestr(name, data, zipfile.ZIP_STORED)
    return stream.getvalue()


def everything(connection: Connection, context: Context, member: Member, held: list[Photo]) -> dict[str, Any]:
    """All rows about the member as values of JSON."""
    vectors = [
        vector for kind in ("face", "fashion") for vector in photos.vectors(connection, member.id, "face" if kind == "face" else "fashion")
    ]
    company = export.company(connection, member.id)
    for given in company["couple_photos"]:
        given["people"] = [_person(person) for person in couples.of_upload(connection, given["id"])]
    return {
        "exported_at": context.now,
        "member": asdict(member),
        "consents": [asdict(given) for given in consents.history(connection, member.id)],
        "photos": [{**asdict(photo), "file": f"photos/{number}.jpg"} for number, photo in enumerate(held, 1)],
        "vectors": [asdict(vector) for vector in vectors],
        "types": [asdict(given) for given in member_types.of_member(connection, member.id).values()],
        "matches": [_match(pair, member) for pair in pairs.of_member(connection, member.id, open_only=False)],
        "reviews": [asdict(review) for review in safety.reviews_of(connection, member.id)],
        **company,
    }


def _couple_pictures(connection: Connection, member: Member) -> Iterator[tuple[str, bytes]]:
    """Names and bytes: the photo until it is taken in, then the crops of both, who both agreed to it."""
    for upload in uploads.of_member(connection, member.id):
        whole = uploads.by_id(connection, upload.id)
        # Who was asked and has not agreed yet has given nothing of their own.
        if whole is not None and whole.jpeg is not None and (member.id == whole.sender_id or whole.state == "confirmed"):
            yield f"couples/{upload.id}.jpg", whole.jpeg
        for person in couples.of_upload(connection, upload.id):
            yield f"couples/{upload.id}-{person.side}-face.jpg", person.face_jpeg
            yield f"couples/{upload.id}-{person.side}-body.jpg", person.body_jpeg


def _person(person: CouplePerson) -> dict[str, Any]:
    """One of the two as values of JSON; the crops are files of their own."""
    kept = asdict(person)
    for name in ("face_jpeg", "body_jpeg", "type_version", "identity", "face_type", "fashion_type"):
        del kept[name]
    return kept


def _match(pair: Pair, member: Member) -> dict[str, Any]:
    return {"id": pair.id, "member": pair.partner(member.id), "matched_at": pair.matched_at, "ended_at": pair.ended_at}


def _plain(value: object) -> str:
    """What JSON has no type for: times as ISO 8601, bytes (vectors: little-endian float32) as Base64."""
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(f"{type(value).__name__} in an export")
