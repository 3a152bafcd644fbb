"""What can break while collecting.

CrawlError
└── SourceError             a source did not give what was asked of it
    ├── Gone                the picture or page is no longer there (404, 410, removed by its owner): never ask again
    ├── Throttled           too much was asked (429, a spent quota): wait `retry_after` seconds
    ├── Refused             the source does not let us (401, 403): an operator must act
    │   ├── Unset           a setting that the source needs is empty: nothing was asked
    │   └── Forbidden       robots.txt does not let us: nothing was asked
    └── Broken              the answer makes no sense or the connection failed: asking again may help
        └── Stale           the place where to go on is not taken (any more): asking from there again never helps

Pictures that are no couple are not here: those are `crawler.couples.Decision` values.
"""

from __future__ import annotations


class CrawlError(Exception):
    """Anything that is broken in collecting; the message is one line that says what to do."""


class SourceError(CrawlError):
    """A source did not give what was asked of it."""


class Gone(SourceError):
    """The picture or page is no longer there, and will not come back."""


class Throttled(SourceError):
    """The source asks for a pause."""

    def __init__(self, message: str, retry_after: float) -> None:
        """`retry_after`: seconds until the source may be asked again."""
        super().__init__(message)
        self.retry_after = retry_after


class Refused(SourceError):
    """The source does not let us: a token is missing or spent, or robots.txt forbids it."""


class Unset(Refused):
    """A setting is missing without which the source gives nothing."""


class Forbidden(Refused):
    """robots.txt forbids it, so that nothing was asked of the host."""


class Broken(SourceError):
    """The answer makes no sense, or there was none."""


class Stale(Broken):
    """The source does not take a cursor, or takes it no longer: forget it and begin anew, but not twice in one run."""
