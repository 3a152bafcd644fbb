"""sendPoll and stopPoll."""

from __future__ import annotations

import secrets

import telegram

from bot.local import polls
from bot.local.compose import delivery, format_text
from bot.local.errors import bad_request
from bot.local.keyboards import read_markup
from bot.local.methods.editing import editable
from bot.local.methods.kind import Method
from bot.local.parameters import Parameters
from bot.local.values import Json
from bot.local.world import World

POLL_OPTIONS_MAX = 12
DESCRIPTION_MAX = 1024
PERIOD = (5, 2_628_000)  # shortest and longest time in seconds for which a poll is open


async def send_poll(world: World, parameters: Parameters) -> Json:
    """sendPoll."""
    made = poll(world, parameters)
    return delivery(world, parameters).send({"poll": made}).data


def poll(world: World, parameters: Parameters) -> Json:
    """The poll that a call describes.

    Raises:
        ApiError: one that Telegram would refuse.

    """
    question = format_text(parameters.text("question"), parameters.text("question_parse_mode"), parameters.items("question_entities"))
    if not question.text:
        raise bad_request("poll question must be non-empty")
    if len(question.text) > 300:
        raise bad_request("poll question length must not exceed 300")
    quiz = parameters.text("type", "regular") == "quiz"
    options = _options(parameters)
    correct = _correct(parameters, len(options)) if quiz else None
    explanation = format_text(
        parameters.text("explanation"), parameters.text("explanation_parse_mode"), parameters.items("explanation_entities")
    )
    made = telegram.Poll(
        str(secrets.randbits(62)),
        question.text,
        [],
        0,
        is_closed=parameters.flag("is_closed"),
        is_anonymous=not parameters.has("is_anonymous") or parameters.flag("is_anonymous"),
        type="quiz" if quiz else "regular",
        allows_multiple_answers=parameters.flag("allows_multiple_answers"),
        correct_option_ids=correct,
        explanation=explanation.text or None,
        allows_revoting=parameters.flag("allows_revoting") if parameters.has("allows_revoting") else not quiz,
        members_only=False,
    ).to_dict()
    made["options"] = options
    if entities := question.json(world.user):
        made["question_entities"] = entities
    return made | _described(world, parameters) | _ends(world, parameters)


def _described(world: World, parameters: Parameters) -> Json:
    """The words below the question.

    Raises:
        ApiError: too many.

    """
    words = format_text(parameters.text("description"), parameters.text("description_parse_mode"), parameters.items("description_entities"))
    if len(words.text) > DESCRIPTION_MAX:
        raise bad_request(f"poll description length must not exceed {DESCRIPTION_MAX}")
    entities = words.json(world.user)
    return ({"description": words.text} if words.text else {}) | ({"description_entities": entities} if entities else {})


def _ends(world: World, parameters: Parameters) -> Json:
    """When the poll closes by itself.

    Raises:
        ApiError: both ways to say it, or a time that Telegram does not take.

    """
    period, at = parameters.integer("open_period"), parameters.integer("close_date")
    if period and at:
        raise bad_request("can't specify both open_period and close_date")
    lasts = period or (at - int(world.clock()) if at else 0)
    if not lasts and not at:
        return {}
    if not PERIOD[0] <= lasts <= PERIOD[1]:
        raise bad_request(f"{'open period' if period else 'close date'} of the poll is out of range")
    return {"open_period": period, "close_date": int(world.clock()) + period} if period else {"close_date": at}


def _options(parameters: Parameters) -> list[Json]:
    """The answers to choose from.

    Raises:
        ApiError: too few, too many, empty or too long ones.

    """
    options: list[Json] = []
    for number, option in enumerate(parameters.items("options") or []):
        body = option if isinstance(option, dict) else {"text": option}
        words = format_text(str(body.get("text", "")), str(body.get("text_parse_mode") or ""), Parameters(body).items("text_entities"))
        if not words.text:
            raise bad_request("poll options must be non-empty")
        if len(words.text) > 100:
            raise bad_request("poll options length must not exceed 100")
        options.append(telegram.PollOption(words.text, 0, persistent_id=str(number)).to_dict())
    if len(options) < 2:
        raise bad_request("poll must have at least 2 option")
    if len(options) > POLL_OPTIONS_MAX:
        raise bad_request(f"poll can't have more than {POLL_OPTIONS_MAX} options")
    return options


def _correct(parameters: Parameters, options: int) -> list[int]:
    """The right answers of a quiz, from either of the parameters that name them.

    Raises:
        ApiError: none, or one that is no option.

    """
    given = parameters.items("correct_option_ids")
    if given is None:
        given = [parameters.values["correct_option_id"]] if parameters.has("correct_option_id") else []
    numbers = [int(number) for number in given if str(number).isdecimal()]
    if not numbers or len(numbers) != len(given) or max(numbers) >= options:
        raise bad_request("wrong correct option ID specified")
    return numbers


async def stop_poll(world: World, parameters: Parameters) -> Json:
    """stopPoll: only polls that the bot sent itself."""
    markup = read_markup(parameters)
    stored = editable(world, parameters, "message with poll to stop not found")
    if "poll" not in stored.data:
        raise bad_request("message is not a poll")
    if stored.data["poll"]["is_closed"]:
        raise bad_request("poll has already been closed")
    stopped = polls.close(world, stored)
    world.change(stored, stored.content(), markup.inline, edited=False)
    return stopped


METHODS: dict[str, Method] = {"sendPoll": send_poll, "stopPoll": stop_poll}
