"""What instaloader asks of Instagram for a hashtag, in the two shapes that it knows: sections (now) and edges (before)."""

from __future__ import annotations

from typing import Any

from tests.crawler.servers.site import Asked, Reply, Site, as_json

LOGIN = Reply(302, headers={"Location": "https://www.instagram.com/accounts/login/?next=/explore/"})
WANTS_LOGIN = as_json({"message": "login_required", "require_login": True, "status": "fail"}, 403)
UNAUTHORIZED = as_json({"message": "Please wait a few minutes before you try again.", "require_login": True, "status": "fail"}, 401)
CHECKPOINT = as_json({"message": "checkpoint_required", "checkpoint_url": "/challenge/", "status": "fail"}, 400)


class InstagramWeb(Site):
    """`media[tag]` are the media of a hashtag, newest first."""

    def __init__(self) -> None:
        super().__init__()
        self.media: dict[str, list[dict[str, Any]]] = {}
        self.size = 27
        self.edges = False
        self.members_only = False
        self.loop = False

    def picture(self, number: int, described: str | None = None, **more: Any) -> dict[str, Any]:
        about = "May be an image of 2 people" if described is None else described
        return {
            "pk": f"31{number:04}",
            "code": f"C{number}",
            "media_type": 1,
            "taken_at": 1_700_000_000,
            "caption": {"text": f"day {number} #couple @someone"},
            "accessibility_caption": f"Photo by Mina Kim on May 1, 2026. {about}." if about else None,
            "image_versions2": {"candidates": [{"url": f"{self.base}/cdn/{number}.jpg", "width": 1080}]},
            "user": {"pk": 5, "username": "mina_k", "full_name": "Mina Kim"},
        } | more

    def fill(self, tag: str, count: int, start: int = 0) -> None:
        self.media[tag] = [self.picture(number) for number in range(start, start + count)]

    def answer(self, asked: Asked) -> Reply:
        if asked.path.startswith("/cdn/"):
            return super().answer(asked)
        if self.members_only and "sessionid=known" not in asked.headers.get("cookie", "") and "authorization" not in asked.headers:
            return WANTS_LOGIN
        first = asked.path == "/api/v1/tags/web_info/"
        if first != (asked.headers["host"] == "i.instagram.com"):
            return Reply(421)
        tag = asked.query.get("tag_name", "") if first else asked.path.removeprefix("/explore/tags/").rstrip("/")
        if tag not in self.media:
            return as_json({"message": "Not found", "status": "fail"}, 404)
        media = self.media[tag]
        start = int(asked.query.get("max_id", "QVF-0").removeprefix("QVF-")) if not self.loop else 0
        end = start + self.size
        more = end < len(media) or self.loop
        if self.edges:
            return as_json({"graphql": {"hashtag": self.connection(media, start, end, more)}, "status": "ok"})
        rows = [media[at : at + 3] for at in range(start, min(end, len(media)), 3)]
        rows = [row[: max(0, end - start)] for row in rows]
        sections = [{"layout_type": "media_grid", "layout_content": {"medias": [{"media": one} for one in row]}} for row in rows]
        recent = {"sections": sections, "more_available": more, "next_max_id": f"QVF-{end}"}
        return as_json({"data": {"name": tag, "media_count": len(media), "recent": recent, "top": {}}, "status": "ok"})

    def connection(self, media: list[dict[str, Any]], start: int, end: int, more: bool) -> dict[str, Any]:
        nodes = [
            {
                "__typename": "GraphImage",
                "id": one["pk"],
                "shortcode": one["code"],
                "is_video": one["media_type"] == 2,
                "display_url": one["image_versions2"]["candidates"][0]["url"],
                "taken_at_timestamp": one["taken_at"],
                "edge_media_to_caption": {"edges": [{"node": {"text": one["caption"]["text"]}}]},
                "accessibility_caption": one["accessibility_caption"],
                "owner": {"id": "5"},
            }
            for one in media[start:end]
        ]
        info = {"has_next_page": more, "end_cursor": f"QVF-{end}"}
        return {
            "name": "couple",
            "edge_hashtag_to_media": {"count": len(media), "page_info": info, "edges": [{"node": node} for node in nodes]},
        }
