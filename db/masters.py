"""The master keys that wrap all others: a file of generations, one a line, the newest last, or a setting.

A generation is known by its fingerprint, so that nothing depends on where in the file it stands.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import logging
import os
import secrets
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from db.errors import VaultError
from db.settings import PrivacySettings

log = logging.getLogger(__name__)

BYTES = 32
OTHERS = 0o077

Masters = dict[str, AESGCM]
"""By fingerprint, the newest last."""


def fingerprint(key: bytes) -> str:
    """The name of a master key; it tells nothing of the key.

    >>> fingerprint(bytes(32))
    '68a8cbe521461b58'
    """
    return hashlib.sha256(b"inyeon master key:" + key).hexdigest()[:16]


def load(settings: PrivacySettings) -> Masters:
    """The master keys of the setting or the file; empty where there is neither.

    Raises:
        VaultError: what is there is no list of keys.

    """
    if settings.master_key:
        return _parse(settings.master_key.replace(",", " ").split(), "privacy.master_key")
    file = Path(settings.master_key_file)
    try:
        if file.stat().st_mode & OTHERS:
            log.warning("the master key %s can be read by others: chmod 600", file)
        lines = file.read_text(encoding="ascii").splitlines()
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise VaultError(f"the master key {file} cannot be read: {getattr(error, 'strerror', None) or 'it is no text'}") from None
    return _parse([line for line in lines if line.strip() and not line.startswith("#")], str(file))


def make(settings: PrivacySettings) -> Masters:
    """A first master key in the file, unless another process was quicker.

    Raises:
        VaultError: the file cannot be written.

    """
    file = Path(settings.master_key_file)
    draft = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _write(draft, [base64.b64encode(secrets.token_bytes(BYTES)).decode()])
        try:
            os.link(draft, file)  # fails where the file is there: unlike a rename, it replaces nothing
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    except OSError as error:
        raise VaultError(f"the master key {file} cannot be made: {error.strerror}") from None
    return load(settings)


def add(settings: PrivacySettings) -> Masters:
    """All master keys and a new one behind them, safely on the disk.

    Raises:
        VaultError: the keys come from a setting, which no program changes; or the file cannot be written.

    """
    if settings.master_key:
        raise VaultError("the master key stands in the setting privacy.master_key: put a new one (32 bytes in base64) behind it first")
    file = Path(settings.master_key_file)
    lines = [line for line in file.read_text(encoding="ascii").splitlines() if line.strip()]
    _replace(file, [*lines, base64.b64encode(secrets.token_bytes(BYTES)).decode()])
    return load(settings)


def keep(settings: PrivacySettings, name: str) -> int:
    """Remove every master key but this one from the file; how many went."""
    file = Path(settings.master_key_file)
    lines = [line for line in file.read_text(encoding="ascii").splitlines() if line.strip() and not line.startswith("#")]
    kept = [line for line in lines if fingerprint(base64.b64decode(line)) == name]
    if not kept:
        raise VaultError(f"the master key {name} is not in {file}")
    _replace(file, kept)
    return len(lines) - len(kept)


def _parse(words: list[str], where: str) -> Masters:
    found = {}
    for word in words:
        try:
            key = base64.b64decode(word.strip(), validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if len(key) != BYTES:
            # What stands there may be nearly a key: it is not repeated.
            raise VaultError(f"{where} holds something that is no key: each is {BYTES} bytes in base64")
        found[fingerprint(key)] = AESGCM(key)
    return found


def _write(file: Path, lines: list[str]) -> None:
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as out:
        out.write("".join(f"{line}\n" for line in lines))
        out.flush()
        os.fsync(out.fileno())


def _replace(file: Path, lines: list[str]) -> None:
    draft = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
    _write(draft, lines)
    draft.replace(file)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
