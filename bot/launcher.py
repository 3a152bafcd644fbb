"""`python -m bot.launcher PARENT COMMAND…`: become COMMAND, out of the way of whoever is served, and end when the bot ends.

A process of its own sets this up before it becomes the command, since code between fork and exec of a program with threads may
hang.  The kernel ends it with its parent (Linux), so that a bot that is killed leaves no training behind that a second one
would then run beside.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import signal
import sys
from typing import Final

PR_SET_PDEATHSIG: Final = 1
"""Of the kernel's prctl.h."""
NICEST: Final = 19


def main(arguments: list[str]) -> None:
    """Become the command; returns only where the parent is gone.

    Args:
        arguments: the process id of the parent, then the command with its arguments.

    """
    parent, command = int(arguments[0]), arguments[1:]
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it ended before the kernel was told
            return
    with contextlib.suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, 0, NICEST)
        # Runs only where nobody else wants to: a woken server thread takes its processor at once.
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    idle = shutil.which("ionice")
    whole = [idle, "-c", "3", *command] if idle else command
    os.execv(whole[0], whole)  # noqa: S606 the command is our own  # nosec B606


if __name__ == "__main__":
    main(sys.argv[1:])
