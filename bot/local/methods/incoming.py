"""How the bot gets its updates: getUpdates, setWebhook, deleteWebhook, getWebhookInfo."""

from __future__ import annotations

import ipaddress
import re
from typing import Any
from urllib.parse import urlsplit

import telegram

from bot.local.errors import ApiError, bad_request
from bot.local.methods.kind import Method
from bot.local.parameters import Parameters
from bot.local.values import Json
from bot.local.world import World

POLL_SECONDS_MAX = 50
ACTIVE = "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"


def _allowed(parameters: Parameters) -> list[str] | None:
    kinds = parameters.items("allowed_updates")
    return None if kinds is None else [str(kind) for kind in kinds]


async def get_updates(world: World, parameters: Parameters) -> list[Json]:
    """getUpdates: long polling."""
    if world.webhook.url:
        raise ApiError(409, ACTIVE)
    world.updates.allow(_allowed(parameters))
    limit = parameters.integer("limit", 100)
    seconds = min(max(parameters.integer("timeout"), 0), POLL_SECONDS_MAX)
    return await world.updates.fetch(parameters.integer("offset"), limit if 1 <= limit <= 100 else 100, seconds, parameters.connected)


def _checked_url(url: str) -> str:
    """A webhook address: https anywhere, http on this machine only.

    Raises:
        ApiError: another address.

    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if not host:
        raise bad_request("bad webhook: URL host is empty")
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = host == "localhost"
    if parts.scheme != "https" and not (parts.scheme == "http" and loopback):
        raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
    return url


async def set_webhook(world: World, parameters: Parameters) -> bool:
    """setWebhook; an empty url removes it."""
    url = parameters.text("url")
    if not url:
        return await delete_webhook(world, parameters)
    secret = parameters.text("secret_token")
    if len(secret) > 256:
        raise bad_request("secret token is too long")
    if not re.fullmatch(r"[A-Za-z0-9_-]*", secret):
        raise bad_request("secret token contains unallowed characters")
    connections = parameters.integer("max_connections", 40)
    world.updates.allow(_allowed(parameters))
    if parameters.flag("drop_pending_updates"):
        world.updates.clear()
    world.webhook.set(_checked_url(url), secret, min(max(connections, 1), 100))
    world.keep_webhook()
    world.updates.wake()
    return True


async def delete_webhook(world: World, parameters: Parameters) -> bool:
    """deleteWebhook."""
    if parameters.flag("drop_pending_updates"):
        world.updates.clear()
    world.webhook.set("", "", 40)
    world.keep_webhook()
    return True


async def get_webhook_info(world: World, _parameters: Parameters) -> Json:
    """getWebhookInfo."""
    hook = world.webhook
    more: dict[str, Any] = {}
    if hook.url:
        more = {"max_connections": hook.max_connections, "ip_address": "127.0.0.1"}
    if hook.error_at is not None:
        more |= {"last_error_date": world.time_of(int(hook.error_at)), "last_error_message": hook.error}
    if world.updates.allowed:
        more["allowed_updates"] = world.updates.allowed
    return telegram.WebhookInfo(hook.url, has_custom_certificate=False, pending_update_count=len(world.updates), **more).to_dict()


METHODS: dict[str, Method] = {
    "getUpdates": get_updates,
    "setWebhook": set_webhook,
    "deleteWebhook": delete_webhook,
    "getWebhookInfo": get_webhook_info,
}
