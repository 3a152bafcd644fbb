"""Read `settings.toml` and the environment into one frozen value; only entry points import this.

Order, later wins: the defaults of the settings classes, `settings.toml` beside this file (or the file named by
INYEON_SETTINGS), the environment (`INYEON_SECTION__KEY`; `TELEGRAM_BOT_TOKEN` for `telegram.token`).
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bot.settings import (
    CareSettings,
    CompatSettings,
    CoupleSettings,
    LocalSettings,
    MatchingSettings,
    SafetySettings,
    ScheduleSettings,
    TelegramSettings,
)
from crawler.settings import CrawlerSettings
from db.settings import DatabaseSettings, PrivacySettings, keys_under
from engine.index.settings import IndexSettings
from engine.matching.settings import RankingSettings
from engine.settings import EngineSettings, LearningSettings

ROOT = Path(__file__).resolve().parent
PREFIX = "INYEON_"
CHOICES = {
    ("telegram", "mode"): ("polling", "webhook"),
    ("engine", "backend"): ("openvino", "onnxruntime"),
    ("engine", "precision"): ("auto", "f32"),
    ("engine", "embedding"): ("sface", "facenet", "joined"),
    ("ranking", "combine"): ("product", "harmonic"),
    ("index", "backend"): ("exact", "milvus"),
    ("crawler", "instagram_edge"): ("recent_media", "top_media"),
    ("crawler", "instaloader"): ("off", "on"),
}
# Lowest and highest usable value of numbers; what lies outside is a slip of the pen.
BOUNDS: dict[tuple[str, str], tuple[float, float]] = {
    ("telegram", "webhook_port"): (0, 65535),
    ("telegram", "rate"): (1, 1000),
    ("database", "pool"): (1, 100),
    ("privacy", "key_minutes"): (1, 60),
    ("local", "port"): (0, 65535),
    ("local", "members"): (0, 200),
    ("engine", "threads"): (1, 64),
    ("engine", "longest_side"): (320, 8192),
    ("engine", "max_bytes"): (1, 100_000_000),
    ("engine", "max_pixels"): (1, 200_000_000),
    ("engine", "minor_threshold"): (-1000, 1000),
    ("engine", "nsfw_threshold"): (0, 1),
    ("learning", "seed"): (0, 2_147_483_647),
    ("learning", "k_min"): (2, 16),
    ("learning", "k_max"): (2, 16),
    ("learning", "people_min"): (20, 1_000_000),
    ("learning", "type_min"): (2, 1_000_000),
    ("learning", "outliers"): (0, 0.5),
    ("learning", "stability_min"): (0, 1),
    ("learning", "jaccard_min"): (0, 1),
    ("learning", "agreement_min"): (0, 1),
    ("learning", "coverage_min"): (0, 1),
    ("learning", "planted_min"): (0, 1),
    ("learning", "change_max"): (0, 1),
    ("learning", "latency_max"): (0, 1000),
    ("learning", "compatibility_ece_max"): (0, 1),
    ("learning", "recent"): (0, 100_000),
    ("learning", "keep"): (1, 1000),
    ("matching", "distance_km"): (0, 20_100),
    ("matching", "photos_max"): (1, 20),
    ("matching", "message_rate"): (1, 600),
    ("crawler", "rate"): (0.01, 50),
    ("crawler", "attempts"): (1, 20),
    ("crawler", "patience"): (0, 86_400),
    ("crawler", "timeout"): (1, 600),
    ("crawler", "commons_width"): (20, 3840),
    ("crawler", "age_min"): (18, 120),
    ("crawler", "age_max"): (18, 120),
    ("crawler", "face_min"): (16, 1000),
    ("ranking", "window_days"): (1, 90),
    ("ranking", "share"): (1, 1000),
    ("ranking", "minimum"): (1, 1_000_000),
    ("ranking", "levelling"): (0, 5),
    ("ranking", "newcomer_shown"): (0, 10_000),
    ("ranking", "newcomer_slots"): (0, 1),
    ("ranking", "memory"): (100, 100_000_000),
    ("ranking", "pool"): (1, 2000),
    ("index", "members"): (0, 100_000_000),
    ("couples", "link_hours"): (1, 8760),
    ("couples", "photos_a_day"): (0, 100),
    ("compat", "minutes"): (1, 120),
    ("compat", "an_hour"): (0, 1000),
    ("compat", "sessions"): (1, 10_000),
    ("care", "verify_attempts"): (0, 100),
    ("care", "verify_minutes"): (1, 60),
    ("care", "verify_seconds"): (5, 60),
    ("care", "verify_poses"): (3, 6),
    ("care", "nudge_messages"): (0, 10_000),
    ("safety", "hide_after"): (1, 100),
    ("safety", "keep_content"): (0, 720),
    ("safety", "evidence_messages"): (0, 200),
    ("safety", "keep_evidence"): (1, 180),
    ("safety", "keep_bans"): (1, 3650),
    ("safety", "face_match"): (0.3, 1.01),
    ("safety", "hash_match"): (-1, 16),
    ("safety", "new_days"): (0, 90),
    ("safety", "likes_new"): (1, 10_000),
    ("safety", "likes_known"): (1, 10_000),
    ("safety", "likes_verified"): (1, 10_000),
    ("safety", "chats_new"): (1, 1000),
    ("safety", "rate_new"): (1, 600),
    ("safety", "reports_a_day"): (1, 1000),
    ("schedule", "keep_updates"): (7, 365),
    ("schedule", "keep_outbox"): (1, 3650),
    ("schedule", "keep_jobs"): (1, 3650),
    ("schedule", "keep_messages"): (1, 3650),
    ("schedule", "keep_answers"): (1, 3650),
    ("schedule", "keep_audit"): (365, 36_500),
}

# What must not be above what stands behind it.
ORDERED = (("learning", "k_min", "k_max"), ("crawler", "age_min", "age_max"))
# Addresses of servers; empty ones are filled in, or switch off what needs them.
ADDRESSES = (
    ("telegram", "api_base"),
    ("telegram", "webhook_url"),
    ("crawler", "instagram_base"),
    ("crawler", "instaloader_base"),
    ("crawler", "commons_base"),
    ("crawler", "naver_base"),
)
HERE = ("localhost", "127.0.0.1", "::1")
SECRET_WORD = re.compile(r"[A-Za-z0-9_-]{1,256}")
"""What Telegram takes as the secret of a webhook."""


class SettingsError(ValueError):
    """A setting is unknown or has an unusable value; the message is one line that says which and what to do."""


@dataclass(frozen=True, slots=True)
class PathSettings:
    """Folders of the product; see `settings.toml`."""

    var: str = "var"


@dataclass(frozen=True, slots=True)
class EvalSettings:
    """What the quality figures are measured on; see `settings.toml`."""

    data: str = "../shared/data"


@dataclass(frozen=True, slots=True)
class Settings:
    """All sections; every path in it is absolute once `load` made it."""

    telegram: TelegramSettings = field(default_factory=TelegramSettings)
    database: DatabaseSettings = field(default_factory=DatabaseSettings)
    privacy: PrivacySettings = field(default_factory=PrivacySettings)
    paths: PathSettings = field(default_factory=PathSettings)
    local: LocalSettings = field(default_factory=LocalSettings)
    engine: EngineSettings = field(default_factory=EngineSettings)
    learning: LearningSettings = field(default_factory=LearningSettings)
    matching: MatchingSettings = field(default_factory=MatchingSettings)
    ranking: RankingSettings = field(default_factory=RankingSettings)
    index: IndexSettings = field(default_factory=IndexSettings)
    couples: CoupleSettings = field(default_factory=CoupleSettings)
    compat: CompatSettings = field(default_factory=CompatSettings)
    care: CareSettings = field(default_factory=CareSettings)
    safety: SafetySettings = field(default_factory=SafetySettings)
    schedule: ScheduleSettings = field(default_factory=ScheduleSettings)
    crawler: CrawlerSettings = field(default_factory=CrawlerSettings)
    eval: EvalSettings = field(default_factory=EvalSettings)

    @property
    def var(self) -> Path:
        """The folder for everything that is written."""
        return Path(self.paths.var)


SECTIONS: dict[str, type] = {
    "telegram": TelegramSettings,
    "database": DatabaseSettings,
    "privacy": PrivacySettings,
    "paths": PathSettings,
    "local": LocalSettings,
    "engine": EngineSettings,
    "learning": LearningSettings,
    "matching": MatchingSettings,
    "ranking": RankingSettings,
    "index": IndexSettings,
    "couples": CoupleSettings,
    "compat": CompatSettings,
    "care": CareSettings,
    "safety": SafetySettings,
    "schedule": ScheduleSettings,
    "crawler": CrawlerSettings,
    "eval": EvalSettings,
}


def load(file: Path | None = None, environment: Mapping[str, str] | None = None) -> Settings:
    """Settings from `file` (default: INYEON_SETTINGS or `settings.toml` beside this module) and `environment` (default: the process's).

    Raises:
        SettingsError: an unknown section or key, or a value of the wrong type or out of its choices.

    """
    environment = os.environ if environment is None else environment
    file = file or Path(environment.get("INYEON_SETTINGS") or ROOT / "settings.toml")
    values = _read(file)
    _overlay(values, environment)
    made = {}
    for name, section in SECTIONS.items():
        keys = {item.name: item for item in fields(section)}
        given = values.get(name, {})
        unknown = sorted(set(given) - set(keys))
        if unknown:
            raise SettingsError(f"unknown setting {name}.{unknown[0]}: {name} has {', '.join(keys)}")
        made[name] = section(**{key: _coerce(f"{name}.{key}", value, getattr(section(), key)) for key, value in given.items()})
    unknown = sorted(set(values) - set(SECTIONS))
    if unknown:
        raise SettingsError(f"unknown settings section [{unknown[0]}]: there are {', '.join(SECTIONS)}")
    for (name, key), choices in CHOICES.items():
        value = getattr(made[name], key)
        if value not in choices:
            raise SettingsError(f"{name}.{key} is {value!r}: use one of {', '.join(choices)}")
    for (name, key), (low, high) in BOUNDS.items():
        value = getattr(made[name], key)
        if not low <= value <= high:
            raise SettingsError(f"{name}.{key} is {value!r}: it must lie between {low:g} and {high:g}")
    settings = Settings(**made)
    _check(settings)
    return _settle(settings, file.resolve().parent)


def _check(settings: Settings) -> None:
    """Refuse what each by itself could be, but what nothing can be done with."""
    for name, low, high in ORDERED:
        least, most = getattr(getattr(settings, name), low), getattr(getattr(settings, name), high)
        if least > most:
            raise SettingsError(f"{name}.{low} is {least} and {name}.{high} is {most}: the first must not be above the second")
    if not settings.paths.var.strip():
        # Otherwise the database would lie in the file system's root.
        raise SettingsError("paths.var is empty: name the folder for everything that is written, such as var")
    for name, key in ADDRESSES:
        value = getattr(getattr(settings, name), key)
        # It may hold a password, so it is not repeated.
        if value and not _is_address(value):
            raise SettingsError(f"{name}.{key} is no address: it must begin with https:// (or http://) and name a host")
    telegram = settings.telegram
    hook = urlsplit(telegram.webhook_url)
    if hook.scheme == "http" and hook.hostname not in HERE:
        raise SettingsError("telegram.webhook_url begins with http://: Telegram calls https:// addresses only")
    if telegram.webhook_secret and not SECRET_WORD.fullmatch(telegram.webhook_secret):
        raise SettingsError("telegram.webhook_secret has signs that Telegram refuses: use 1 to 256 of A-Z, a-z, 0-9, _ and -")


def _is_address(value: str) -> bool:
    try:
        parts = urlsplit(value)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


def _read(file: Path) -> dict[str, dict[str, Any]]:
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"cannot read {file}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file} is not valid TOML: {error}") from None
    for name, section in values.items():
        if not isinstance(section, dict):
            # Not what it is: it may be a secret.
            raise SettingsError(f"{file}: {name} must stand in a section, such as [telegram]; if {name} is one, write [{name}]")
    return values


def _overlay(values: dict[str, dict[str, Any]], environment: Mapping[str, str]) -> None:
    # A shell that reads it from a file may leave a line's end at it.
    token = environment.get("TELEGRAM_BOT_TOKEN", "").strip()
    if token:
        values.setdefault("telegram", {})["token"] = token
    for variable, value in environment.items():
        if variable.startswith(PREFIX) and "__" in variable:
            section, key = variable.removeprefix(PREFIX).lower().split("__", 1)
            values.setdefault(section, {})[key] = value
        elif variable.startswith(PREFIX):
            section, _, key = variable.removeprefix(PREFIX).partition("_")
            if key and section.lower() in SECTIONS:
                raise SettingsError(f"unknown variable {variable}: two underscores stand behind the section, {PREFIX}{section}__{key}")


def _coerce(name: str, value: object, default: object) -> Any:
    """`value` in the type of `default`; strings are parsed, since the environment has only strings."""
    if isinstance(value, bool):
        raise SettingsError(f"{name} is {str(value).lower()}: there are no settings that are true or false")
    try:
        if isinstance(default, tuple):
            items = value.replace(",", " ").split() if isinstance(value, str) else value
            # A text is parsed; of other values only whole numbers are: int() would take 1.5 and true as well.
            return tuple(int(item if type(item) is int else str(item)) for item in items)  # type: ignore[attr-defined]
        if isinstance(default, int):
            return int(str(value))
        if isinstance(default, float):
            return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        wanted = "a list of whole numbers" if isinstance(default, tuple) else "a whole number" if isinstance(default, int) else "a number"
        raise SettingsError(f"{name} is {value!r}: it must be {wanted}") from None
    # What was meant to be text may be a secret, so it is not repeated.
    if not isinstance(value, type(default)):
        raise SettingsError(f"{name} is no text: put it into quotation marks")
    if isinstance(value, str) and ("\0" in value or any("\ud800" <= sign <= "\udfff" for sign in value)):
        raise SettingsError(f"{name} has signs that no text has: it must be UTF-8 without zero bytes")
    return value


def _settle(settings: Settings, base: Path) -> Settings:
    """Make paths absolute (relative to the settings file) and fill in what follows from others."""

    def absolute(path: str) -> str:
        return str((base / path).resolve()) if path else ""

    var = absolute(settings.paths.var)
    portraits = settings.local.portraits
    if not portraits and (base / "../shared/data/portraits_ai/labels.csv").is_file():
        portraits = "../shared/data/portraits_ai"
    # What is not named here stays as it was read.
    return replace(
        settings,
        telegram=replace(settings.telegram, token=settings.telegram.token.strip()),
        database=replace(settings.database, url=settings.database.url or f"sqlite:///{var}/inyeon.db"),
        privacy=replace(
            settings.privacy,
            vault_url=settings.privacy.vault_url or keys_under(var).vault_url,
            master_key_file=absolute(settings.privacy.master_key_file) or keys_under(var).master_key_file,
        ),
        paths=PathSettings(var=var),
        local=replace(settings.local, portraits=absolute(portraits)),
        engine=replace(settings.engine, pack=absolute(settings.engine.pack)),
        index=replace(settings.index, uri=settings.index.uri if "://" in settings.index.uri else absolute(settings.index.uri)),
        crawler=replace(settings.crawler, instaloader_session=absolute(settings.crawler.instaloader_session)),
        eval=EvalSettings(data=absolute(settings.eval.data)),
    )
