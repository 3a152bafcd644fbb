"""A process of its own that answers a line with a line: for what may be killed by its input, or must not share memory and CPU time."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent

Answer = dict[str, Any]


class WorkerLostError(Exception):
    """The process ended or did not answer in time; the message says which."""


class Worker:
    """`python -m MODULE ARGUMENTS…`, started when first asked and again after it was lost."""

    def __init__(self, module: str, *arguments: str, patience: float = 60.0, environment: Mapping[str, str] | None = None) -> None:
        """`patience`: seconds to wait for an answer; `environment`: variables on top of this process's."""
        self.command = [sys.executable, "-m", module, *arguments]
        self.patience = patience
        self.environment = {**os.environ, **(environment or {})}
        self._process: subprocess.Popen[str] | None = None
        self._lines: queue.Queue[str] = queue.Queue()

    @property
    def started(self) -> bool:
        """Whether a process is there to be asked."""
        return self._process is not None

    def ask(self, line: str) -> Answer:
        """The process's answer to `line`.

        Raises:
            WorkerLostError: it ended, or kept silent for `patience` seconds and was ended.

        """
        process = self._process or self._start()
        with contextlib.suppress(OSError):
            print(line, file=process.stdin, flush=True)
        try:
            said = self._lines.get(timeout=self.patience)
        except queue.Empty:
            self.stop()
            raise WorkerLostError("hung") from None
        if not said:
            process.wait(10)
            self.stop()
            raise WorkerLostError(f"ended: {process.returncode}")
        answer: Answer = json.loads(said)
        return answer

    def stop(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()

    def _start(self) -> subprocess.Popen[str]:
        process = subprocess.Popen(self.command, cwd=ROOT, env=self.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        lines: queue.Queue[str] = queue.Queue()

        def follow() -> None:
            with contextlib.suppress(ValueError):
                for line in process.stdout or ():
                    lines.put(line)
            lines.put("")

        threading.Thread(target=follow, daemon=True).start()
        self._process, self._lines = process, lines
        return process


def serve(answer: Callable[[str], Answer]) -> None:
    """The worker's side: answer each line of stdin until it ends; whatever else prints to stdout goes to stderr."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for line in sys.stdin:
        print(json.dumps(answer(line.rstrip("\n"))), file=out, flush=True)


def measured(work: Callable[[], Answer]) -> Answer:
    """What `work` answers, with `ms` (elapsed), `cpu_ms` (of all threads) and `peak_mb` (how much the process grew meanwhile)."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")
    before, cpu, started = memory_mb("VmRSS"), time.process_time(), time.perf_counter()
    found = work()
    took, cpu = time.perf_counter() - started, time.process_time() - cpu
    return {**found, "ms": took * 1000, "cpu_ms": cpu * 1000, "peak_mb": memory_mb("VmHWM") - before}


def memory_mb(field: str, process: int | str = "self") -> float:
    """VmRSS or VmHWM of a process in megabytes; 0 where there is no /proc."""
    try:
        lines = Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith(field)), 0.0)
