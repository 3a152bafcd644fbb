"""What begins with a slash: commands, what only looks like one, and captions, which are never commands."""

from __future__ import annotations

from tests.journeys.stage import Person, Stage, buttons, jpeg, words


async def test_an_album_goes_whatever_its_caption_begins_with(stage: Stage, couple: tuple[Person, Person]) -> None:
    mina, jun = couple
    for number, caption in enumerate(("/leave no stone unturned", "/delete", "/start x")):
        await mina.attach("photo", jpeg(side=100 + number), "a.jpg", caption=caption, media_group_id="g1")
    got = [await jun.hears(caption) for caption in ("/leave no", "/delete", "/start x")]
    assert len({message["media_group_id"] for message in got}) == 1
    # Behind something of hers that is still being served it is no command either.
    await stage.stop()
    await mina.write("/help")
    await mina.attach("photo", jpeg(), "a.jpg", caption="/leave")
    await stage.start()
    assert words(await jun.hears()) == "/leave"
    await mina.hears("/discover")
    await mina.hears_nothing()


async def test_what_only_begins_like_a_command_reaches_the_partner(couple: tuple[Person, Person]) -> None:
    mina, jun = couple
    for text in ("/ㅋㅋㅋ", "//", "/ so far", "/안녕 /help"):
        await mina.write(text)
        assert words(await jun.hears()) == text


async def test_an_unknown_command_is_said_not_to_have_gone(couple: tuple[Person, Person]) -> None:
    for person, said in zip(couple, ("did not get this", "전하지 않았어요"), strict=True):
        sent = await person.write("/s just kidding")
        told = await person.hears(said)
        assert told["reply_to_message"]["message_id"] == sent["message_id"]
        assert buttons(told)
    for person in couple:
        await person.hears_nothing()
