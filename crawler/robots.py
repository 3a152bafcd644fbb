"""robots.txt as RFC 9309 wants it: read once a day and host, everything allowed where there is none, nothing while it is broken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from protego import Protego

from crawler.errors import Broken, SourceError
from crawler.pacing import Clock

DAY = 86_400.0
RETRY_SECONDS = 600.0
"""How long a robots.txt that could not be read is taken as forbidding everything."""
ROBOTS_BYTES = 512_000
"""RFC 9309, 2.5: at least the first 500 kibibytes are read."""


@dataclass(frozen=True, slots=True)
class _Rules:
    rules: Protego | None
    until: float


class Robots:
    """Remembers the rules of each host."""

    def __init__(self, fetch: Callable[[str], tuple[int, bytes]], token: str, clock: Clock) -> None:
        """`fetch` gets (status, body) of an address and raises SourceError; `token` is our name in robots.txt."""
        self._fetch = fetch
        self._token = token
        self._clock = clock
        self._known: dict[str, _Rules] = {}

    def allows(self, url: str) -> bool:
        """Whether we may fetch `url`.

        Raises:
            Broken: the host's robots.txt cannot be read at the moment, which forbids everything (RFC 9309, 2.3.1.4).

        """
        return bool(self._rules(url).can_fetch(url, self._token))

    def delay(self, url: str) -> float:
        """Seconds that the host wants between two requests, 0.0 where it says nothing."""
        rules = self._rules(url)
        rate = rules.request_rate(self._token)
        wanted = [rules.crawl_delay(self._token) or 0.0, rate.seconds / rate.requests if rate and rate.requests else 0.0]
        return float(max(wanted))

    def _rules(self, url: str) -> Protego:
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        known = self._known.get(origin)
        if known is None or known.until <= self._clock.monotonic():
            known = self._known[origin] = self._read(origin)
        if known.rules is None:
            raise Broken(f"{origin}/robots.txt cannot be read: nothing is fetched there for {RETRY_SECONDS / 60:.0f} minutes")
        return known.rules

    def _read(self, origin: str) -> _Rules:
        now = self._clock.monotonic()
        try:
            status, body = self._fetch(f"{origin}/robots.txt")
        except SourceError:
            return _Rules(None, now + RETRY_SECONDS)
        if status == 429 or status >= 500:
            return _Rules(None, now + RETRY_SECONDS)
        text = body.decode("utf-8", "replace") if status == 200 else ""
        return _Rules(Protego.parse(text), now + DAY)
