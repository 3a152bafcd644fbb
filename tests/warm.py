"""The engine's prepared models, made once a run and laid as hard links below each `paths.var` in which a test starts the real program.

About forty tests do, each in a folder of its own: exporting and compiling the models there costs seconds of two processors' work and
156 MB of disk each time, 8 GB a run, on which a CI machine's disk ran full.  Links cost neither.  Unlike a symbolic link to one folder
for all they leave every program alone in its own, so that nobody reads there what another is still writing.

What lies behind the links stays as it is, since no program writes into these files: a graph is moved into place
(`engine.weights.graph`), and OpenVINO writes a blob only where there is none; one that does not fit it deletes first
(`tests/test_warm.py` holds both to that).

A test of the first start begins with an empty folder: `test_a_signal_ends_the_process_in_order[15]`, `tests/security/test_silence.py`.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def prepared(run: Path) -> Iterator[Path]:
    """The folder of prepared models that all processes of a test run share below its folder `run`; whoever leaves last deletes it.

    Two locks, since whoever waits to make it must not wait for those who read: `using` is held shared for as long as the folder is used,
    `making` alone and only while it is looked for and made.  The system lets go of the locks of a process that ends in whatever way;
    what such a one left half made is made anew.
    """
    folder, half = run / "prepared-models", run / "prepared-models-half"
    with (run / "prepared-models.using").open("w") as using:
        fcntl.flock(using, fcntl.LOCK_SH)
        with (run / "prepared-models.making").open("w") as making:
            fcntl.flock(making, fcntl.LOCK_EX)
            if not folder.is_dir():
                shutil.rmtree(half, ignore_errors=True)
                make(half)
                half.rename(folder)
        yield folder
        with suppress(BlockingIOError):  # another one still links from it
            fcntl.flock(using, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder)


def make(folder: Path) -> None:
    """Export and compile what the engine of the default settings loads."""
    from engine.analysis import Analyser  # most tests never load it
    from engine.settings import EngineSettings

    Analyser(EngineSettings(), folder).load()


def seed(models: Path, var: Path) -> Path:
    """Lay prepared `models` below `var`, where a program looks for them; the folder in which they lie then."""
    return Path(shutil.copytree(models, var / "cache", copy_function=_link))


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without hard links
        shutil.copy2(source, target)
