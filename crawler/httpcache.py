"""What is remembered of answers, so that the next request can ask "has it changed?" and cost the host nothing."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import parse_qsl, urlencode, urlsplit

BODY_MAX = 1_000_000
"""Bytes: larger answers are not kept.  Pictures never are: only pages of lists are asked for conditionally."""
UNNAMED = frozenset({"access_token", "appsecret_proof"})
"""Query parameters that do not tell one page from another, and must not be kept, not even as part of a hash."""


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer and the marks by which the host recognises it."""

    etag: str
    last_modified: str
    body: bytes


class HttpCache(Protocol):
    """Where answers are kept; keys are those of `key_of`."""

    def get(self, key: str) -> Kept | None:
        """The answer kept under `key`."""
        ...

    def put(self, key: str, kept: Kept) -> None:
        """Keep an answer in place of the one before."""
        ...


def key_of(url: str) -> str:
    """SHA-256 in hex of an address without its tokens, with its parameters in order.

    >>> key_of("https://a/b?y=2&access_token=T&x=1") == key_of("https://a/b?x=1&y=2")
    True
    """
    parts = urlsplit(url)
    query = sorted(pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] not in UNNAMED)
    plain = f"{parts.scheme}://{parts.netloc}{parts.path}?{urlencode(query)}"
    return hashlib.sha256(plain.encode()).hexdigest()


class MemoryCache:
    """For one run: the answers used last, up to a number of bytes."""

    def __init__(self, most: int = 32_000_000) -> None:
        """`most`: bytes of bodies that are kept in all."""
        self.most = most
        self._kept: OrderedDict[str, Kept] = OrderedDict()
        self._size = 0

    def get(self, key: str) -> Kept | None:
        """The answer kept under `key`."""
        kept = self._kept.get(key)
        if kept is not None:
            self._kept.move_to_end(key)
        return kept

    def put(self, key: str, kept: Kept) -> None:
        """Keep an answer and let go of those that were not used for longest."""
        self._drop([key] if key in self._kept else [])
        self._kept[key] = kept
        self._size += len(kept.body)
        while self._size > self.most:
            self._drop([next(iter(self._kept))])

    def _drop(self, keys: Iterable[str]) -> None:
        for key in keys:
            self._size -= len(self._kept.pop(key).body)
