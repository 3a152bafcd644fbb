"""`python -m crawler remove --source S --id ID` or `--photo FILE`: erase a picture on request, and never take it again."""

from __future__ import annotations

import argparse
import datetime as dt
import json
from pathlib import Path

from crawler import dedupe
from crawler.commands.tools import Tools, Unusable
from crawler.sources.base import SOURCE_ID_MAX
from db import pictures
from db.corpus_records import PictureStatus
from db.session import Connection
from engine.commands.output import answer, progress
from engine.images import decode
from engine.values import Problem

ACCEPTED: tuple[PictureStatus, ...] = ("accepted",)


def add(parsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's arguments."""
    parser = parsers.add_parser("remove", help="erase a picture and what was learned of it on request", description=__doc__)
    parser.add_argument("--source", metavar="NAME", help="where it is from, as in the table pictures: folder, instagram, commons, …")
    parser.add_argument("--id", metavar="ID", dest="source_id", help="what the source calls it")
    parser.add_argument("--photo", type=Path, metavar="FILE", help="a copy of it, where its id is not known")
    parser.add_argument("--json", action="store_true", help="one JSON object a picture on stdout")


def run(arguments: argparse.Namespace, tools: Tools) -> int:
    """Remove; 0 where something was erased or will never be taken, 1 where no picture like the photo is there.

    Raises:
        Unusable: the arguments name nothing.

    """
    if arguments.photo is not None:
        found = _like(arguments.photo, tools)
        if found is None:
            progress("crawler: no picture like this photo is stored")
            return 1
        source, source_id = found
    elif arguments.source and arguments.source_id and len(arguments.source_id) <= SOURCE_ID_MAX:
        source, source_id = arguments.source, arguments.source_id
    else:
        raise Unusable(f"name the picture by --source NAME and --id ID (at most {SOURCE_ID_MAX} characters), or by --photo FILE")
    erased = tools.database.transact(pictures.remove, source, source_id, dt.datetime.now(dt.UTC))
    if arguments.json:
        answer(json.dumps({"source": source, "id": source_id, "erased": erased}, ensure_ascii=False))
    else:
        answer(f"{source} {source_id}: {'erased' if erased else 'was not there'}, and will not be taken again")
    return 0


def _like(file: Path, tools: Tools) -> tuple[str, str] | None:
    """Source and id of the stored picture that `file` is a copy of."""
    try:
        with file.open("rb") as opened:
            data = opened.read(tools.engine.max_bytes + 1)
    except OSError as error:
        raise Unusable(f"--photo {file} cannot be read ({error.strerror}): name another file") from None
    photo = decode(data, tools.engine)
    if isinstance(photo, Problem):
        raise Unusable(f"--photo {file}: {photo.message}")
    phash = dedupe.phash(photo.image)

    def find(connection: Connection) -> tuple[str, str] | None:
        picture_id = pictures.same(connection, dedupe.sha256(data), ACCEPTED)
        picture_id = picture_id or pictures.similar(connection, phash, dedupe.DISTANCE, ACCEPTED)
        picture = None if picture_id is None else pictures.by_id(connection, picture_id)
        return None if picture is None else (picture.source, picture.source_id)

    return tools.database.read(find)
