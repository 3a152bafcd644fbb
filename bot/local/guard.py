"""What every request and answer goes through: only this machine's own pages may talk to the server."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from aiohttp import web

from bot.local.errors import ApiError, PageError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; "
    "connect-src 'self'; font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Content-Security-Policy": CSP,
}


def is_local(request: web.Request) -> bool:
    """Whether a request names this machine and comes from a page of its own.

    A page on the internet cannot reach us by a name that resolves to this machine (DNS rebinding: its Host differs), nor by a
    form or a script (CSRF: its Origin differs).
    """
    host = request.headers.get("Host", "")
    if _split(f"//{host}").hostname not in LOCAL:
        return False
    origin = request.headers.get("Origin")
    if origin is not None and _split(origin).netloc != host:
        return False
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    if site in ("same-origin", "none"):
        return True
    # A link on another site may open the page itself, not its data.
    navigation = request.headers.get("Sec-Fetch-Mode") == "navigate" and request.method == "GET"
    return navigation and not request.path.startswith(("/page/", "/bot", "/file/"))


def _split(address: str) -> SplitResult:
    """The parts of an address, all empty where it is none."""
    try:
        return urlsplit(address)
    except ValueError:
        return urlsplit("")


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse foreign requests; word refusals for the page; add the security headers."""
    if not is_local(request):
        return web.json_response({"error": "only pages of this machine may ask"}, status=403, headers=HEADERS)
    try:
        response = await handler(request)
    except PageError as error:
        response = web.json_response({"error": error.message}, status=error.status)
    except ApiError as error:
        response = web.json_response({"error": error.description}, status=error.code)
    if not response.prepared:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
    return response
