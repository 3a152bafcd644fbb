"""robots.txt of hosts that mean us no good: whatever stands there, it costs little and ends in a rule or in a `Broken`."""

from __future__ import annotations

import math
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from protego import Protego

from crawler.errors import CrawlError
from crawler.robots import DAY, ROBOTS_BYTES, Robots, for_us
from tests.crawler.servers.site import Time

NAME = "InyeonBot"
URL = "https://photos.example/private/a.jpg?x=1"


def robots(body: bytes | str) -> Robots:
    return Robots(lambda url: (200, body.encode() if isinstance(body, str) else body), NAME, Time().clock)


@pytest.mark.parametrize(
    ("rule", "wanted"),
    [
        ("Request-rate: 1/" + "9" * 400 + "s", DAY),
        ("Request-rate: 1/" + "9" * 5000 + "s", 0.0),
        ("Request-rate: 1/" + "9" * 400 + "d", DAY),
        ("Request-rate: " + "9" * 400 + "/1s", 0.0),
        ("Request-rate: " + "9" * 400 + "/" + "9" * 400 + "s", 1.0),
        ("Request-rate: 1/10s", 10.0),
        ("Request-rate: 2/1m", 30.0),
        ("Request-rate: 0/1s", 0.0),
        ("Request-rate: -1/-1s", 0.0),
        ("Crawl-delay: 1e308", DAY),
        ("Crawl-delay: 1e309", 0.0),
        ("Crawl-delay: nan", 0.0),
        ("Crawl-delay: -1", 0.0),
        ("Crawl-delay: 7\nRequest-rate: 1/" + "9" * 400, DAY),
    ],
)
def test_pauses_of_any_length_are_a_day_at_most(rule: str, wanted: float) -> None:
    assert robots(f"User-agent: *\n{rule}\n").delay(URL) == pytest.approx(wanted)


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("\ufeffUser-agent: *\nDisallow: /private", False),
        ("User-agent: *\0\nDisallow: /private", True),
        ("\0\nUser-agent: *\nDisallow: /private", False),
        ("User-agent: Other\nUser-agent: inyeon*\nDisallow: /private", False),
        ("User-agent: Other\nDisallow: /private\nUser-agent: *\nAllow: /", True),
        ("User-agent: InyeonBot\nAllow: /\n\nUser-agent: Other\nDisallow: /\nUser-agent: *\nDisallow: /", True),
        ("user agent InyeonBot # ours\nDisallow: /private", False),
        ("User-agent: Bot\nDisallow: /", True),
        ("User-agent:\nDisallow: /", True),
    ],
)
def test_groups_are_told_apart(text: str, allowed: bool) -> None:
    assert robots(text).allows(URL) is allowed


LARGE = f"""
import resource
from crawler.pacing import Clock
from crawler.robots import Robots
resource.setrlimit(resource.RLIMIT_AS, (1 << 31, 1 << 31))
resource.setrlimit(resource.RLIMIT_CPU, (30, 30))
agents = "".join(f"User-agent: a{{n}}\\nUser-agent: i{{'*' * (n % 60)}}n{{'*' * (n // 60)}}\\n" for n in range(3000))
rules = "".join(f"Disallow: /{{n}}*b$\\n" for n in range(12000))
assert len(agents + rules) < {ROBOTS_BYTES}
for text in (agents + rules, "User-agent: *\\nDisallow: /" + "*a" * 240000, "User-agent: *\\nAllow: /" + "$%" * 240000, "\\n" * 500000):
    robots = Robots(lambda url: (200, text.encode()[:{ROBOTS_BYTES}]), "{NAME}", Clock())
    assert robots.allows("{URL}") and robots.delay("{URL}") == 0.0
"""


def test_a_large_one_costs_little() -> None:
    """Bounds on processor and memory, in a process of its own: a host may not keep a crawler busy for minutes by one file."""
    done = subprocess.run([sys.executable, "-c", LARGE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-500:]


FIELDS = ["User-agent", "useragent", "User agent", "Disallow", "Allow", "Crawl-delay", "Request-rate", "Visit-time", "Sitemap", "Host", "x"]
VALUES = [
    "*",
    "InyeonBot",
    "inyeon*",
    "i",
    "-",
    "/",
    "/private*",
    "/%zz",
    "/%ff$",
    "1/5s",
    "1/0",
    "9" * 400 + "/1d",
    "0900-9999",
    "[",
    "\0",
]
LINE = st.tuples(st.sampled_from(FIELDS), st.sampled_from([": ", ":", " ", " : "]), st.one_of(st.sampled_from(VALUES), st.text(max_size=8)))
TEXT = st.lists(LINE.map("".join), max_size=12).map("\n".join)


@given(st.one_of(TEXT, st.text()), st.one_of(st.just(URL), st.text(max_size=12).map("https://photos.example/".__add__)))
def test_any_text_is_borne_and_says_what_it_said_to_the_parser(text: str, url: str) -> None:
    try:
        allowed, delay = robots(text.encode("utf-8", "replace")).allows(url), robots(text.encode("utf-8", "replace")).delay(url)
    except CrawlError:
        return
    assert math.isfinite(delay)
    assert 0.0 <= delay <= DAY
    whole = Protego.parse(text.encode("utf-8", "replace").decode("utf-8-sig", "replace"))
    assert allowed is whole.can_fetch(url, NAME)
    assert (for_us(for_us(text, NAME), NAME)) == for_us(text, NAME)


@given(st.binary(max_size=300))
def test_any_bytes_are_borne(body: bytes) -> None:
    made = robots(body)
    assert made.allows(URL) in {True, False}
    assert 0.0 <= made.delay(URL) <= DAY
