"""`python -m bot.local`: the local server alone, for a bot that runs elsewhere."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys

import configuration
from bot.local.errors import LocalError, PageError
from bot.local.faults import Limits
from bot.local.server import LocalServer
from engine.commands.parsing import Parser


def main() -> int:
    """Read arguments and settings, serve until SIGINT or SIGTERM; 2 on unusable settings, 1 where the port is taken."""
    parser = Parser(prog="python -m bot.local", description=__doc__)
    parser.add_argument("--port", type=int, help="port of the page and the Bot API (default: local.port; 0 takes a free one)")
    parser.add_argument("--memory", action="store_true", help="keep nothing under paths.var")
    parser.add_argument("--limits", action="store_true", help="refuse with 429 what exceeds Telegram's rates (see --overall)")
    parser.add_argument("--overall", type=float, metavar="RATE", help="with --limits: messages a second over all chats (default: 30)")
    parser.add_argument("--chat", type=float, metavar="RATE", help="with --limits: messages a second to one chat (default: 1)")
    arguments = parser.parse_args()
    try:
        settings = configuration.load()
    except configuration.SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    port = settings.local.port if arguments.port is None else arguments.port
    folder = None if arguments.memory else settings.var / "local"
    given = {name: value for name in ("overall", "chat") if (value := getattr(arguments, name)) is not None}
    try:
        limits = Limits(**given) if arguments.limits else False
    except PageError as error:
        parser.error(error.message)
    return asyncio.run(_serve(LocalServer(port, folder, limits=limits)))


async def _serve(server: LocalServer) -> int:
    try:
        await server.start()
    except LocalError as error:
        print(error, file=sys.stderr)
        return 1
    if not server.people():
        await server.add_person(1001, "You", "en", "you")
    print(f"chat page and Bot API on {server.base_url} (token {server.token})", file=sys.stderr, flush=True)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()
    await server.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
