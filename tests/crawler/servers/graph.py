"""The Instagram Graph API's hashtag search, as documented: ids, pages, one cursor for all pages, usage, errors."""

from __future__ import annotations

import json
from typing import Any

from tests.crawler.servers.site import Asked, Reply, Site, as_json

TOKEN = "EAAB-the-token-of-the-operator"
USER = "17841405309211844"


def error(code: int, message: str, *, status: int = 400, subcode: int | None = None, **headers: str) -> Reply:
    about: dict[str, Any] = {"message": f"(#{code}) {message}", "type": "OAuthException", "code": code, "fbtrace_id": "AxY"}
    if subcode is not None:
        about["error_subcode"] = subcode
    return as_json({"error": about}, status, **headers)


class Graph(Site):
    """`media[tag]` are the media of a hashtag, newest first; anything else is unknown."""

    def __init__(self) -> None:
        super().__init__()
        self.media: dict[str, list[dict[str, Any]]] = {}
        self.size = 50
        self.usage: dict[str, str] = {}
        self.constant_cursor = False
        self.loop = False
        self.place: dict[str, int] = {}
        """Where each hashtag's one cursor stands, for `constant_cursor`."""

    def image(self, number: int, caption: str = "", **more: Any) -> dict[str, Any]:
        return {
            "id": f"1780{number}",
            "media_type": "IMAGE",
            "media_url": f"{self.base}/cdn/{number}.jpg",
            "permalink": f"https://www.instagram.com/p/C{number}/",
            "caption": caption,
        } | more

    def fill(self, tag: str, count: int) -> None:
        self.media[tag] = [self.image(number, f"#{tag} day {number}") for number in range(count)]

    @property
    def ids(self) -> dict[str, str]:
        return {str(1784 * 10**13 + index): tag for index, tag in enumerate(self.media)}

    def answer(self, asked: Asked) -> Reply:
        if asked.path.startswith("/cdn/"):
            return super().answer(asked)
        if asked.query.get("access_token") != TOKEN:
            return error(190, "Invalid OAuth access token.", subcode=463)
        if asked.query.get("user_id") != USER:
            return error(100, "The parameter user_id is required")
        fields = {name.replace("_", "-"): text for name, text in self.usage.items()}
        if asked.path == "/v23.0/ig_hashtag_search":
            found = [hashtag_id for hashtag_id, tag in self.ids.items() if tag == asked.query.get("q")]
            if not found:
                return error(24, "The requested resource does not exist", subcode=2207024)
            return Reply(200, json.dumps({"data": [{"id": found[0]}]}).encode(), fields)
        hashtag_id, _, edge = asked.path.removeprefix("/v23.0/").partition("/")
        if hashtag_id not in self.ids or edge not in ("recent_media", "top_media"):
            return error(100, "Unsupported get request. Object does not exist", subcode=33)
        return Reply(200, json.dumps(self.page(hashtag_id, asked)).encode(), fields)

    def page(self, hashtag_id: str, asked: Asked) -> dict[str, Any]:
        media = self.media[self.ids[hashtag_id]]
        after = asked.query.get("after", "")
        start = self.place.get(hashtag_id, 0) if self.constant_cursor and after else int(after.removeprefix("at-") or 0)
        end = start + min(self.size, int(asked.query.get("limit", "25")), 50)
        self.place[hashtag_id] = end
        if self.loop:
            start, end = 0, self.size
        answer: dict[str, Any] = {"data": media[start:end]}
        if end < len(media) or self.loop:
            cursor = "at-" if self.constant_cursor else f"at-{end}"
            link = f"{self.base}{asked.path}?access_token={TOKEN}&limit=50&after={cursor}"
            answer["paging"] = {"cursors": {"after": cursor}, "next": link}
        return answer


class Memory:
    """A ledger for one test."""

    def __init__(self) -> None:
        self.tags: dict[str, tuple[str, float]] = {}
        self.now = 0.0

    def id_of(self, tag: str) -> str | None:
        return self.tags[tag][0] if tag in self.tags else None

    def asked(self, seconds: float) -> set[str]:
        return {tag for tag, (_, at) in self.tags.items() if at >= self.now - seconds}

    def note(self, tag: str, hashtag_id: str) -> None:
        self.tags[tag] = (hashtag_id, self.now)
