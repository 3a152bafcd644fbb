"""`python -m crawler remove --source S --id ID` or `--photo FILE`: erase a picture on request, and never take it again.

What a photo is a copy of is told by its bytes, else by its hash and the faces of both people together: another couple before the same
backdrop is as near by hash.  Where that does not decide, what is near is listed and nothing erased.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
from pathlib import Path

from crawler import dedupe
from crawler.commands.collect import SOURCES
from crawler.commands.tools import Tools, Unusable
from crawler.couples import Separator
from crawler.ingest import shows
from crawler.sources.base import SOURCE_ID_MAX
from db import couples, pictures
from db.corpus_records import Picture, PictureStatus
from engine.commands.output import answer, progress
from engine.images import decode
from engine.values import Problem

ACCEPTED: tuple[PictureStatus, ...] = ("accepted",)


def add(parsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's arguments."""
    parser = parsers.add_parser("remove", help="erase a picture and what was learned of it on request", description=__doc__)
    parser.add_argument("--source", choices=SOURCES, help="where it is from, as in the table pictures")
    parser.add_argument("--id", metavar="ID", dest="source_id", help="what the source calls it")
    parser.add_argument("--photo", type=Path, metavar="FILE", help="a copy of it, where its id is not known")
    parser.add_argument("--json", action="store_true", help="one JSON object a picture on stdout")


def run(arguments: argparse.Namespace, tools: Tools) -> int:
    """Remove; 0 where something was erased or will never be taken, 1 where no picture is surely the photo's.

    Raises:
        Unusable: the arguments name nothing.

    """
    if arguments.photo is not None and (arguments.source or arguments.source_id):
        raise Unusable("--photo says which picture it is: leave --source and --id out, or name it by them alone")
    if arguments.photo is not None:
        found, near = _like(arguments.photo, tools)
        if found is None:
            _ask(near, as_json=arguments.json)
            return 1
        source, source_id = found.source, found.source_id
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


def _like(file: Path, tools: Tools) -> tuple[Picture | None, list[Picture]]:
    """The stored picture that `file` is a copy of; where none surely is, those that look like it."""
    try:
        with file.open("rb") as opened:
            data = opened.read(tools.engine.max_bytes + 1)
    except OSError as error:
        raise Unusable(f"--photo {file} cannot be read ({error.strerror}): name another file") from None
    photo = decode(data, tools.engine)
    if isinstance(photo, Problem):
        raise Unusable(f"--photo {file}: {photo.message}")
    same = tools.database.read(pictures.same, dedupe.sha256(data), ACCEPTED)
    if same is not None:
        return tools.database.read(pictures.by_id, same), []
    near = tools.database.read(pictures.near, dedupe.phash(photo.image), dedupe.DISTANCE, ACCEPTED)
    if not near:
        return None, []
    progress("loading the models")
    separator = Separator(tools.crawler, tools.engine, tools.cache)
    decision = separator.separate(photo)
    listed = []
    for picture_id in near:
        picture = tools.database.read(pictures.by_id, picture_id)
        if picture is None:
            continue  # erased meanwhile
        if shows(tools.database.read(couples.pair, picture_id), decision, separator.face_version):
            return picture, []
        listed.append(picture)
    return None, listed


def _ask(near: list[Picture], *, as_json: bool) -> None:
    """Say that nothing was erased, and what somebody has to look at."""
    if not near:
        progress("crawler: no picture like this photo is stored")
        return
    for one in near:
        if as_json:
            answer(json.dumps({"source": one.source, "id": one.source_id, "page": one.page, "erased": False}, ensure_ascii=False))
        else:
            answer(f"{one.source} {one.source_id}: looks like it, not erased {one.page}".rstrip())
    progress("crawler: these look like the photo, but their faces do not or cannot be compared: look, then name one by --source and --id")
