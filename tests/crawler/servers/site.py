"""An HTTP server in a thread, with faults on demand; each real service is a subclass that answers as documented."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar
from urllib.parse import parse_qsl, unquote, urlsplit

from crawler.pacing import Clock


@dataclass(frozen=True)
class Asked:
    """A request that came."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]
    """Names in lower case."""


@dataclass(frozen=True)
class Reply:
    """What is answered; `how` is whole, reset (no answer at all), half (fewer bytes than announced) or endless."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    how: str = "whole"


@dataclass
class Fault:
    """Instead of the real answer to what has `part` in its path: `reply`, so many times, after so many good answers."""

    reply: Reply
    part: str = ""
    times: int = 1
    after: int = 0


def as_json(value: Any, status: int = 200, **headers: str) -> Reply:
    fields = {name.replace("_", "-"): text for name, text in headers.items()}
    return Reply(status, json.dumps(value).encode(), {"Content-Type": "application/json; charset=utf-8", **fields})


def page(status: int, **headers: str) -> Reply:
    """An error page in HTML, as proxies and load balancers send."""
    fields = {name.replace("_", "-"): text for name, text in headers.items()}
    return Reply(status, b"<!DOCTYPE html><html><body>Sorry, something went wrong.</body></html>", {"Content-Type": "text/html", **fields})


RESET = Reply(how="reset")
GARBAGE = [
    b"",
    b"null",
    b"[]",
    b"17",
    b'"x"',
    b'{"data"',
    b"<html>login</html>",
    b"\xff\xfe\x00",
    b"[" * 100_000,
    b'{"data": 5, "items": {}, "query": [], "error": 7, "paging": []}',
    b'{"data": [5, null, {"id": {}}], "items": [null], "total": [], "query": {"pages": [7]}, "continue": 8}',
    b'{"error": {"code": "x", "message": [1], "info": {}}, "errorCode": {}}',
]
"""Bodies that no documentation promises."""


class Site:
    """The default answers every path with a small picture."""

    robots: str | None = None
    """None: there is none."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.faults: list[Fault] = []
        self.base = ""
        self.busy = 0
        self.busiest = 0
        self.lock = threading.Lock()

    def answer(self, asked: Asked) -> Reply:
        return Reply(200, b"\xff\xd8picture of " + asked.path.encode(), {"Content-Type": "image/jpeg"})

    def respond(self, asked: Asked) -> Reply:
        with self.lock:
            self.asked.append(asked)
            for fault in self.faults:
                if fault.part in asked.path and asked.path != "/robots.txt":
                    if fault.after > 0:
                        fault.after -= 1
                    elif fault.times > 0:
                        fault.times -= 1
                        return fault.reply
        if asked.path == "/robots.txt":
            return Reply(404) if self.robots is None else Reply(200, self.robots.encode(), {"Content-Type": "text/plain"})
        return self.answer(asked)

    def fail(self, reply: Reply, part: str = "", times: int = 1, after: int = 0) -> None:
        self.faults.append(Fault(reply, part, times, after))

    def paths(self, part: str = "") -> list[str]:
        return [asked.path for asked in self.asked if part in asked.path]


class Server(ThreadingHTTPServer):
    daemon_threads = True
    site: Site

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients may hang up: some of these answers are meant to make them."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass

    def do_GET(self) -> None:
        site = self.server.site
        with site.lock:
            site.busy += 1
            site.busiest = max(site.busiest, site.busy)
        try:
            parts = urlsplit(self.path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            reply = site.respond(Asked(unquote(parts.path), dict(parse_qsl(parts.query, keep_blank_values=True)), headers))
        finally:
            # Before it is sent: whoever has it may come again before this thread goes on.
            with site.lock:
                site.busy -= 1
        self.send(reply)

    def send(self, reply: Reply) -> None:
        if reply.how == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            self.connection.close()
            return
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.how == "endless":
            self.send_header("Connection", "close")
            self.end_headers()
            for _ in range(100_000):
                self.wfile.write(b"x" * 65_536)
            return
        if reply.status != 304:
            self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        if reply.how == "half":
            self.wfile.write(reply.body[: len(reply.body) // 2])
            self.close_connection = True
        elif reply.status != 304:
            self.wfile.write(reply.body)


S = TypeVar("S", bound=Site)


@contextmanager
def serving(site: S) -> Iterator[S]:
    """`site` on a free port of this machine; its address is `site.base`."""
    with Server(("127.0.0.1", 0), Handler) as server:
        server.site = site
        site.base = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield site
        finally:
            server.shutdown()
            thread.join()


class Time:
    """Time that passes only by sleeping."""

    def __init__(self, now: float = 1_700_000_000.0) -> None:
        self.start = now
        self.passed = 0.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        self.slept.append(seconds)
        self.passed += seconds

    @property
    def clock(self) -> Clock:
        reading: Callable[[], float] = lambda: self.passed  # noqa: E731
        return Clock(monotonic=reading, now=lambda: self.start + self.passed, sleep=self.sleep)
