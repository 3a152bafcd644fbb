"""Pictures with one adult face that the repository holds: the blended faces of the starter types, which are nobody's."""

from __future__ import annotations

import functools
import io

from PIL import Image

from engine.types import STARTER, TypePack


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
