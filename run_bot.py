"""Start the bot: on Telegram where there is a token, else in local mode with a chat page.  `python run_bot.py --help`."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import gc
import sys
from pathlib import Path

import configuration
from bot import logs
from engine.commands.parsing import Parser

M_ARENA_MAX, M_MMAP_THRESHOLD = -8, -3
"""Of glibc's malloc.h."""
LARGE = 1 << 20
"""Bytes from which a block goes back to the system as soon as it is freed."""


def main() -> int:
    """Exit code: 0 after a stop by signal, 2 for unusable settings, 1 where something else keeps it from running."""
    parser = Parser(prog="run_bot.py", description=__doc__)
    parser.add_argument("--settings", type=Path, help="settings file (default: settings.toml beside this file)")
    parser.add_argument("--verbose", action="store_true", help="log more")
    arguments = parser.parse_args()
    try:
        settings = configuration.load(arguments.settings)
    except configuration.SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    _frugal()
    logs.configure(verbose=arguments.verbose)
    print("inyeon: starting", file=sys.stderr, flush=True)
    gc.disable()  # what is imported stays: looking for garbage in it again and again takes a quarter of the time
    try:
        from bot import app  # noqa: PLC0415 importing aiogram takes seconds: unusable settings are told before
        from bot.errors import StartError  # noqa: PLC0415
    finally:
        gc.enable()
    try:
        asyncio.run(app.run(settings, lambda address: print(f"inyeon: ready at {address}", file=sys.stderr, flush=True)))
    except StartError as error:
        print(f"inyeon: {error}", file=sys.stderr)
        return error.code
    return 0


def _frugal() -> None:
    """Let glibc keep two heaps instead of eight for each processor, and hand the buffers of photos back at once.

    Threads that decode photos would otherwise hoard memory: glibc raises its own threshold for large blocks with each one that is
    freed, until whole photos stay in its heaps.
    """
    with contextlib.suppress(OSError, AttributeError):
        libc = ctypes.CDLL(None)
        libc.mallopt(M_ARENA_MAX, 2)
        libc.mallopt(M_MMAP_THRESHOLD, LARGE)


if __name__ == "__main__":
    sys.exit(main())
