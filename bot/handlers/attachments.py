"""Pictures in messages: compressed photos, and images that were sent as files."""

from __future__ import annotations

from typing import Final

from aiogram.types import Document, Message, PhotoSize

LARGEST: Final = 20_000_000
"""Bytes: a bot can fetch no larger file."""
IMAGES: Final = (".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif", ".avif", ".bmp", ".gif", ".tif", ".tiff")


def picture(message: Message) -> PhotoSize | Document | None:
    """The file to read: of a compressed photo its largest size, or a document that says to be an image; None where there is neither."""
    if message.photo:
        return message.photo[-1]
    sent = message.document
    if sent is None:
        return None
    image = (sent.mime_type or "").startswith("image/") or (sent.file_name or "").lower().endswith(IMAGES)
    return sent if image else None


def too_large(sent: PhotoSize | Document) -> bool:
    """Whether a bot cannot fetch it."""
    return (sent.file_size or 0) > LARGEST
