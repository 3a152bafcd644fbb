"""`python -m benchmarks.bare_bot BASE A B [C D …]`: aiogram and nothing else, for comparison.

Answers /start with a sentence and copies what A writes to B and back (C to D, …), as in aiogram's own examples.
"""

from __future__ import annotations

import asyncio
import sys

from aiogram import Bot, Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.filters import CommandStart
from aiogram.types import Message

TOKEN = "1:LOCAL"  # noqa: S105 the local server's, on this machine only


async def main() -> None:
    """Poll until ended."""
    base, *people = sys.argv[1:]
    partner = {int(one): int(other) for one, other in zip(people[::2], people[1::2], strict=True)}
    partner |= {other: one for one, other in partner.items()}
    bot = Bot(TOKEN, session=AiohttpSession(api=TelegramAPIServer.from_base(base)))
    dispatcher = Dispatcher()

    @dispatcher.message(CommandStart())
    async def greet(message: Message) -> None:
        await message.answer("Hello")

    @dispatcher.message()
    async def relay(message: Message) -> None:
        await bot.copy_message(partner[message.chat.id], message.chat.id, message.message_id)

    await dispatcher.start_polling(bot)


if __name__ == "__main__":
    asyncio.run(main())
