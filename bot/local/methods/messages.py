"""Messages of words or luck: sendMessage, sendDice."""

from __future__ import annotations

import random

import telegram

from bot.local.compose import delivery, read_text, text_content
from bot.local.errors import bad_request
from bot.local.methods.kind import Method
from bot.local.parameters import Parameters
from bot.local.values import Json
from bot.local.world import World

DICE = {"🎲": 6, "🎯": 6, "🏀": 5, "⚽": 5, "🎳": 6, "🎰": 64}


async def send_message(world: World, parameters: Parameters) -> Json:
    """sendMessage."""
    formatted = read_text(parameters)
    content = text_content(world, formatted, parameters)
    return delivery(world, parameters).send(content).data


async def send_dice(world: World, parameters: Parameters) -> Json:
    """sendDice."""
    content = {"dice": throw(parameters.text("emoji", "🎲"))}
    return delivery(world, parameters).send(content).data


def throw(emoji: str) -> Json:
    """A dice with a value of its own.

    Raises:
        ApiError: an emoji that is no dice.

    """
    if emoji not in DICE:
        raise bad_request("wrong dice emoji specified")
    return telegram.Dice(random.randint(1, DICE[emoji]), emoji).to_dict()


METHODS: dict[str, Method] = {
    "sendMessage": send_message,
    "sendDice": send_dice,
}
