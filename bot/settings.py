"""The bot's settings: frozen values that the entry points fill in and pass on; `settings.toml` gives each key's meaning."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class TelegramSettings:
    """How the bot reaches Telegram, or another Bot API server."""

    token: str = field(default="", repr=False)
    api_base: str = ""
    mode: str = "polling"
    admins: tuple[int, ...] = ()
    webhook_url: str = ""
    webhook_host: str = "127.0.0.1"
    webhook_port: int = 8443
    webhook_secret: str = field(default="", repr=False)
    rate: float = 25.0


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


@dataclass(frozen=True, slots=True)
class ScheduleSettings:
    """When jobs run by themselves, and how long what only the program needs is kept."""

    timezone: str = "Asia/Seoul"
    collect: str = "0 3 * * *"
    sources: str = "member"
    learn: str = "0 4 * * mon"
    retype: str = "30 5 * * *"
    daily_pick: str = "0 19 * * *"
    retention: str = "30 2 * * *"
    keep_updates: int = 8
    keep_outbox: int = 30
    keep_jobs: int = 90
    keep_messages: int = 180
    keep_answers: int = 365
    keep_audit: int = 1095


@dataclass(frozen=True, slots=True)
class CoupleSettings:
    """Photos of couples that people send to the bot."""

    link_hours: int = 72
    photos_a_day: int = 3


@dataclass(frozen=True, slots=True)
class CareSettings:
    """Verification of members, and hints against fraud."""

    verify_attempts: int = 3
    verify_minutes: int = 3
    verify_seconds: int = 20
    verify_poses: int = 4
    nudge_messages: int = 30


@dataclass(frozen=True, slots=True)
class CompatSettings:
    """The comparison of two people, whose photos are held in memory alone."""

    minutes: int = 15
    an_hour: int = 10
    sessions: int = 100


@dataclass(frozen=True, slots=True)
class SafetySettings:
    """Reports, bans, trust, and how long what they rest on is kept; docs/safety.md has the figures behind the thresholds."""

    hide_after: float = 3.0
    keep_content: int = 48
    evidence_messages: int = 20
    keep_evidence: int = 30
    keep_bans: int = 730
    face_match: float = 0.58
    hash_match: int = 6
    new_days: int = 3
    likes_new: int = 20
    likes_known: int = 60
    likes_verified: int = 120
    chats_new: int = 5
    rate_new: int = 12
    reports_a_day: int = 10
