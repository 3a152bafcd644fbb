"""The one way out of the house: a client that is polite and that only ever fails with `CrawlError`.

Polite means: one request at a time to a host and a pause after it, robots.txt where people's pages or pictures are fetched, retries
with backoff and jitter for what passes, `Retry-After` before our own idea of a pause, "has it changed?" instead of fetching twice,
and a name under which we can be reached.

Careful means: bounded bodies (also after decompression), bounded redirects, bounded time, no addresses inside the operator's
network, no tokens in messages or logs, headers with keys only ever to the host they are for.
"""

from __future__ import annotations

import ipaddress
import platform
import socket
import ssl
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import TracebackType
from typing import Self

import httpx

from crawler.answers import Answer, Check, Passing, by_status
from crawler.errors import Broken, Forbidden, Throttled
from crawler.httpcache import BODY_MAX, HttpCache, Kept, key_of
from crawler.pacing import Clock, Pacer
from crawler.redaction import hide_queries, place, said
from crawler.retrying import Retrier
from crawler.robots import ROBOTS_BYTES, Robots

NAME = "InyeonBot"
"""Our name in robots.txt and at the beginning of the user agent."""
PAGE_BYTES = 8_000_000
"""Bytes of a page of a list, after decompression."""
ERROR_BYTES = 65_536
REDIRECTS = 5


def agent(contact: str, version: str = "0.1") -> str:
    """How we call ourselves, in the form that the Wikimedia User-Agent policy asks for."""
    about = contact.strip() or "no contact given"
    line = f"{NAME}/{version} ({about}) httpx/{httpx.__version__} Python/{platform.python_version()}"
    return "".join(character if " " <= character <= "~" else "?" for character in line)


@dataclass(frozen=True, slots=True)
class _Ask:
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    max_bytes: int = PAGE_BYTES
    api: bool = False
    check: Check = by_status
    conditional: bool = False


class PoliteClient:
    """Fetches, one request a host at a time; may be shared between threads and must be closed."""

    def __init__(
        self,
        user_agent: str = agent(""),
        *,
        rate: float = 1.0,
        attempts: int = 4,
        patience: float = 120.0,
        timeout: float = 30.0,
        trusted: Iterable[str] = (),
        secrets: Iterable[str] = (),
        cache: HttpCache | None = None,
        clock: Clock | None = None,
        seed: int | None = None,
    ) -> None:
        """Store the settings; nothing is fetched before it is asked for.

        `rate`: requests a second to one host; `attempts`: tries in all; `patience`: the longest pause in seconds that is waited
        for; `timeout`: seconds for connecting and between two pieces of an answer, a whole answer may take four times that;
        `trusted`: addresses whose hosts may lie in a private network; `secrets`: what must never be in a message.
        """
        self.timeout = timeout
        self.secrets = tuple(secret for secret in secrets if secret)
        self.clock = clock or Clock()
        self._trusted = {_netloc(httpx.URL(address)) for address in trusted if address}
        self._cache = cache
        self._retrier = Retrier(attempts, patience, self.clock, seed)
        self._pacer = Pacer(1.0 / rate if rate > 0 else 0.0, patience, self.clock)
        self._robots = Robots(self._fetch_robots, NAME, self.clock)
        hide_queries()
        # No proxy, netrc or certificate settings out of the environment: what we do is in settings.toml.
        self._client = httpx.Client(
            timeout=timeout,
            verify=_certificates(),
            follow_redirects=False,
            trust_env=False,
            headers={"User-Agent": user_agent, "Accept-Encoding": "gzip", "Accept": "*/*"},
            limits=httpx.Limits(max_keepalive_connections=8, max_connections=32),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def get(
        self,
        url: str,
        params: Mapping[str, str | int] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        max_bytes: int = PAGE_BYTES,
        api: bool = False,
        check: Check = by_status,
        conditional: bool = False,
    ) -> Answer:
        """Fetch an address and retry what passes.

        `api`: an interface that is asked under terms of its own, to which robots.txt does not speak.  `check` raises the error
        that an answer stands for; `Throttled` and `Passing` are retried.  `conditional`: ask "has it changed?" and keep the answer.

        Raises:
            SourceError: there is no answer that `check` lets through.

        """
        try:
            whole = httpx.URL(url)
            whole = whole.copy_merge_params(dict(params)) if params else whole
        except (httpx.InvalidURL, ValueError, TypeError):
            raise Broken(f"{place(url)} is no address") from None
        ask = _Ask(str(whole), dict(headers or {}), max_bytes, api, check, conditional and self._cache is not None)
        try:
            return self._retrier.call(lambda: self._attempt(ask))
        except Throttled as error:
            # Whoever asks next finds the door closed without knocking.
            self._pacer.hold(_netloc(whole), error.retry_after)
            raise

    def picture(self, url: str, max_bytes: int, *, api: bool = False, check: Check = by_status) -> bytes:
        """The bytes of a picture, if robots.txt of its host allows, or where an interface gave its address to be fetched (`api`).

        Raises:
            SourceError: see `get`.

        """
        answer = self.get(url, max_bytes=max_bytes, headers={"Accept": "image/*"}, api=api, check=check)
        if not answer.body:
            raise Passing(f"{answer.place} is empty")
        return answer.body

    def hold(self, url: str, seconds: float) -> None:
        """Leave the host of `url` alone for so long, because it said that we come too often."""
        self._pacer.hold(_netloc(httpx.URL(url)), seconds)

    def said(self, words: object) -> str:
        """A server's words, fit for a message."""
        return said(words, self.secrets)

    def _attempt(self, ask: _Ask) -> Answer:
        key = key_of(ask.url) if ask.conditional else ""
        kept = self._cache.get(key) if key and self._cache else None
        headers = dict(ask.headers)
        if kept and kept.etag:
            headers["If-None-Match"] = kept.etag
        if kept and kept.last_modified:
            headers["If-Modified-Since"] = kept.last_modified
        answer = self._follow(ask, headers)
        if answer.status == 304:
            if kept is None:
                raise Broken(f"{answer.place} answered 304 to a question that was not asked")
            answer = Answer(200, answer.headers, kept.body, answer.place, kept=True)
        ask.check(answer)
        if key and self._cache and not answer.kept:
            self._keep(key, answer)
        return answer

    def _keep(self, key: str, answer: Answer) -> None:
        etag, modified = answer.headers.get("etag", ""), answer.headers.get("last-modified", "")
        private = "no-store" in answer.headers.get("cache-control", "").lower()
        # A mark that is cut short is none: the host would not recognise it.
        etag, modified = etag if len(etag) <= 1000 else "", modified if len(modified) <= 64 else ""
        if self._cache and answer.status == 200 and (etag or modified) and not private and len(answer.body) <= BODY_MAX:
            self._cache.put(key, Kept(etag, modified, answer.body))

    def _follow(self, ask: _Ask, headers: dict[str, str]) -> Answer:
        url, api = httpx.URL(ask.url), ask.api
        for _ in range(REDIRECTS + 1):
            if not api:
                self._ask_robots(str(url))
            answer = self._exchange(url, headers, ask.max_bytes)
            if answer.status not in (301, 302, 303, 307, 308):
                return answer
            try:
                target = url.join(answer.headers["location"])
            except (KeyError, httpx.InvalidURL, ValueError):
                raise Broken(f"{answer.place} leads nowhere") from None
            if url.scheme == "https" and target.scheme != "https":
                raise Broken(f"{answer.place} leads from https to {target.scheme or 'nothing'}")
            if _netloc(target) != _netloc(url):
                # Keys are for the host that was asked, and so are the terms under which robots.txt does not matter.
                headers, api = {}, False
            url = target
        raise Broken(f"{place(ask.url)} redirects more than {REDIRECTS} times")

    def _ask_robots(self, url: str) -> None:
        if not self._robots.allows(url):
            raise Forbidden(f"robots.txt does not let us fetch {place(url)}")
        delay = self._robots.delay(url)
        if delay > 0:
            self._pacer.slow(_netloc(httpx.URL(url)), delay)

    def _fetch_robots(self, url: str) -> tuple[int, bytes]:
        here = httpx.URL(url)
        for _ in range(REDIRECTS + 1):
            answer = self._exchange(here, {}, ROBOTS_BYTES, cut=True)
            if answer.status not in (301, 302, 303, 307, 308) or "location" not in answer.headers:
                return answer.status, answer.body
            try:
                here = here.join(answer.headers["location"])
            except (httpx.InvalidURL, ValueError):
                break
        return 404, b""  # RFC 9309, 2.3.1.2: too many redirects are as good as no robots.txt

    def _exchange(self, url: httpx.URL, headers: Mapping[str, str], max_bytes: int, *, cut: bool = False) -> Answer:
        """One request and its answer; with `cut` a body that is too long is shortened instead of refused."""
        here = place(url)
        try:
            self._check_address(url)
            with self._pacer.turn(_netloc(url)), self._client.stream("GET", url, headers=dict(headers)) as response:
                self._check_peer(url, response)
                success = 200 <= response.status_code < 300
                body = self._body(response, max_bytes if success else ERROR_BYTES, here, cut=cut or not success)
                fields = {name.lower(): value for name, value in response.headers.items()}
                return Answer(response.status_code, fields, body, here)
        except httpx.TimeoutException:
            raise Passing(f"{here} did not answer within {self.timeout:g} seconds") from None
        except (httpx.UnsupportedProtocol, httpx.InvalidURL, UnicodeError):
            raise Broken(f"{here} is no address that can be fetched") from None
        except (httpx.HTTPError, httpx.StreamError, OSError, ValueError) as error:
            raise Passing(f"{here} cannot be reached: {type(error).__name__}") from None

    def _body(self, response: httpx.Response, most: int, here: str, *, cut: bool) -> bytes:
        encoding = response.headers.get("content-encoding", "").strip().lower()
        if encoding not in ("", "identity", "gzip", "x-gzip", "deflate"):
            raise Broken(f"{here} answered in an encoding that was not asked for")
        inflate = zlib.decompressobj(wbits=47) if encoding not in ("", "identity") else None
        until = self.clock.monotonic() + 4 * self.timeout
        parts, size = [], 0
        try:
            for chunk in response.iter_raw(65_536):
                # At most one byte more than allowed is ever inflated, however well a bomb is packed.
                part = inflate.decompress(chunk, most - size + 1) if inflate else chunk
                size += len(part)
                if size > most and not cut:
                    raise Broken(f"{here} is larger than {most:,} bytes")
                parts.append(part)
                if size > most:
                    return b"".join(parts)[:most]
                if self.clock.monotonic() > until:
                    raise Passing(f"{here} took longer than {4 * self.timeout:g} seconds")
        except zlib.error:
            raise Passing(f"{here} is packed wrongly") from None
        if inflate and size and not inflate.eof and not cut:
            raise Passing(f"{here} ended too early")
        return b"".join(parts)

    def _check_address(self, url: httpx.URL) -> None:
        """Other people's pages must not lead us into the operator's own network."""
        if url.scheme not in ("http", "https") or not url.host or url.userinfo:
            raise Broken(f"{place(url)} is no address that can be fetched")
        if _netloc(url) in self._trusted:
            return
        port = url.port or (443 if url.scheme == "https" else 80)
        try:
            found = socket.getaddrinfo(url.host, port, type=socket.SOCK_STREAM)
        except OSError:
            raise Passing(f"{place(url)} cannot be reached: its host is unknown") from None
        if not all(_is_public(str(address[0])) for *_, address in found):
            raise Broken(f"{place(url)} lies in a private network: only addresses named in the settings may")

    def _check_peer(self, url: httpx.URL, response: httpx.Response) -> None:
        """A name may have changed its address between the look-up and the connection: then the answer is not even read."""
        stream = response.extensions.get("network_stream")
        address = stream.get_extra_info("server_addr") if stream else None
        if _netloc(url) not in self._trusted and address and not _is_public(str(address[0])):
            raise Broken(f"{place(url)} lies in a private network: only addresses named in the settings may")


@cache
def _certificates() -> ssl.SSLContext:
    """Reading the certificates of all authorities takes a quarter of a second: once is enough."""
    return httpx.create_ssl_context(trust_env=False)


def _is_public(address: str) -> bool:
    number = ipaddress.ip_address(address.partition("%")[0])
    return (getattr(number, "ipv4_mapped", None) or number).is_global


def _netloc(url: httpx.URL) -> str:
    port = url.port or {"https": 443, "http": 80}.get(url.scheme, 0)
    return f"{url.host}:{port}".lower()
