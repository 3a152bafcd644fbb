"""instaloader's own requests against a server that answers as Instagram does, and as it does on its bad days."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from crawler import captions
from crawler.errors import Broken, CrawlError, Gone, Refused, Throttled
from crawler.ingest import by_words
from crawler.sources.base import Item
from crawler.sources.instaloader import Instaloader
from crawler.sources.reading import END
from tests.crawler.servers.instagram_web import CHECKPOINT, LOGIN, UNAUTHORIZED, WANTS_LOGIN, InstagramWeb
from tests.crawler.servers.site import GARBAGE, RESET, Reply, Time, as_json, page, serving
from tests.crawler.sources.crawling import ids, resumed


@pytest.fixture
def instagram() -> Iterator[InstagramWeb]:
    with serving(InstagramWeb()) as site:
        yield site


@pytest.fixture
def time() -> Time:
    return Time()


def source(instagram: InstagramWeb, time: Time, *tags: str, **options: Any) -> Instaloader:
    whole = {"switch": "on", "base": instagram.base, "rate": 100.0, "attempts": 3, "timeout": 60.0, "clock": time.clock, **options}
    return Instaloader(tags or ("couple",), **whole)


def names(numbers: range) -> list[str]:
    return [f"31{number:04}" for number in numbers]


@pytest.mark.parametrize("edges", [False, True])
def test_all_pages_of_all_hashtags_are_read_once(instagram: InstagramWeb, time: Time, edges: bool) -> None:
    instagram.edges = edges
    instagram.fill("couple", 70)
    instagram.fill("커플", 40, start=60)
    batches = list(source(instagram, time, "couple", "#커플").batches(""))
    assert ids(batches) == names(range(100))
    assert batches[0].total == 70
    assert batches[-1].cursor == END
    assert not any("graphql/query" in path or "/p/" in path for path in instagram.paths()), "nothing is asked photo by photo"


@pytest.mark.parametrize("edges", [False, True])
@pytest.mark.parametrize("cut", [1, 2])
def test_a_killed_crawl_loses_and_doubles_nothing(instagram: InstagramWeb, time: Time, edges: bool, cut: int) -> None:
    instagram.edges = edges
    instagram.fill("couple", 100)
    instagram.fill("love", 50, start=100)
    found = resumed(lambda: source(instagram, time, "couple", "love"), cut)
    assert [item.source_id for item in found] == names(range(150))


def test_the_machines_sentence_is_kept_and_names_are_not(instagram: InstagramWeb, time: Time) -> None:
    instagram.media["couple"] = [instagram.picture(1), instagram.picture(2, "May be an image of 3 people"), instagram.picture(3, "")]
    (batch,) = source(instagram, time).batches("")
    assert batch.items[0] == Item(
        source="instaloader",
        source_id="310001",
        url=f"{instagram.base}/cdn/1.jpg",
        page="https://www.instagram.com/p/C1/",
        tags=("couple",),
        caption="day 1 #couple",
        description="May be an image of 2 people.",
    )
    assert [captions.people(item.description) for item in batch.items] == [2, 3, None]
    assert "mina" not in repr(batch).lower()


LONG = "우리의 하루 " * 400


@pytest.mark.parametrize(
    ("posted", "described", "refused", "kept"),
    [
        (
            "lovely day with my baby",
            "Photo by Mina Kim on May 1, 2026. May be an image of 2 people.",
            "",
            "May be an image of 2 people. lovely",
        ),
        ("lovely day with my baby", "May be an image of 2 people and baby.", "caption", "May be an image of 2 people and baby. lovely"),
        ("우리 아기 같은 남친 💕", "사진: 홍길동. 사람 2명의 이미지일 수 있음", "", "사람 2명의 이미지일 수 있음 우리 아기"),
        ("우리 아기 같은 남친 💕", "사람 2명, 아기의 이미지일 수 있음", "caption", "사람 2명, 아기의 이미지일 수 있음 우리 아기"),
        (LONG, "May be an image of 5 people and child.", "caption", "May be an image of 5 people and child. 우리의 하루"),
        (LONG, f"사람 5명, 문구: '{LONG[:2000]}'의 이미지일 수 있음", "caption", "사람 5명, 문구"),
        (LONG, f"사람 2명, 아기, 문구: '{LONG[:2000]}'의 이미지일 수 있음", "caption", "사람 2명, 아기, 문구"),
        ("dinner with 3 people", "May be an image of 2 people.", "", "May be an image of 2 people. dinner with 3 people"),
        ("2 people", "May be an image of 3 people.", "caption", "May be an image of 3 people. 2 people"),
        ("3 people said hi", "", "", "3 people said hi"),
        ("3 people", "", "caption", "3 people"),
        ("3 people", "May be an image of one or more people.", "caption", "May be an image of one or more people. 3 people"),
        ("us", "my baby and me", "", "my baby and me us"),
        ("us", "A photo of five people at the sea", "caption", "A photo of five people at the sea us"),
        ("us", "May be an image of text that says 'Wow! 5 people'.", "", "May be an image of text that says"),
        ("it may be the best day of 3 people ever", "", "", "it may be"),
        ("", "May be an image of 1 person.", "caption", "May be an image of 1 person."),
    ],
)
def test_the_machines_sentence_goes_before_the_words_of_the_post(
    instagram: InstagramWeb, time: Time, posted: str, described: str, refused: str, kept: str
) -> None:
    instagram.media["couple"] = [
        instagram.picture(1, caption={"text": posted}, accessibility_caption=described or None),
        instagram.picture(
            2,
            media_type=8,
            caption={"text": posted},
            accessibility_caption="May be an image of 9 people.",
            carousel_media=[instagram.picture(3, accessibility_caption=described or None)],
        ),
    ]
    (batch,) = source(instagram, time).batches("")
    assert len(batch.items) == 2
    for item in batch.items:
        assert by_words(item) == refused
        stored = captions.kept(item.description, item.caption)
        assert stored.startswith(kept)
        assert len(stored) <= captions.CAPTION_MAX
        assert not {"Mina", "홍길동"} & set(stored.split())


def test_albums_give_their_pictures_and_videos_nothing(instagram: InstagramWeb, time: Time) -> None:
    children = [
        {"pk": "11", "media_type": 1, "image_versions2": {"candidates": [{"url": f"{instagram.base}/cdn/11.jpg"}]}},
        {"pk": "12", "media_type": 2, "image_versions2": {"candidates": [{"url": f"{instagram.base}/cdn/12.jpg"}]}},
        {"pk": "13", "media_type": 1, "image_versions2": {"candidates": []}},
    ]
    children[0]["accessibility_caption"] = "May be an image of 2 people"
    instagram.media["couple"] = [
        instagram.picture(1, media_type=8, carousel_media=children),
        instagram.picture(2, media_type=2),
        instagram.picture(3, media_type=99),
        instagram.picture(4, caption=None),
    ]
    (batch,) = source(instagram, time).batches("")
    assert [(item.source_id, captions.people(item.description)) for item in batch.items] == [("11", 2), ("310004", 2)]


def test_a_loop_of_pages_ends(instagram: InstagramWeb, time: Time) -> None:
    instagram.loop = True
    instagram.fill("couple", 50)
    batches = list(source(instagram, time).batches(""))
    assert len(batches) == 2
    assert len(ids(batches)) == 27


@pytest.mark.parametrize(
    ("reply", "kind", "word"),
    [
        (LOGIN, Refused, "login"),
        (WANTS_LOGIN, Refused, "403"),
        (UNAUTHORIZED, Refused, "401"),
        (CHECKPOINT, Refused, "login"),
        (page(401), Refused, "401"),
        (as_json({"status": "fail", "message": "bad"}, 400), Broken, "400"),
        (page(429), Throttled, "429"),
        (page(429, Retry_After="3000"), Throttled, "429"),
        (page(500), Broken, "500"),
        (page(200), Broken, "cannot be read"),
        (as_json({"status": "fail"}), Broken, "200"),
        (as_json({"data": {}, "status": "ok"}), Broken, "without photos"),
        (Reply(200, b'{"data": {"recent": {"sections": [', {"Content-Type": "application/json"}), Broken, "cannot be read"),
        (Reply(200, b'{"data": {"recent": {"sections": []}}}', {"Content-Type": "application/json"}, "half"), Broken, "cannot be read"),
        (Reply(302, headers={"Location": "https://www.instagram.com/explore/tags/couple/"}), Broken, "cannot be read"),
        (Reply(200, b"x" * 9_000_000), Broken, "larger than"),
        (RESET, Broken, "cannot be read"),
    ],
)
def test_errors_are_told_apart(
    instagram: InstagramWeb, time: Time, capfd: pytest.CaptureFixture[str], reply: Reply, kind: type[CrawlError], word: str
) -> None:
    instagram.fill("couple", 70)
    instagram.fail(reply, part="/explore/tags", times=10_000)
    crawl = source(instagram, time, max_bytes=1_000_000).batches("")
    first = next(crawl)
    with pytest.raises(kind, match=word) as caught:
        next(crawl)
    assert "\n" not in str(caught.value)
    assert "http" not in str(caught.value)
    instagram.faults.clear()
    rest = list(source(instagram, Time()).batches(first.cursor))
    assert ids([first, *rest]) == names(range(70))
    assert capfd.readouterr() == ("", ""), "instaloader prints nothing of its own"


def test_what_passes_is_tried_again_and_what_does_not_is_not(instagram: InstagramWeb, time: Time) -> None:
    instagram.fill("couple", 70)
    instagram.fail(page(502), part="/explore/tags")
    instagram.fail(RESET, part="/explore/tags", after=1)
    assert len(ids(list(source(instagram, time).batches("")))) == 70
    count = len(instagram.asked)
    instagram.faults.clear()
    instagram.fail(UNAUTHORIZED, times=9)
    with pytest.raises(Refused):
        list(source(instagram, time).batches(""))
    assert len(instagram.asked) == count + 1, "who is refused does not knock again"


@pytest.mark.parametrize("part", ["/api/v1", "/explore"])
@pytest.mark.parametrize(
    "body", [*GARBAGE, b'{"data": {"recent": {"sections": [{"layout_content": {"medias": [{"media": {"pk": {}}}, 5]}}, 7]}}}']
)
def test_garbage_breaks_nothing_but_the_crawl(instagram: InstagramWeb, time: Time, body: bytes, part: str) -> None:
    instagram.fill("couple", 30)
    instagram.fail(Reply(200, body, {"Content-Type": "application/json"}), part=part, times=100)
    try:
        batches = list(source(instagram, time).batches(""))
    except CrawlError:
        return
    assert ids(batches) in ([], names(range(27)))


def test_an_unknown_hashtag_is_passed_over(instagram: InstagramWeb, time: Time) -> None:
    instagram.fill("couple", 3)
    batches = list(source(instagram, time, "none", "couple").batches(""))
    assert ids(batches) == names(range(3))


def test_it_is_off_unless_an_operator_switches_it_on(instagram: InstagramWeb, time: Time) -> None:
    with pytest.raises(Refused, match=r"crawler\.instaloader"):
        list(source(instagram, time, switch="off").batches(""))
    with pytest.raises(Refused, match="hashtag"):
        list(source(instagram, time, "❤").batches(""))
    assert instagram.asked == []


def test_a_stored_login_is_used(instagram: InstagramWeb, time: Time, tmp_path: Path) -> None:
    instagram.members_only = True
    instagram.fill("couple", 40)
    with pytest.raises(Refused):
        list(source(instagram, time).batches(""))
    file = tmp_path / "session-ops"
    file.write_bytes(pickle.dumps({"sessionid": "known", "csrftoken": "x", "ds_user_id": "5"}))
    logged_in = source(instagram, time, user="ops", session=str(file))
    assert len(ids(list(logged_in.batches("")))) == 40


@pytest.mark.parametrize("content", [None, b"", b"no pickle", pickle.dumps([]), pickle.dumps({})])
def test_a_login_that_cannot_be_read_is_one_line(instagram: InstagramWeb, time: Time, tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "session-ops"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(Refused, match=r"crawler\.instaloader_session .* instaloader --login NAME"):
        list(source(instagram, time, user="ops", session=str(file)).batches(""))


def test_pictures_are_read_from_instagrams_hosts_only(instagram: InstagramWeb, time: Time) -> None:
    instagram.fill("couple", 1)
    crawler = source(instagram, time, max_bytes=9_000_000)
    (batch,) = crawler.batches("")
    (item,) = batch.items
    assert crawler.read(item) == b"\xff\xd8picture of /cdn/0.jpg"
    instagram.fail(page(403), part="cdn")
    with pytest.raises(Broken, match="expired"):
        crawler.read(item)
    instagram.fail(page(404), part="cdn")
    with pytest.raises(Gone):
        crawler.read(item)
    instagram.fail(Reply(200, how="endless"), part="cdn")
    with pytest.raises(Broken, match="larger"):
        crawler.read(item)
    instagram.fail(Reply(302, headers={"Location": "http://169.254.169.254/latest/meta-data"}), part="cdn", times=9)
    with pytest.raises(Broken, match=r"169\.254\.169\.254"):
        crawler.read(item)
    for url in (
        "http://127.0.0.1:1/x",
        "https://evilwww.instagram.com.example.org/",
        "https://cdninstagram.com.example.org/x",
        "http://169.254.169.254/",
        "",
        "http://[",
    ):
        with pytest.raises(Broken):
            crawler.read(Item("instaloader", "1", url))


def test_the_pause_between_two_questions_is_kept(instagram: InstagramWeb, time: Time) -> None:
    instagram.fill("couple", 60)
    list(source(instagram, time, rate=0.25).batches(""))
    assert time.slept == [4.0, 4.0, 4.0]
