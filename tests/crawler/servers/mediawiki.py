"""The action API of Wikimedia Commons as far as pictures of a category or a search go: generator, imageinfo, continue, maxlag."""

from __future__ import annotations

from typing import Any

from tests.crawler.servers.site import Asked, Reply, Site, as_json

STEPS = (20, 40, 60, 120, 250, 330, 500, 960, 1280, 1920, 3840)
"""Widths of thumbnails that Wikimedia makes; for another one the next larger is given."""


def maxlag(seconds: int = 7) -> Reply:
    about = {"code": "maxlag", "info": f"Waiting for db1234: {seconds} seconds lagged.", "lag": seconds, "host": "db1234"}
    return as_json({"error": about}, 200, Retry_After="5", X_Database_Lag=str(seconds))


class MediaWiki(Site):
    """`files` are the files of every category and search."""

    robots = "User-agent: *\nDisallow: /w/\n"

    def __init__(self) -> None:
        super().__init__()
        self.files: list[dict[str, Any]] = []
        self.info_at_once = 50
        """Of how many pages an answer has the picture's data; the others follow under `iicontinue`."""
        self.loop = False

    def fill(self, count: int, **more: Any) -> None:
        start = len(self.files)
        self.files += [self.file(number, **more) for number in range(start, start + count)]

    def file(self, number: int, **more: Any) -> dict[str, Any]:
        return {"pageid": 1000 + number, "title": f"File:Couple {number}.jpg", "width": 4000, "mime": "image/jpeg", "about": {}, **more}

    def answer(self, asked: Asked) -> Reply:
        if asked.path != "/w/api.php":
            return super().answer(asked)
        query = asked.query
        agent = asked.headers.get("user-agent", "")
        if "@" not in agent and "http" not in agent.partition("(")[2].partition(")")[0]:
            return Reply(403, b"Please set a user-agent and respect our robot policy https://w.wiki/4wJS", {"Content-Type": "text/plain"})
        if query.get("action") != "query" or query.get("formatversion") != "2":
            return as_json({"error": {"code": "badvalue", "info": "Unrecognized value for parameter"}})
        name = "gcm" if query.get("generator") == "categorymembers" else "gsr"
        limit = int(query.get(f"{name}limit", "10"))
        key = "gcmcontinue" if name == "gcm" else "gsroffset"
        start = int(query.get(key, "0"))
        files = self.files[start : start + limit]
        inner = int(query.get("iicontinue", "0"))
        pages = [self.page(file, index, query, index in range(inner, inner + self.info_at_once)) for index, file in enumerate(files)]
        answer: dict[str, Any] = {"query": {"pages": pages}} if files else {}
        if self.loop:
            return as_json(answer | {"continue": {key: str(limit), "continue": "-||"}})
        if inner + self.info_at_once < len(files):
            outer = {key: query[key]} if key in query else {}
            return as_json(answer | {"continue": {**outer, "iicontinue": str(inner + self.info_at_once), "continue": "||"}})
        if start + limit < len(self.files):
            return as_json(answer | {"batchcomplete": True, "continue": {key: str(start + limit), "continue": f"{key}||"}})
        return as_json(answer | {"batchcomplete": True})

    def page(self, file: dict[str, Any], index: int, query: dict[str, str], informed: bool) -> dict[str, Any]:
        page = {"pageid": file["pageid"], "ns": 6, "title": file["title"], "index": index + 1}
        if not informed:
            return page
        width = next((step for step in STEPS if step >= int(query["iiurlwidth"])), STEPS[-1])
        name = file["title"].removeprefix("File:").replace(" ", "_")
        info: dict[str, Any] = {
            "width": file["width"],
            "mime": file["mime"],
            "url": f"{self.base}/original/{name}",
            "descriptionurl": f"https://commons.wikimedia.org/wiki/{file['title'].replace(' ', '_')}",
            "extmetadata": {key: {"value": value, "source": "commons-desc-page"} for key, value in file["about"].items()},
        }
        if file["width"] > width:
            info |= {"thumburl": f"{self.base}/thumb/{name}/{width}px-{name}", "thumbwidth": width}
        return page | {"imagerepository": "local", "imageinfo": [info]}
