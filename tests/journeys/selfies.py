"""Pictures with one adult face that the repository holds: the blended faces of the starter types, which are nobody's."""

from __future__ import annotations

import functools
import io

from PIL import Image

from engine.types import STARTER, TypePack


@functools.cache
def couple(left: tuple[str, int] = ("woman_face", 0), right: tuple[str, int] = ("man_face", 2)) -> bytes:
    """Two blended faces side by side before one background: as near to a photo of a couple as pictures of nobody come."""
    groups = TypePack.load(STARTER).groups
    faces = []
    for group, number in (left, right):
        with Image.open(groups[group].types[number].picture) as picture:
            faces.append(picture.convert("RGB"))
    gap = 40
    page = Image.new("RGB", (sum(face.width for face in faces) + 3 * gap, max(face.height for face in faces) + 5 * gap), "#8FA6B8")
    page.paste(faces[0], (gap, 3 * gap))
    page.paste(faces[1], (2 * gap + faces[0].width, 3 * gap))
    stream = io.BytesIO()
    page.save(stream, "JPEG", quality=92)
    return stream.getvalue()


@functools.cache
def selfie(group: str = "woman_face", number: int = 0, form: str = "JPEG") -> bytes:
    """A blended face on a larger page, as a photo file of the given form."""
    with Image.open(TypePack.load(STARTER).groups[group].types[number].picture) as picture:
        page = Image.new("RGB", (picture.width + 160, picture.height + 320), "#8FA6B8")
        page.paste(picture.convert("RGB"), (80, 60))
    page.thumbnail((720, 720))
    stream = io.BytesIO()
    if form == "HEIF":
        from pillow_heif import register_heif_opener

        register_heif_opener()
    page.save(stream, form)
    return stream.getvalue()
