"""The bot's settings: frozen values that the entry points fill in and pass on; `settings.toml` gives each key's meaning."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TelegramSettings:
    """How the bot reaches Telegram, or another Bot API server."""

    token: str = ""
    api_base: str = ""
    mode: str = "polling"
    admins: tuple[int, ...] = ()
    webhook_url: str = ""
    webhook_host: str = "127.0.0.1"
    webhook_port: int = 8443
    webhook_secret: str = ""


@dataclass(frozen=True, slots=True)
class LocalSettings:
    """The local mode: chat page, Bot API server and demo members."""

    port: int = 8080
    portraits: str = ""
    members: int = 30


@dataclass(frozen=True, slots=True)
class MatchingSettings:
    """Defaults and limits of matching and of the relay."""

    distance_km: int = 50
    photos_max: int = 6
    message_rate: int = 30
