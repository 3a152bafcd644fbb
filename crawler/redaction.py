"""What may be said of an address or of a server's words: no query, no user, no token, one short line."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from urllib.parse import urlsplit

import httpx

SAID_MAX = 160
"""Characters of a server's own words that are passed on."""

_PARAMETER = re.compile(
    r"(?i)\b((?:[\w-]*(?:token|secret|password|proof|signature|session|api_?key|client_?id)[\w-]*|sig|key|code)[\"']?\s*[=:]\s*[\"']?)[^\s&\"',;]+"
)
_LONG = re.compile(r"[A-Za-z0-9_\-]{40,}")


def place(url: object) -> str:
    """Scheme, host and path of an address, without user, query and fragment.

    >>> place("https://me:pw@graph.example/v1/x?access_token=EAAB#top")
    'https://graph.example/v1/x'
    >>> place("//[")
    'an unusable address'
    """
    try:
        parts = urlsplit(str(url))
        host = f"[{parts.hostname}]" if parts.hostname and ":" in parts.hostname else parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "an unusable address"
    return f"{parts.scheme}://{host}{port}{parts.path}"[:SAID_MAX]


def said(text: object, secrets: Iterable[str] = ()) -> str:
    """A server's words as one short line without `secrets` and without what looks like one.

    >>> said("bad\\n token=EAAB12 of ?access_token=x&a=1, s3cret", ["s3cret"])
    'bad token=… of ?access_token=…&a=1, …'
    """
    line = " ".join(str(text).split())
    for secret in secrets:
        if secret:
            line = line.replace(secret, "…")
    return _LONG.sub("…", _PARAMETER.sub(r"\1…", line))[:SAID_MAX]


class HideQueries(logging.Filter):
    """Cuts the addresses in httpx's own log lines down to `place`: their queries carry tokens."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrites the record's arguments and lets it through."""
        if isinstance(record.args, tuple):
            record.args = tuple(place(value) if isinstance(value, httpx.URL) else value for value in record.args)
        return True


def hide_queries() -> None:
    """Make httpx's logger hide queries; a second call changes nothing."""
    logger = logging.getLogger("httpx")
    if not any(isinstance(known, HideQueries) for known in logger.filters):
        logger.addFilter(HideQueries())
