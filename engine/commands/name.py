"""`python -m engine name TYPE [--en NAME] [--ko NAME] [--picture FILE | --automatic-picture]`: call a type otherwise, or show another
picture for it.  The picture must not be a photo of a real person: members would see that person.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from engine.commands.output import answer, progress
from engine.commands.steering import Steering
from engine.pictures import Unusable
from engine.registry import Change

LONGEST = 40
"""Characters of a name."""


def add(parsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's arguments."""
    parser = parsers.add_parser("name", help="call a type otherwise; later versions keep it", description=__doc__)
    parser.add_argument("type", metavar="TYPE", help="id of a type of the version in use (python -m engine models --types)")
    parser.add_argument("--en", default="", metavar="NAME", help="English name")
    parser.add_argument("--ko", default="", metavar="NAME", help="Korean name")
    pictures = parser.add_mutually_exclusive_group()
    pictures.add_argument("--picture", type=Path, metavar="FILE", help="picture of no real person to show; cut to the type's size")
    pictures.add_argument("--automatic-picture", action="store_true", help="show the picture again that learning made")


def run(arguments: argparse.Namespace, steering: Steering) -> int:
    """Change it; 2 where there is nothing to change or the picture cannot be used."""
    names = {"name": arguments.en.strip(), "name_ko": arguments.ko.strip()}
    if not any(names.values()) and arguments.picture is None and not arguments.automatic_picture:
        progress("nothing to change: give --en, --ko, --picture or --automatic-picture")
        return 2
    if any(len(name) > LONGEST or not name.isprintable() for name in names.values()):
        progress(f"a name has at most {LONGEST} printable characters")
        return 2
    changes = [Change(arguments.type, **names)] if any(names.values()) else []
    if arguments.automatic_picture:
        changes.append(Change(arguments.type, automatic=True))
    elif arguments.picture is not None:
        picture = _picture(arguments.type, arguments.picture, steering)
        if picture is None:
            return 2
        changes.append(Change(arguments.type, picture=picture))
    for change in changes:
        steering.name(change)
    answer(f"{arguments.type} is noted; running bots follow within seconds")
    return 0


def _picture(type_id: str, file: Path, steering: Steering) -> bytes | None:
    """What is in a file, as the type's picture; None where it cannot be used, which is said."""
    try:
        made = steering.picture(file.read_bytes(), steering.registry.expect(type_id).kind)
    except OSError as error:
        progress(f"cannot read {file}: {error.strerror}; give a JPEG, PNG, WebP or HEIC file")
        return None
    if isinstance(made, Unusable):
        progress(f"cannot use {file}: {made.message}")
        return None
    return made
