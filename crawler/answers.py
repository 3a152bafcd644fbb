"""What a host answered, and which error that is."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from crawler.errors import Broken, Gone, Refused, Throttled


class Passing(Broken):
    """Broken, but likely whole at the next try; it is retried before anyone hears of it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a host answered; every status but redirects, as the caller's `check` let it through."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    place: str
    """Where it came from, without the query: fit for messages."""
    kept: bool = False
    """Whether the host said "not modified" and the body is the one of last time."""

    def json(self) -> object:
        """The body as JSON.

        Raises:
            Passing: it is none: a half page, an error page in HTML, or nested beyond reason.

        """
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            raise Passing(f"{self.place} did not answer with JSON (status {self.status})") from None


Check = Callable[[Answer], None]


def by_status(answer: Answer) -> None:
    """The error that a status stands for.

    Raises:
        Gone: 404, 410.
        Refused: 401, 402, 403, 407, 451.
        Throttled: 429, and 503 with a pause.
        Passing: 408, 425 and every 5xx.
        Broken: what else is no success.

    """
    status = answer.status
    if 200 <= status < 300:
        return
    what = f"{answer.place} answered {status}"
    if status in (404, 410):
        raise Gone(what)
    if status in (401, 402, 403, 407, 451):
        raise Refused(what)
    if status == 429 or (status == 503 and "retry-after" in answer.headers):
        raise Throttled(what, retry_after(answer.headers))
    if status in (408, 425) or status >= 500:
        raise Passing(what)
    raise Broken(what)


def retry_after(headers: Mapping[str, str], now: float | None = None, default: float = 0.0) -> float:
    """Seconds of the header Retry-After (a number or a date, RFC 9110, 10.2.3), `default` where there is none that makes sense.

    >>> retry_after({"retry-after": "120"}), retry_after({"retry-after": "soon"}), retry_after({"retry-after": "-5"})
    (120.0, 0.0, 0.0)
    >>> retry_after({"retry-after": "Thu, 01 Jan 1970 00:01:00 GMT"}, now=20.0)
    40.0
    """
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdecimal():
        return min(float(value[:12]), 31_536_000.0)
    try:
        at = parsedate_to_datetime(value).timestamp()
    except (ValueError, TypeError, OverflowError):
        return default
    return max(0.0, at - (time.time() if now is None else now))
