"""instaloader's own way to the network, observed, bounded and paced by us."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
from instaloader import InstaloaderContext, RateController
from requests.adapters import HTTPAdapter

from crawler.errors import Broken, Throttled
from crawler.pacing import Clock

REDIRECTS = 5
PICTURE_HOSTS = (".cdninstagram.com", ".fbcdn.net")
HOSTS = (".instagram.com", *PICTURE_HOSTS)
"""Where Instagram's pages and pictures lie; nothing leads anywhere else, redirects included."""


class Guard(HTTPAdapter):
    """Sees each request and answer of the context."""

    def __init__(self, base: str, max_bytes: int) -> None:
        super().__init__()
        self.base = base.rstrip("/")
        self.max_bytes = max_bytes
        self.status = 0
        self.headers: Mapping[str, str] = {}
        self._redirects = 0

    def send(self, request: requests.PreparedRequest, *_: Any, **options: Any) -> requests.Response:
        """Send a request, to `base` if that is set, and read its answer up to `max_bytes`."""
        parts = urlsplit(request.url or "")
        host = parts.hostname or ""
        if host.endswith(HOSTS) and self.base and not host.endswith(PICTURE_HOSTS):
            request.headers["Host"] = host
            request.url = self.base + request.path_url
        elif not host.endswith(HOSTS) and parts.netloc != urlsplit(self.base).netloc:
            raise Broken(f"something of Instagram is said to lie on {host or 'no host'}: not fetched")
        self.status, self.headers = 0, {}
        response = super().send(request, **{**options, "stream": True})
        self.status = response.status_code
        self.headers = {name.lower(): value for name, value in response.headers.items()}
        # instaloader follows redirects for as long as there are any.
        self._redirects = self._redirects + 1 if response.is_redirect else 0
        if self._redirects > REDIRECTS:
            raise requests.TooManyRedirects
        body = io.BytesIO()
        with response:
            for chunk in response.iter_content(65_536):
                body.write(chunk)
                if body.tell() > self.max_bytes:
                    raise Broken(f"an answer of Instagram is larger than {self.max_bytes:,} bytes")
        response.raw = _Read(body.getvalue())
        whole: Any = response
        whole._content, whole._content_consumed = body.getvalue(), True  # noqa: SLF001  read above, and there is no other way to say so
        return response


class _Read(io.BytesIO):
    """An answer that was read, in the shape that instaloader expects of urllib3's."""

    decode_content = True


class _Pace(RateController):
    """instaloader's own pacing, but nobody waits longer than `patience`."""

    def __init__(self, context: InstaloaderContext, clock: Clock, patience: float) -> None:
        super().__init__(context)
        self._clock = clock
        self._patience = patience

    def sleep(self, secs: float) -> None:
        """Wait."""
        if secs > self._patience:
            raise Throttled(f"instaloader wants to wait {secs:.0f} seconds", secs)
        self._clock.sleep(secs)


class Context(InstaloaderContext):
    """instaloader's context with the guard before the network, and without its prints."""

    def __init__(self, guard: Guard, clock: Clock, pause: float, patience: float, timeout: float) -> None:
        self.guard = guard
        self.clock = clock
        self.pause = pause
        super().__init__(
            quiet=True,
            max_connection_attempts=1,
            request_timeout=timeout,
            rate_controller=lambda context: _Pace(context, clock, patience),
        )

    def get_anonymous_session(self) -> requests.Session:
        """instaloader's session, guarded."""
        return self._guarded(super().get_anonymous_session())

    def load_session(self, username: Any, sessiondata: Any) -> None:
        """A session that was logged in before, guarded."""
        super().load_session(username, sessiondata)  # type: ignore[no-untyped-call]
        self._guarded(self._session)

    def get_json(
        self,
        path: str,
        params: dict[str, Any],
        host: str = "www.instagram.com",
        session: requests.Session | None = None,
        response_headers: dict[str, Any] | None = None,
        use_post: bool = False,
    ) -> dict[str, Any]:
        """A question, guarded also where instaloader made a session for it alone."""
        if session is not None:
            self._guarded(session)
        return super().get_json(path, params, host, session, response_headers, use_post)

    def do_sleep(self) -> None:
        """The pause between two questions."""
        self.clock.sleep(self.pause)

    def log(self, *msg: Any, sep: str = "", end: str = "\n", flush: bool = False) -> None:
        """Nothing: its lines have addresses in them."""

    def error(self, msg: Any, repeat_at_end: bool = True) -> None:
        """Nothing: what matters is raised."""

    def _guarded(self, session: requests.Session) -> requests.Session:
        session.trust_env = False
        session.mount("https://", self.guard)
        session.mount("http://", self.guard)
        return session
