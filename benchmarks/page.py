"""Use the product as a person at the chat page does: over HTTP, from outside its process."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parent.parent

Message = dict[str, Any]


class BenchError(Exception):
    """The product did not do what is to be measured; the message says what."""


class Page:
    """The page's API of one local server; times are seconds of the monotonic clock."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._connection: http.client.HTTPConnection | None = None

    def ask(self, method: str, path: str, body: bytes | None = None, kind: str = "application/json") -> Any:
        """One request on a connection that is kept.

        Raises:
            OSError, http.client.HTTPException: nobody listens.
            BenchError: the answer is a refusal.

        """
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            self._connection.request(method, path, body, {"Content-Type": kind} if body is not None else {})
            answer = self._connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException):
            self.close()
            raise
        if answer.status != 200:
            raise BenchError(f"{method} {path}: {answer.status} {text[:200]!r}")
        return json.loads(text)

    def close(self) -> None:
        """Let go of the connection; the next request makes a new one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def __enter__(self) -> Page:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def post(self, path: str, body: Mapping[str, object]) -> Any:
        """POST with a JSON body."""
        return self.ask("POST", path, json.dumps(body).encode())

    def wait_until_up(self, program: Program, patience: float = 120) -> None:
        """Return as soon as the page, which `program` serves, answers.

        Raises:
            BenchError: it does not within `patience` seconds, or the program has ended.

        """
        end = time.monotonic() + patience
        while time.monotonic() < end:
            if program.process.poll() is not None:
                raise BenchError(f"{program.log.name}: the program ended with {program.process.returncode} before it answered")
            try:
                self.ask("GET", "/page/state")
            except (OSError, http.client.HTTPException):
                time.sleep(0.02)
            else:
                return
        raise BenchError(f"no chat page on port {self.port} after {patience:.0f} s")

    def say(self, person: int, text: str) -> int:
        """Write as `person`; the message's id."""
        return int(self.post(f"/page/chats/{person}/messages", {"text": text})["message"]["message_id"])

    def send_photo(self, person: int, photo: bytes) -> int:
        """Send a photo as `person`; the message's id."""
        mark = uuid.uuid4().hex
        head = f'--{mark}\r\nContent-Disposition: form-data; name="kind"\r\n\r\nphoto\r\n--{mark}\r\n'
        head += 'Content-Disposition: form-data; name="file"; filename="selfie.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
        body = head.encode() + photo + f"\r\n--{mark}--\r\n".encode()
        found = self.ask("POST", f"/page/chats/{person}/messages", body, f"multipart/form-data; boundary={mark}")
        return int(found["message"]["message_id"])

    def heard(self, person: int, after: int) -> list[Message]:
        """What the bot wrote to `person` after the message `after`."""
        found = self.ask("GET", f"/page/chats/{person}?after={after}")["messages"]
        return [message for message in found if not message["out"]]

    def last(self, person: int) -> int:
        """The id of the last message in a person's chat."""
        found = self.ask("GET", f"/page/chats/{person}")["messages"]
        return int(found[-1]["message_id"]) if found else 0

    def wait(self, person: int, after: int, accept: Callable[[Message], bool] = bool, patience: float = 30.0) -> Message:
        """The first message of the bot after `after` that `accept` takes.

        Raises:
            BenchError: none comes within `patience` seconds.

        """
        end = time.monotonic() + patience
        while time.monotonic() < end:
            for message in self.heard(person, after):
                if accept(message):
                    return message
            time.sleep(0.003)
        said = [message.get("text") or message.get("caption") or "(no text)" for message in self.heard(person, after)]
        raise BenchError(f"the bot did not answer person {person} as expected within {patience:.0f} s; it wrote {said}")

    def settle(self, person: int, quiet: float = 0.3) -> None:
        """Return when nobody has written in a person's chat for `quiet` seconds: an answer may have several messages."""
        last, since = self.last(person), time.monotonic()
        while time.monotonic() - since < quiet:
            time.sleep(0.02)
            now = self.last(person)
            if now != last:
                last, since = now, time.monotonic()


class Program:
    """One of our programs in a process of its own, with what it writes kept in a file."""

    def __init__(self, log: Path, *arguments: str, environment: Mapping[str, str] | None = None) -> None:
        self.log = log
        with log.open("w", encoding="utf-8") as file:
            self.started = time.monotonic()
            self.process = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=ROOT,
                env={**clean(), **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
            )

    def cpu(self) -> float:
        """Seconds of processor time that it has used: in nanoseconds where Linux says them, else in the kernel's hundredths."""
        with contextlib.suppress(OSError):
            # The clock that clock_getcpuclockid(3) gives for another process.
            return time.clock_gettime((~self.process.pid << 3) | 2)
        times = psutil.Process(self.process.pid).cpu_times()
        return float(times.user + times.system)

    def memory(self) -> float:
        """Resident megabytes."""
        return float(psutil.Process(self.process.pid).memory_info().rss) / 1e6

    def stop(self) -> None:
        """Ask it to end; end it where it does not within ten seconds."""
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def __enter__(self) -> Program:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def clean() -> dict[str, str]:
    """This environment without what would change the product's settings, except for the engine's, which may be what is compared.

    No job begins by itself in the midst of a measurement.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if name != "TELEGRAM_BOT_TOKEN" and (not name.startswith("INYEON_") or name.startswith("INYEON_ENGINE__"))
    }
    return {**kept, **{f"INYEON_SCHEDULE__{job}": "" for job in ("COLLECT", "LEARN", "RETYPE", "DAILY_PICK", "RETENTION")}}


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
