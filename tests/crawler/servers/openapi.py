"""Naver's open API, the shopping search of it, as documented: keys in headers, display and start, codes of errors."""

from __future__ import annotations

from typing import Any

from tests.crawler.servers.site import Asked, Reply, Site, as_json

CLIENT = "client-id-of-the-operator"
SECRET = "client-secret"


def error(status: int, code: str, message: str) -> Reply:
    return as_json({"errorMessage": message, "errorCode": code}, status)


class OpenApi(Site):
    """`goods` are what every search finds."""

    def __init__(self) -> None:
        super().__init__()
        self.goods: list[dict[str, Any]] = []
        self.half = 0
        """How many items are left out at the end of each page."""

    def fill(self, count: int) -> None:
        self.goods += [self.good(number) for number in range(len(self.goods), len(self.goods) + count)]

    def good(self, number: int, **more: Any) -> dict[str, Any]:
        return {
            "title": f"<b>린넨</b> 셔츠 {number} &amp; 팬츠",
            "link": f"https://search.shopping.naver.com/catalog/{number}",
            "image": f"{self.base}/main/{number}.jpg",
            "lprice": "19900",
            "hprice": "",
            "mallName": "네이버",
            "productId": str(80_000 + number),
            "productType": "1",
            "brand": "린넨하우스",
            "maker": "",
            "category1": "패션의류",
            "category2": "남성의류",
            "category3": "셔츠/남방",
            "category4": "",
        } | more

    def answer(self, asked: Asked) -> Reply:
        if asked.path != "/v1/search/shop.json":
            return super().answer(asked)
        if (asked.headers.get("x-naver-client-id"), asked.headers.get("x-naver-client-secret")) != (CLIENT, SECRET):
            return error(401, "024", "NID AUTH Result Invalid (1000) : Authentication failed. (인증에 실패했습니다.)")
        display, start = int(asked.query.get("display", "10")), int(asked.query.get("start", "1"))
        if not asked.query.get("query"):
            return error(400, "SE01", "Incorrect query request (잘못된 쿼리요청입니다.)")
        if not 1 <= display <= 100:
            return error(400, "SE02", "Invalid display value (부적절한 display 값입니다.)")
        if not 1 <= start <= 1000:
            return error(400, "SE03", "Invalid start value (부적절한 start 값입니다.)")
        if asked.query.get("sort", "sim") not in ("sim", "date", "asc", "dsc"):
            return error(400, "SE04", "Invalid sort value (부적절한 sort 값입니다.)")
        items = self.goods[start - 1 : start - 1 + display]
        items = items[: -self.half] if 0 < self.half < len(items) else items
        date = "Sat, 21 Nov 2026 16:00:00 +0900"
        return as_json({"lastBuildDate": date, "total": len(self.goods), "start": start, "display": len(items), "items": items})
