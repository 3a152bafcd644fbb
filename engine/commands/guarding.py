"""How a command ends: with an exit status and one line of what went wrong, never with a traceback for what can be foreseen."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from engine.commands.output import progress

Errors = tuple[type[Exception], ...]


def guarded(name: str, work: Callable[[], int], unusable: Errors, failed: Errors, stopped: str = "stopped") -> int:
    """The exit status of `work`; 2 after an error of `unusable`, 1 after one of `failed`, Ctrl-C or a reader that went away.

    Args:
        name: of the program, before what went wrong.
        work: the command.
        unusable: errors of arguments or settings.
        failed: other errors that can be foreseen.
        stopped: what is said after Ctrl-C.

    """
    try:
        return work()
    except unusable as error:
        progress(f"{name}: {error}")
        return 2
    except failed as error:
        progress(f"{name}: {error}")
        return 1
    except KeyboardInterrupt:
        progress(stopped)
        return 1
    except BrokenPipeError:
        # Who read our output has seen enough; nothing more may be written, not even by the interpreter at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
