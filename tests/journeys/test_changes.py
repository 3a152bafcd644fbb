"""Changes of what was sent, over HTTP, while the Bot API asks for rests; and what the one who asked in a poll reads."""

from __future__ import annotations

from tests.journeys.stage import Json, Person, Stage, jpeg, words
from tests.journeys.test_relay_kinds import act, has, replace_file


async def test_a_wrong_picture_goes_though_words_follow_before_the_change_went_out(stage: Stage, couple: tuple[Person, Person]) -> None:
    mina, jun = couple
    sent = await mina.attach("photo", jpeg("red"), "a.jpg")
    copy = await jun.hears(has("photo"))
    wrong = copy["photo"][-1]["file_unique_id"]
    await stage.fault(method="editMessageMedia", chat_id=jun.id, code=429, retry_after=2, times=1)
    await replace_file(mina, sent["message_id"], jpeg("blue"))
    await mina.edit(sent["message_id"], "sorry, wrong one")

    def put_right(message: Json) -> bool:
        return words(message) == "sorry, wrong one" and message["photo"][-1]["file_unique_id"] != wrong

    await jun.becomes(copy["message_id"], put_right)


async def test_who_asked_with_a_description_reads_what_was_chosen(couple: tuple[Person, Person]) -> None:
    mina, jun = couple
    await act(mina, "poll", question="When?", options=["At six", "At eight"], description="It is about Friday")
    poll = await jun.hears(has("poll"))
    await act(jun, "vote", message_id=poll["message_id"], options=[0])
    told = words(await mina.hears("chose"))
    assert "At six" in told
    assert "Friday" not in told
