"""`python -m engine name TYPE [--en NAME] [--ko NAME] [--picture FILE]`: call a type otherwise, or show another picture for it."""

from __future__ import annotations

import argparse
import io
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from engine.commands.output import answer, progress
from engine.commands.steering import Steering

LONGEST = 40
"""Characters of a name."""
SIZES = {"face": (512, 512), "fashion": (640, 480)}


def add(parsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command's arguments."""
    parser = parsers.add_parser("name", help="call a type otherwise; later versions keep it", description=__doc__)
    parser.add_argument("type", metavar="TYPE", help="id of a type of the version in use (python -m engine models --types)")
    parser.add_argument("--en", default="", metavar="NAME", help="English name")
    parser.add_argument("--ko", default="", metavar="NAME", help="Korean name")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="JPEG or PNG to show; cut to the type's size")


def run(arguments: argparse.Namespace, steering: Steering) -> int:
    """Note it; 2 where there is nothing to note or the picture cannot be read."""
    names = {"name": arguments.en.strip(), "name_ko": arguments.ko.strip()}
    if not any(names.values()) and arguments.picture is None:
        progress("nothing to change: give --en, --ko or --picture")
        return 2
    if any(len(name) > LONGEST or not name.isprintable() for name in names.values()):
        progress(f"a name has at most {LONGEST} printable characters")
        return 2
    kind = "face" if arguments.type.split("-")[-2:-1] in (["mf"], ["wf"]) else "fashion"
    try:
        picture = fitted(arguments.picture, SIZES[kind]) if arguments.picture else None
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError) as error:
        progress(f"cannot read {arguments.picture}: {error}; give a JPEG or PNG file")
        return 2
    steering.registry.name(arguments.type, **names, picture=picture)
    answer(f"{arguments.type} is noted; running bots follow within seconds")
    return 0


def fitted(path: Path, size: tuple[int, int]) -> bytes:
    """The middle of a picture in `size`, as JPEG without metadata."""
    with Image.open(path) as opened:
        picture = opened.convert("RGB")
    wide, high = picture.size
    scale = max(size[0] / wide, size[1] / high)
    grown = picture.resize((max(size[0], round(wide * scale)), max(size[1], round(high * scale))))
    left, top = (grown.width - size[0]) // 2, (grown.height - size[1]) // 2
    made = io.BytesIO()
    grown.crop((left, top, left + size[0], top + size[1])).save(made, "JPEG", quality=90)
    return made.getvalue()
