"""How a command ends: with an exit status and one line of what went wrong, never with a traceback for what can be foreseen."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from engine.commands.output import progress

Errors = tuple[type[Exception], ...]
AGAIN = 0.05
"""Seconds until a signal that was dropped is sent once more."""
Handler = Callable[[int, FrameType | None], object] | int | None


class Stopping:
    """What Ctrl-C does (and SIGTERM where a command wants it): interrupt the work, and remember that it was somebody's wish.

    Remembered, since native modules that are interrupted while they load say anything from "initialization failed" to an
    installation guide.  Once the work is over it does nothing: what is done is done.
    """

    def __init__(self) -> None:
        self.asked = False
        self._over = False
        self._number: int | None = None

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Interrupt the work, unless it is over (signature of the standard library's handlers)."""
        if not self._over:
            self.asked, self._number = True, number
            raise KeyboardInterrupt

    @contextmanager
    def listening(self, numbers: tuple[signal.Signals, ...]) -> Iterator[None]:
        """Heed these signals; in the main thread only, no other can."""
        before: dict[signal.Signals, Handler] = {}
        if threading.current_thread() is threading.main_thread():
            # What a shell has switched off for a job in the background stays off.
            before = {number: handler for number in numbers if (handler := signal.getsignal(number)) is not signal.SIG_IGN}
        for number in before:
            signal.signal(number, self)
        unraisable = sys.unraisablehook
        sys.unraisablehook = self._again(unraisable)
        try:
            yield
        finally:
            self._over = True
            sys.unraisablehook = unraisable
            for number, handler in before.items():
                signal.signal(number, handler)

    def _again(self, otherwise: Callable[[sys.UnraisableHookArgs], object]) -> Callable[[sys.UnraisableHookArgs], None]:
        """Where the interrupt fell into a destructor or a callback of the garbage collector, Python drops it: send the signal once more."""

        def hook(dropped: sys.UnraisableHookArgs, /) -> None:
            if not isinstance(dropped.exc_value, KeyboardInterrupt):
                otherwise(dropped)
            elif self._number is not None and not self._over and (main := threading.main_thread().ident) is not None:
                # Not from here, which is inside of what dropped it.
                later = threading.Timer(AGAIN, signal.pthread_kill, (main, self._number))
                later.daemon = True
                later.start()

        return hook


def guarded(
    name: str, work: Callable[[], int], unusable: Errors, failed: Errors, stopped: str = "stopped", *, terminable: bool = False
) -> int:
    """The exit status of `work`; 2 after an error of `unusable`, 1 after one of `failed`, Ctrl-C or a reader that went away.

    Args:
        name: of the program, before what went wrong.
        work: the command.
        unusable: errors of arguments or settings.
        failed: other errors that can be foreseen.
        stopped: what is said after Ctrl-C.
        terminable: whether SIGTERM is heeded as Ctrl-C is.

    """
    stopping = Stopping()
    with stopping.listening((signal.SIGINT, signal.SIGTERM) if terminable else (signal.SIGINT,)):
        try:
            return work()
        except BrokenPipeError:
            # Who read our output has seen enough; nothing more may be written, not even by the interpreter at its end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 1
        except (KeyboardInterrupt, Exception) as error:
            if stopping.asked or isinstance(error, KeyboardInterrupt):
                progress(stopped)
                return 1
            if not isinstance(error, (*unusable, *failed)):
                raise
            progress(f"{name}: {error}")
            return 2 if isinstance(error, unusable) else 1
