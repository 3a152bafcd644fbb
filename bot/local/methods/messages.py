"""Messages without files: sendMessage, sendLocation, sendVenue, sendContact, sendPoll, sendDice."""

from __future__ import annotations

import random
import secrets

import telegram

from bot.local.compose import delivery, format_text, read_text, text_content
from bot.local.errors import bad_request
from bot.local.methods.kind import Method
from bot.local.parameters import Parameters
from bot.local.values import Json
from bot.local.world import World

DICE = {"🎲": 6, "🎯": 6, "🏀": 5, "⚽": 5, "🎳": 6, "🎰": 64}
POLL_OPTIONS_MAX = 12


async def send_message(world: World, parameters: Parameters) -> Json:
    """sendMessage."""
    formatted = read_text(parameters)
    content = text_content(world, formatted, parameters)
    return delivery(world, parameters).send(content).data


async def send_location(world: World, parameters: Parameters) -> Json:
    """sendLocation."""
    content = {"location": location(parameters).to_dict()}
    return delivery(world, parameters).send(content).data


def location(parameters: Parameters) -> telegram.Location:
    """The place that a call names.

    Raises:
        ApiError: coordinates that are missing or not on earth.

    """
    if not parameters.has("latitude"):
        raise bad_request("latitude is empty")
    if not parameters.has("longitude"):
        raise bad_request("longitude is empty")
    latitude, longitude = parameters.number("latitude"), parameters.number("longitude")
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise bad_request("wrong latitude or longitude specified")
    accuracy = parameters.number("horizontal_accuracy") or None
    return telegram.Location(longitude, latitude, horizontal_accuracy=accuracy)


async def send_venue(world: World, parameters: Parameters) -> Json:
    """sendVenue; the message carries the location too, as Telegram's does."""
    place = location(parameters)
    title, address = parameters.text("title"), parameters.text("address")
    if not title:
        raise bad_request("title is empty")
    content = {"venue": telegram.Venue(place, title, address).to_dict(), "location": place.to_dict()}
    return delivery(world, parameters).send(content).data


async def send_contact(world: World, parameters: Parameters) -> Json:
    """sendContact."""
    return delivery(world, parameters).send({"contact": contact(parameters).to_dict()}).data


def contact(parameters: Parameters) -> telegram.Contact:
    """The contact that a call names.

    Raises:
        ApiError: one without a number or a name.

    """
    phone, name = parameters.text("phone_number"), parameters.text("first_name")
    if not phone:
        raise bad_request("phone number is empty")
    if not name:
        raise bad_request("first name is empty")
    return telegram.Contact(phone, name, parameters.text("last_name") or None, parameters.integer("user_id") or None)


async def send_poll(world: World, parameters: Parameters) -> Json:
    """sendPoll."""
    question = format_text(parameters.text("question"), parameters.text("question_parse_mode"), parameters.items("question_entities"))
    if not question.text:
        raise bad_request("poll question must be non-empty")
    if len(question.text) > 300:
        raise bad_request("poll question length must not exceed 300")
    quiz = parameters.text("type", "regular") == "quiz"
    options = []
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
    correct = _correct(parameters, len(options)) if quiz else None
    explanation = format_text(
        parameters.text("explanation"), parameters.text("explanation_parse_mode"), parameters.items("explanation_entities")
    )
    poll = telegram.Poll(
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
    poll["options"] = options
    if entities := question.json(world.user):
        poll["question_entities"] = entities
    return delivery(world, parameters).send({"poll": poll}).data


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


async def send_dice(world: World, parameters: Parameters) -> Json:
    """sendDice."""
    emoji = parameters.text("emoji", "🎲")
    if emoji not in DICE:
        raise bad_request("wrong dice emoji specified")
    return delivery(world, parameters).send({"dice": telegram.Dice(random.randint(1, DICE[emoji]), emoji).to_dict()}).data


METHODS: dict[str, Method] = {
    "sendMessage": send_message,
    "sendLocation": send_location,
    "sendVenue": send_venue,
    "sendContact": send_contact,
    "sendPoll": send_poll,
    "sendDice": send_dice,
}
