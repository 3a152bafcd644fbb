"""The database's settings: a frozen value that the entry points fill in and pass on."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class DatabaseSettings:
    """Where the data lives; see `settings.toml` for the meaning of each key."""

    url: str = field(default="", repr=False)
    pool: int = 4


@dataclass(frozen=True, slots=True)
class PrivacySettings:
    """Where the keys live that close what is personal in the database; see `settings.toml` for the meaning of each key."""

    vault_url: str = field(default="", repr=False)
    master_key_file: str = ""
    master_key: str = field(default="", repr=False)
    key_minutes: int = 10


def keys_under(var: str | Path) -> PrivacySettings:
    """Where the keys are under `paths.var` unless settings say otherwise.

    >>> keys_under("/srv/var").vault_url
    'sqlite:////srv/var/keys/vault.db'
    """
    return PrivacySettings(vault_url=f"sqlite:///{var}/keys/vault.db", master_key_file=f"{var}/keys/master.key")
