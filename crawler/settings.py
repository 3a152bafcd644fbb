"""The crawler's settings: a frozen value that the entry points fill in and pass on."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class CrawlerSettings:
    """How pictures are collected and which of them are couples; see `settings.toml` for the meaning of each key."""

    age_min: int = 18
    age_max: int = 80
    face_min: int = 28
    contact: str = ""
    rate: float = 1.0
    attempts: int = 4
    patience: int = 120
    timeout: float = 30.0
    instagram_base: str = "https://graph.facebook.com/v23.0"
    instagram_token: str = field(default="", repr=False)
    instagram_user: str = ""
    instagram_edge: str = "recent_media"
    instaloader: str = "off"
    instaloader_user: str = ""
    instaloader_session: str = ""
    instaloader_base: str = ""
    commons_base: str = "https://commons.wikimedia.org/w/api.php"
    commons_width: int = 1280
    naver_base: str = "https://openapi.naver.com"
    naver_id: str = ""
    naver_secret: str = field(default="", repr=False)
