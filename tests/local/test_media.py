"""Files: uploads, sizes, ids, albums, downloads."""

from __future__ import annotations

import io
from typing import Any

import aiogram
import aiohttp
import pytest
import telegram
from aiogram.types import BufferedInputFile, InputMediaLivePhoto, InputMediaPhoto
from PIL import Image
from telegram.error import BadRequest

from bot.local.server import LocalServer
from tests.local.conftest import JUN, MINA, Call, jpeg

ORIENTATION, MODEL = 0x0112, 0x0110


async def test_a_photo_is_re_encoded_upright_in_sizes_without_metadata(aio: aiogram.Bot) -> None:
    exif = Image.Exif()
    exif[ORIENTATION], exif[MODEL] = 6, "Secret phone"
    message = await aio.send_photo(MINA, BufferedInputFile(jpeg(2000, 1500, exif=exif), "me.jpg"), caption="<i>me</i>", parse_mode="HTML")
    assert message.photo is not None
    assert [(size.width, size.height) for size in message.photo] == [(68, 90), (240, 320), (600, 800), (960, 1280)]
    assert message.caption == "me"
    file = await aio.get_file(message.photo[-1].file_id)
    assert file.file_path is not None
    assert file.file_path.startswith("photos/file_")
    data = await aio.download_file(file.file_path)
    assert data is not None
    content = data.read()
    assert len(content) == file.file_size
    assert b"Secret" not in content
    with Image.open(io.BytesIO(content)) as picture:
        assert (picture.size, picture.format, dict(picture.getexif())) == ((960, 1280), "JPEG", {})


async def test_a_small_photo_keeps_its_size(ptb: telegram.Bot) -> None:
    message = await ptb.send_photo(MINA, jpeg(60, 40))
    assert [(size.width, size.height) for size in message.photo] == [(60, 40)]


async def test_a_photo_is_sent_again_by_any_of_its_ids_by_both_clients(ptb: telegram.Bot, aio: aiogram.Bot) -> None:
    first = await ptb.send_photo(MINA, jpeg())
    second = await aio.send_photo(JUN, first.photo[0].file_id, has_spoiler=True)
    assert second.photo is not None
    assert [size.file_id for size in second.photo] == [size.file_id for size in first.photo]
    assert second.has_media_spoiler
    with pytest.raises(BadRequest, match=r"(?i)can't use file of type photo as video"):
        await ptb.send_video(MINA, first.photo[0].file_id)


@pytest.mark.parametrize("kind", ["video", "animation", "audio", "voice", "video_note", "document", "sticker"])
async def test_every_kind_goes_up_and_comes_back_the_same(ptb: telegram.Bot, aio: aiogram.Bot, kind: str) -> None:
    data = bytes(range(256)) * 7
    more = {} if kind in ("document", "sticker") else {"duration": 4}
    message = await getattr(ptb, f"send_{kind}")(MINA, data, **more)
    again = await getattr(aio, f"send_{kind}")(MINA, getattr(message, kind).file_id)
    assert getattr(again, kind).file_unique_id == getattr(message, kind).file_unique_id
    if more:
        assert getattr(again, kind).duration == 4
    file = await ptb.get_file(getattr(message, kind).file_id)
    assert bytes(await file.download_as_bytearray()) == data


async def test_a_live_photo_goes_up_comes_back_and_stands_in_albums(ptb: telegram.Bot, aio: aiogram.Bot) -> None:
    data = bytes(range(256)) * 7
    first = await ptb.send_live_photo(MINA, data, jpeg(), caption="look")
    assert first.live_photo is not None
    assert [size.file_id for size in first.live_photo.photo or ()] == [size.file_id for size in first.photo]
    movement, still = first.live_photo.file_id, first.photo[-1].file_id
    again = await aio.send_live_photo(JUN, live_photo=movement, photo=still, has_spoiler=True)
    assert again.live_photo is not None
    assert again.live_photo.file_unique_id == first.live_photo.file_unique_id
    assert again.has_media_spoiler
    file = await ptb.get_file(movement)
    assert bytes(await file.download_as_bytearray()) == data
    album = await aio.send_media_group(MINA, [InputMediaLivePhoto(media=movement, photo=still), InputMediaPhoto(media=still)])
    assert [(message.live_photo is not None, message.photo is not None) for message in album] == [(True, True), (False, True)]
    with pytest.raises(BadRequest, match=r"(?i)can't use file of type photo as livephoto"):
        await ptb.send_live_photo(MINA, still, still)
    with pytest.raises(BadRequest, match=r"(?i)there is no photo"):
        await ptb.send_live_photo(MINA, movement, "")


async def test_album_of_uploads_and_ids(aio: aiogram.Bot, ptb: telegram.Bot) -> None:
    known = (await ptb.send_photo(MINA, jpeg())).photo[-1].file_id
    album = await aio.send_media_group(
        MINA, [InputMediaPhoto(media=BufferedInputFile(jpeg(colour="red"), "a.jpg"), caption="one"), InputMediaPhoto(media=known)]
    )
    assert len({message.media_group_id for message in album}) == 1
    assert album[0].media_group_id is not None
    assert album[0].caption == "one"
    copies = await ptb.copy_messages(JUN, MINA, [message.message_id for message in album])
    assert [copy.message_id for copy in copies] == [album[-1].message_id + 1, album[-1].message_id + 2]
    items = [telegram.InputMediaDocument(b"text", filename="../a.txt"), telegram.InputMediaDocument(b"more", filename="b.txt")]
    documents = await ptb.send_media_group(MINA, items)
    assert [message.document.file_name for message in documents if message.document] == ["a.txt", "b.txt"]


async def test_photos_that_telegram_refuses(ptb: telegram.Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadRequest, match="Image_process_failed"):
        await ptb.send_photo(MINA, b"no picture")
    with pytest.raises(BadRequest, match="Image_process_failed"):
        await ptb.send_photo(MINA, jpeg()[:200])
    with pytest.raises(BadRequest, match="Photo_invalid_dimensions"):
        await ptb.send_photo(MINA, jpeg(2000, 50))
    with pytest.raises(BadRequest, match="File must be non-empty"):
        await ptb.send_photo(MINA, b"")
    monkeypatch.setattr("bot.local.pictures.PHOTO_MAX", 100)
    with pytest.raises(BadRequest, match="too big for a photo; the maximum size is 100 bytes"):
        await ptb.send_photo(MINA, jpeg())


async def test_limits_of_upload_and_download(ptb: telegram.Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    big = await ptb.send_document(MINA, b"x" * 3000)
    assert big.document is not None
    monkeypatch.setattr("bot.local.files.DOWNLOAD_MAX", 2999)
    with pytest.raises(BadRequest, match="File is too big"):
        await ptb.get_file(big.document.file_id)
    monkeypatch.setattr("bot.local.parameters.UPLOAD_MAX", 1000)
    monkeypatch.setattr("bot.local.parameters.FIELD_MAX", 1000)
    with pytest.raises(telegram.error.NetworkError, match="Request Entity Too Large"):
        await ptb.send_document(MINA, b"x" * 3000)


async def test_files_are_only_found_at_their_path_and_with_the_token(server: LocalServer, http: aiohttp.ClientSession) -> None:
    for path in ("photos/file_1.jpg", "../telegram.db", "%2e%2e/telegram.db", "/etc/passwd"):
        async with http.get(f"/file/bot{server.token}/{path}") as response:
            assert response.status in (403, 404)
    async with http.get("/file/bot1:OTHER/photos/file_1.jpg") as response:
        assert response.status == 401


async def test_a_file_that_was_announced_but_did_not_come(http: aiohttp.ClientSession, server: LocalServer) -> None:
    form = aiohttp.FormData({"chat_id": str(MINA), "photo": "attach://lost"})
    form.add_field("other", b"x", filename="x")
    async with http.post(f"/bot{server.token}/sendPhoto", data=form) as response:
        assert (await response.json())["description"] == "Bad Request: wrong attach field specified"


async def test_old_files_make_room(server: LocalServer, ptb: telegram.Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.local.store.MEMORY_FILES_MAX", 2500)
    messages = [await ptb.send_document(MINA, bytes(1000)) for _ in range(4)]
    kept = [bool(message.document and server.world.files.get(message.document.file_id)) for message in messages]
    assert kept == [False, False, True, True]


async def test_avatar_is_the_profile_photo(server: LocalServer, aio: aiogram.Bot, page: Call, http: aiohttp.ClientSession) -> None:
    await server.add_person(JUN, "Jun", "en", "demo", jpeg(1200, 900))
    photos = await aio.get_user_profile_photos(JUN)
    assert photos.total_count == 1
    chat = await aio.get_chat(JUN)
    assert chat.photo is not None
    people: list[dict[str, Any]] = (await page("state", "GET"))["people"]
    url = next(person["avatar"] for person in people if person["id"] == JUN)
    async with http.get(url) as response:
        assert response.content_type == "image/jpeg"
        with Image.open(io.BytesIO(await response.read())) as picture:
            assert max(picture.size) == 640
