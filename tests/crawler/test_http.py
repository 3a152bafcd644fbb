"""The polite client against a server that does all that servers do."""

from __future__ import annotations

import datetime as dt
import gzip
import logging
import socket
import threading
import zlib
from collections.abc import Iterator
from contextlib import suppress
from email.utils import format_datetime
from time import sleep

import pytest

from crawler.answers import Answer, Passing, by_status
from crawler.errors import Broken, CrawlError, Gone, Refused, Throttled
from crawler.http import PoliteClient, agent
from crawler.httpcache import Kept, MemoryCache
from tests.crawler.servers.site import GARBAGE, RESET, Asked, Reply, Site, Time, as_json, page, serving


class Many(Site):
    """Some addresses that behave in their own way."""

    def answer(self, asked: Asked) -> Reply:
        if asked.path == "/list":
            if asked.headers.get("if-none-match") == '"v1"':
                return Reply(304, headers={"ETag": '"v1"'})
            return Reply(200, b'{"n": 1}', {"ETag": '"v1"', "Last-Modified": "Sat, 21 Nov 2026 06:00:00 GMT"})
        if asked.path == "/loop":
            return Reply(302, headers={"Location": "/loop"})
        if asked.path.startswith("/hop/"):
            left = int(asked.path.removeprefix("/hop/"))
            return Reply(301, headers={"Location": f"/hop/{left - 1}"}) if left else Reply(200, b"there")
        return super().answer(asked)


@pytest.fixture
def site() -> Iterator[Many]:
    with serving(Many()) as site:
        yield site


@pytest.fixture
def time() -> Time:
    return Time()


def client(site: Site, time: Time, **options: object) -> PoliteClient:
    whole = {"rate": 1.0, "attempts": 4, "patience": 60.0, "timeout": 60.0, "trusted": [site.base], "seed": 1, "clock": time.clock}
    return PoliteClient(agent("ops@example.org"), **{**whole, **options})  # type: ignore[arg-type]


def test_it_says_who_it_is_and_where_it_can_be_reached(site: Many, time: Time) -> None:
    with client(site, time) as web:
        web.get(f"{site.base}/x", api=True)
    assert site.asked[0].headers["user-agent"].startswith("InyeonBot/0.1 (ops@example.org) httpx/")
    assert agent("a\r\nX-Evil: 1").isprintable()


def test_it_keeps_a_pause_between_two_requests_to_a_host(site: Many, time: Time) -> None:
    with client(site, time, rate=0.5) as web:
        for _ in range(3):
            web.get(f"{site.base}/x", api=True)
    assert time.slept == [2.0, 2.0]


def test_threads_wait_for_each_other() -> None:
    class Slow(Many):
        def answer(self, asked: Asked) -> Reply:
            sleep(0.05)  # long enough for another one to come
            return super().answer(asked)

    with serving(Slow()) as site, client(site, Time(), rate=1000.0) as web:
        threads = [threading.Thread(target=web.get, args=(f"{site.base}/x",), kwargs={"api": True}) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(site.asked) == 8
    assert site.busiest == 1


@pytest.mark.parametrize("fault", [page(500), page(502), page(503), page(504), page(408), RESET, Reply(200, b"0123456789", how="half")])
def test_what_passes_is_tried_again_with_jitter(site: Many, time: Time, fault: Reply) -> None:
    site.fail(fault, times=3)
    with client(site, time, rate=1000.0) as web:
        assert web.get(f"{site.base}/x", api=True).body.startswith(b"\xff\xd8")
    waits = [wait for wait in time.slept if wait > 0.002]
    assert len(site.asked) == 4
    assert len(waits) == 3
    assert all(wait <= ceiling for wait, ceiling in zip(waits, (1.0, 2.0, 4.0), strict=True))


@pytest.mark.parametrize("fault", [page(500), RESET])
def test_what_does_not_pass_is_broken_in_the_end(site: Many, time: Time, fault: Reply) -> None:
    site.fail(fault, times=100)
    with client(site, time) as web, pytest.raises(Broken):
        web.get(f"{site.base}/x", api=True)
    assert len(site.asked) == 4


def test_retry_after_is_waited_for(site: Many, time: Time) -> None:
    site.fail(page(429, Retry_After="30"))
    with client(site, time) as web:
        web.get(f"{site.base}/x", api=True)
    assert 30.0 <= time.slept[0] <= 31.0


def test_retry_after_may_be_a_date(site: Many, time: Time) -> None:
    at = dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)
    site.fail(page(503, Retry_After=format_datetime(at, usegmt=True)))
    with client(site, time, patience=7200.0) as web:
        web.get(f"{site.base}/x", api=True)
    assert 3500.0 <= time.slept[0] <= 3601.0


def test_a_long_pause_ends_it_and_the_host_is_left_alone(site: Many, time: Time) -> None:
    site.fail(page(429, Retry_After="3600"), times=100)
    with client(site, time) as web:
        with pytest.raises(Throttled) as caught:
            web.get(f"{site.base}/x", api=True)
        assert caught.value.retry_after == 3600.0
        time.passed += 100.0
        with pytest.raises(Throttled) as again:
            web.get(f"{site.base}/y", api=True)
        assert again.value.retry_after == pytest.approx(3500.0)
    assert len(site.asked) == 1
    assert time.slept == []


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, Refused),
        (403, Refused),
        (451, Refused),
        (404, Gone),
        (410, Gone),
        (400, Broken),
        (418, Broken),
        (429, Throttled),
        (500, Passing),
    ],
)
def test_statuses_have_their_errors(site: Many, time: Time, status: int, error: type[CrawlError]) -> None:
    site.fail(page(status), times=100)
    with client(site, time) as web, pytest.raises(error, match=str(status)):
        web.get(f"{site.base}/x", api=True)
    assert len(site.asked) == (4 if status in (429, 500) else 1)


def test_tokens_are_in_no_message_and_no_log(site: Many, time: Time, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    token = "EAAB" + "s3cretT0ken" * 6
    site.fail(page(404))
    with client(site, time, secrets=[token]) as web:
        with pytest.raises(Gone) as caught:
            web.get(f"{site.base}/x?a=1", {"access_token": token}, api=True)
        assert web.said(f"token {token} is bad, access_token=xyz") == "token … is bad, access_token=…"
    assert site.asked[0].query == {"a": "1", "access_token": token}
    assert token not in str(caught.value)
    assert "HTTP Request" in caplog.text
    assert token not in caplog.text


def test_a_changed_list_is_fetched_and_an_unchanged_one_is_not(site: Many, time: Time) -> None:
    cache = MemoryCache()
    with client(site, time, cache=cache) as web:
        first = web.get(f"{site.base}/list", {"access_token": "a"}, api=True, conditional=True)
        second = web.get(f"{site.base}/list", {"access_token": "b"}, api=True, conditional=True)
        third = web.get(f"{site.base}/list", api=True)
    assert first.json() == second.json() == third.json() == {"n": 1}
    assert (first.kept, second.kept, third.kept) == (False, True, False)
    assert site.asked[1].headers["if-none-match"] == '"v1"'
    assert site.asked[1].headers["if-modified-since"] == "Sat, 21 Nov 2026 06:00:00 GMT"
    assert "if-none-match" not in site.asked[2].headers


def test_a_304_that_nobody_asked_for_is_broken(site: Many, time: Time) -> None:
    site.fail(Reply(304))
    with client(site, time) as web, pytest.raises(Broken, match="304"):
        web.get(f"{site.base}/x", api=True)


def test_the_cache_lets_go_of_what_was_not_used(site: Many) -> None:
    cache = MemoryCache(most=10)
    for key in "abc":
        cache.put(key, Kept("e", "", b"1234"))
        cache.get("a")
    assert [key for key in "abc" if cache.get(key)] == ["a", "c"]


@pytest.mark.parametrize("name", ["endless", "announced", "bomb", "deflate bomb"])
def test_bodies_are_bounded(site: Many, time: Time, name: str) -> None:
    replies = {
        "endless": Reply(200, how="endless"),
        "announced": Reply(200, b"x" * 2_000_000),
        "bomb": Reply(200, gzip.compress(b"\0" * 30_000_000), {"Content-Encoding": "gzip"}),
        "deflate bomb": Reply(200, zlib.compress(b"\0" * 30_000_000), {"Content-Encoding": "deflate"}),
    }
    site.fail(replies[name])
    with client(site, time) as web, pytest.raises(Broken, match="larger than 1,000,000 bytes"):
        web.picture(f"{site.base}/x", 1_000_000)


def test_packed_answers_are_unpacked(site: Many, time: Time) -> None:
    whole = gzip.compress(b'{"a": 1}' + b" " * 100_000)
    site.fail(Reply(200, whole, {"Content-Encoding": "gzip"}))
    site.fail(Reply(200, whole[:-20], {"Content-Encoding": "gzip"}))
    site.fail(Reply(200, b"not packed at all", {"Content-Encoding": "gzip"}))
    site.fail(Reply(200, b"?", {"Content-Encoding": "br"}))
    with client(site, time, attempts=1) as web:
        assert web.get(f"{site.base}/x", api=True).json() == {"a": 1}
        for _ in range(3):
            with pytest.raises(Broken):
                web.get(f"{site.base}/x", api=True)


def test_a_slow_answer_is_given_up(site: Many) -> None:
    site.fail(Reply(200, b"x" * 10))
    ticking = Time()

    def later() -> float:
        ticking.passed += 300.0
        return ticking.passed

    slow = PoliteClient(trusted=[site.base], attempts=1, timeout=60.0, clock=type(ticking.clock)(later, later, ticking.sleep))
    with slow as web, pytest.raises(Broken, match="longer than 240 seconds"):
        web.get(f"{site.base}/x", api=True)


def test_redirects_are_followed_but_not_for_ever(site: Many, time: Time) -> None:
    with client(site, time) as web:
        assert web.get(f"{site.base}/hop/5", api=True).body == b"there"
        with pytest.raises(Broken, match="redirects more than 5 times"):
            web.get(f"{site.base}/loop", api=True)
        site.fail(Reply(302))
        with pytest.raises(Broken, match="leads nowhere"):
            web.get(f"{site.base}/x", api=True)


def test_keys_do_not_travel_to_another_host(site: Many, time: Time) -> None:
    with serving(Many()) as other, client(site, time, trusted=[site.base, other.base]) as web:
        site.fail(Reply(302, headers={"Location": f"{other.base}/taken"}))
        web.get(f"{site.base}/x", headers={"X-Naver-Client-Secret": "s"}, api=True)
        assert site.asked[0].headers["x-naver-client-secret"] == "s"
        assert "x-naver-client-secret" not in other.asked[-1].headers
        assert other.paths() == ["/robots.txt", "/taken"]


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{other}/x", "http://localhost:{other}/x", "http://[::1]:{other}/x", "http://10.0.0.1/x",
        "http://169.254.169.254/latest/meta-data", "http://[::ffff:127.0.0.1]:{other}/x", "http://0.0.0.0:{other}/x", "file:///etc/passwd",
        "ftp://example.org/x", "http://", "http://user:pw@127.0.0.1/x", "//x", "", "http://[", "http://a b/", "http://127.0.0.1:99999/",
        "http://\x00/", "http://" + "a" * 300 + "/",
    ],
)  # fmt: skip
def test_addresses_in_the_operators_network_are_refused(site: Many, time: Time, url: str) -> None:
    with serving(Many()) as other, client(site, time, attempts=1) as web:
        port = other.base.rpartition(":")[2]
        with pytest.raises(Broken):
            web.picture(url.replace("{other}", port), 1000)
        site.fail(Reply(302, headers={"Location": url.replace("{other}", port) or "/"}), part="/away")
        if url.startswith("http://1"):
            with pytest.raises(Broken):
                web.picture(f"{site.base}/away", 1000)
        assert other.asked == []


def test_a_name_that_changes_its_address_is_caught(site: Many, time: Time, monkeypatch: pytest.MonkeyPatch) -> None:
    real, looked_up = socket.getaddrinfo, []

    def changing(host: str, port: int, *rest: object, **more: object) -> list[object]:
        looked_up.append(host)
        if host == "rebound.example":
            host = "93.184.216.34" if looked_up.count(host) % 2 else "127.0.0.1"
        return list(real(host, port, *rest, **more))  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", changing)
    site.fail(Reply(200, b"secret of the intranet"), times=9)
    with client(site, time) as web, pytest.raises(Broken, match="private network"):
        web.get(f"http://rebound.example:{site.base.rpartition(':')[2]}/x", api=True)
    assert looked_up == ["rebound.example"] * 2


def test_robots_are_obeyed(site: Many, time: Time) -> None:
    site.robots = "User-agent: *\nDisallow: /\n\nUser-agent: InyeonBot\nDisallow: /private\nAllow: /private/shared*\nCrawl-delay: 7\n"
    with client(site, time) as web:
        web.picture(f"{site.base}/photo.jpg", 1000)
        web.picture(f"{site.base}/private/shared.jpg", 1000)
        with pytest.raises(Refused, match=r"robots\.txt"):
            web.picture(f"{site.base}/private/photo.jpg", 1000)
        site.fail(Reply(302, headers={"Location": "/private/x"}))
        with pytest.raises(Refused, match=r"robots\.txt"):
            web.picture(f"{site.base}/photo2.jpg", 1000)
        web.get(f"{site.base}/private/api", api=True)
    assert site.paths("robots") == ["/robots.txt"]
    assert site.paths("/private") == ["/private/shared.jpg", "/private/api"]
    assert time.slept[-1] == 7.0


def test_nothing_is_fetched_while_robots_cannot_be_read(site: Many, time: Time) -> None:
    class Ill(Many):
        def respond(self, asked: Asked) -> Reply:
            return page(500) if asked.path == "/robots.txt" and time.passed < 500 else super().respond(asked)

    with serving(Ill()) as ill, client(ill, time, attempts=1) as web:
        with pytest.raises(Broken, match=r"robots\.txt cannot be read"):
            web.picture(f"{ill.base}/photo.jpg", 1000)
        assert ill.paths() == []
        time.passed += 700
        assert web.picture(f"{ill.base}/photo.jpg", 1000)


@pytest.mark.parametrize("robots", ["\x00\xff", "Disallow", "User-agent: *\nCrawl-delay: soon\nRequest-rate: x/y", "Sitemap: :" * 1000])
def test_strange_robots_forbid_nothing(site: Many, time: Time, robots: str) -> None:
    site.robots = robots
    with client(site, time) as web:
        assert web.picture(f"{site.base}/photo.jpg", 1000)


def test_an_empty_picture_is_broken(site: Many, time: Time) -> None:
    site.fail(Reply(200, b""), times=10)
    with client(site, time) as web, pytest.raises(Broken, match="empty"):
        web.picture(f"{site.base}/photo.jpg", 1000)


@pytest.mark.parametrize("body", GARBAGE)
def test_garbage_is_json_or_broken(body: bytes) -> None:
    answer = Answer(200, {}, body, "http://a/b")
    by_status(answer)
    with suppress(Passing):
        answer.json()


def test_a_check_decides_what_is_an_error_and_is_asked_at_every_try(site: Many, time: Time) -> None:
    site.fail(as_json({"error": "busy"}), times=2)

    def check(answer: Answer) -> None:
        if answer.body.startswith(b"{"):
            raise Throttled("busy", 5.0)

    with client(site, time) as web:
        assert web.get(f"{site.base}/x", api=True, check=check).body.startswith(b"\xff\xd8")
    assert len(site.asked) == 3


def test_little_patience_still_allows_our_own_pause(site: Many, time: Time) -> None:
    with client(site, time, patience=0.0) as web:
        web.get(f"{site.base}/x", api=True)
        web.get(f"{site.base}/x", api=True)
    assert time.slept == [1.0]


def test_a_host_that_wants_an_hour_between_requests_gets_it(site: Many, time: Time) -> None:
    site.robots = "User-agent: *\nCrawl-delay: 3600\n"
    with client(site, time) as web:
        web.picture(f"{site.base}/photo.jpg", 1000)
        with pytest.raises(Throttled) as caught:
            web.picture(f"{site.base}/photo2.jpg", 1000)
    assert caught.value.retry_after == pytest.approx(3600.0)
