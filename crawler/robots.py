"""robots.txt as RFC 9309 wants it: read once a day and host, everything allowed where there is none, nothing while it is broken.

Whoever runs a host writes what they like there, so whatever it says costs little time and memory, and ends in a rule or a `Broken`.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from protego import Protego

from crawler.errors import Broken, SourceError
from crawler.pacing import Clock

log = logging.getLogger(__name__)

DAY = 86_400.0
RETRY_SECONDS = 600.0
"""How long a robots.txt that could not be read is taken as forbidding everything."""
ROBOTS_BYTES = 512_000
"""RFC 9309, 2.5: at least the first 500 kibibytes are read."""


_AGENT = re.compile(r"\s*user[- ]?agent(?:\s*:|\s)\s*(?P<name>[^#]*)", re.IGNORECASE)
_NOBODY = "User-agent: -"


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
            Broken: the host's robots.txt cannot be read at the moment, which forbids everything (RFC 9309, 2.3.1.4), or the address
                is none.

        """
        try:
            return bool(self._rules(url).can_fetch(url, self._token))
        except ValueError:
            raise Broken("an address cannot be read: not fetched") from None

    def delay(self, url: str) -> float:
        """Seconds that the host wants between two requests, 0.0 where it says nothing, a day at most: then it is asked again.

        Raises:
            Broken: as `allows`.

        """
        rules = self._rules(url)
        rate = rules.request_rate(self._token)
        # In whole numbers: what somebody writes there may be larger than any float.
        between = min(rate.seconds, int(DAY) * rate.requests) / rate.requests if rate else 0.0
        return min(max(rules.crawl_delay(self._token) or 0.0, between), DAY)

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
        text = body.decode("utf-8-sig", "replace") if status == 200 else ""
        try:
            return _Rules(Protego.parse(for_us(text, self._token)), now + DAY)
        except Exception as error:  # noqa: BLE001 hostile text in a foreign parser: as good as unreadable
            log.warning("%s/robots.txt cannot be understood (%s)", origin, type(error).__name__)
            return _Rules(None, now + RETRY_SECONDS)


def for_us(text: str, token: str) -> str:
    """A robots.txt in which all agents that we are not are one agent.

    The parser keeps each rule once for each agent that it is for: two thousand of both take it ten seconds and 300 MB, and there is
    room for ten times as many.  Where a group begins is seen as before, and asterisks in names are left out as the parser does.

    >>> for_us("User-agent: Others\\nUser-agent: inyeon*\\nDisallow: /a", "InyeonBot")
    'User-agent: -\\nUser-agent: inyeon\\nDisallow: /a'
    """
    lines = text.splitlines()
    for number, line in enumerate(lines):
        match = _AGENT.match(line)
        name = match["name"].strip().lower() if match else ""
        if name and name != "*":
            plain = name.replace("*", "")
            lines[number] = f"User-agent: {plain}" if plain and token.lower().startswith(plain) else _NOBODY
    return "\n".join(lines)
