"""What a long computation has done so far, sealed on disk, so that it goes on after a kill where it stood.

    work/
        lock                              held by the one process that learns here, or that deletes what others left
        20261121T070000-0123456789abcdef/ a run: when it began, and what stands for all that its results depend on
            begun.sealed …                its stages: MAGIC, then parts of PART bytes, each nonce, ciphertext, tag

Stages hold numbers of people's faces, members' among them.  So they are sealed with AES-GCM like the index (`engine.index.sealed`),
under a key of the run's own that the caller's vault keeps: it is destroyed with the run, and copies of the files are noise from then
on.  No run outlives what people were told: one that is older than a day is not gone on with, whoever learns deletes all runs but
their own, and `Runs.sweep` deletes the rest.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import io
import json
import os
import re
import secrets
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from numpy.typing import NDArray

PLAIN: Final = "plain"
MAGIC: Final = b"INYS1"
NONCE: Final = 12
TAG: Final = 16
PART: Final = 1 << 24
"""Bytes that are sealed in one go: AES-GCM takes no more than two thousand million."""
SCOPE: Final = "learn:"
"""What the names of the runs' keys begin with."""
AGE: Final = dt.timedelta(days=1)
"""How old a run may be to be gone on with: what was withdrawn meanwhile is in it."""
RUN: Final = re.compile(r"(?P<at>\d{8}T\d{6})-(?P<key>[0-9a-f]+)")
TIME: Final = "%Y%m%dT%H%M%S"

Arrays = dict[str, NDArray[Any]]
Result = tuple[Mapping[str, NDArray[Any]], Any]
"""(arrays, a value that JSON can hold)"""


class Keys(Protocol):
    """What the vault (`db.vault`) does for runs."""

    def key(self, scope: str) -> bytes:
        """The key of a scope, 32 bytes, made where there is none."""

    def scopes(self, start: str) -> Sequence[str]:
        """Scopes that begin so and have a key."""

    def forget(self, scopes: Collection[str]) -> None:
        """Destroy the keys of scopes, and the note of them."""


class Checkpoints:
    """The stages of one run in a folder; a stage is there whole or not at all.

    The folder's name has to stand for everything that the stages' results depend on.
    """

    def __init__(self, folder: Path, key: bytes) -> None:
        """`key`: 32 bytes with which the stages are sealed; the constructor only stores."""
        self.folder = folder
        self._cipher = AESGCM(key)

    def stage(self, name: str, make: Callable[[], Result]) -> tuple[Arrays, Any]:
        """What `make` returned, now or before the last kill.

        It is read back from the bytes that are stored in either case, so that both give the same to the last bit.
        """
        stored = self._read(name)
        if stored is None:
            arrays, plain = make()
            stored = _packed(arrays, plain)
            self._write(name, stored)
        with np.load(io.BytesIO(stored), allow_pickle=False) as opened:
            return {key: opened[key] for key in opened.files if key != PLAIN}, json.loads(str(opened[PLAIN]))

    def _read(self, name: str) -> bytes | None:
        """The bytes of a stage; None where it was not done, or under another key, or where the file is damaged: it is done again."""
        try:
            whole = (self.folder / f"{name}.sealed").read_bytes()
        except FileNotFoundError:
            return None
        if not whole.startswith(MAGIC) or len(whole) == len(MAGIC):
            return None
        sealed = memoryview(whole)[len(MAGIC) :]
        starts = range(0, len(sealed), NONCE + PART + TAG)
        parts = []
        for number, start in enumerate(starts):
            part = sealed[start : start + NONCE + PART + TAG]
            try:
                parts.append(self._cipher.decrypt(part[:NONCE], part[NONCE:], self._about(name, number, len(starts))))
            except InvalidTag:
                return None
        return b"".join(parts)

    def _write(self, name: str, stored: bytes) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = self.folder / f".{name}.draft"
        starts = range(0, len(stored), PART)
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb") as file:  # noqa: PTH123 of a number
            file.write(MAGIC)
            for number, start in enumerate(starts):
                nonce = secrets.token_bytes(NONCE)
                part = memoryview(stored)[start : start + PART]
                file.write(nonce + self._cipher.encrypt(nonce, part, self._about(name, number, len(starts))))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.folder / f"{name}.sealed")

    def _about(self, name: str, number: int, parts: int) -> bytes:
        """What a part is bound to, so that none can be put in the place of another, or be left out."""
        return MAGIC + f"{self.folder.name}/{name}:{number}/{parts}".encode()


class Runs:
    """The runs below a folder.  At most one is there to go on with; the constructor only stores."""

    def __init__(self, folder: Path, keys: Keys | None = None) -> None:
        """`keys`: seal the stages; without them a key of this object does, so that no other process can go on with a run (tests)."""
        self.folder = folder
        self._keys = keys
        self._own = secrets.token_bytes(32)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep `sweep` of other processes away while a run is used, and what came of it."""
        handle = self._lock()
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def begin(self, key: str, now: dt.datetime) -> Checkpoints:
        """The run that `key` stands for, where one is there that is younger than a day, else a new one; every other one is deleted."""
        own = next((folder for folder in self._all() if _goes_on(folder.name, key, now)), None)
        folder = own or self.folder / f"{now.astimezone(dt.UTC).strftime(TIME)}-{key}"
        self._delete(folder.name)
        return Checkpoints(folder, self._own if self._keys is None else self._keys.key(SCOPE + folder.name))

    def clear(self) -> int:
        """Delete all runs and destroy their keys; how many runs there were."""
        return self._delete("")

    def sweep(self) -> int:
        """`clear` for whoever does not learn: runs that were stopped or broke; nothing where a process learns, which deletes its own."""
        if not self.folder.is_dir():
            return self._delete("")
        handle = self._lock()
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return self._delete("")
        except BlockingIOError:
            return 0
        finally:
            os.close(handle)

    def _delete(self, kept: str) -> int:
        """Delete all but the run called `kept`: first the keys, so that who is interrupted in between leaves noise."""
        if self._keys is not None:
            gone = [scope for scope in self._keys.scopes(SCOPE) if scope != SCOPE + kept]
            if gone:
                self._keys.forget(gone)
        old = [folder for folder in self._all() if folder.name != kept]
        for folder in old:
            shutil.rmtree(folder)
        return len(old)

    def _all(self) -> list[Path]:
        """The newest first; also folders of versions before this one, which kept runs in clear under other names."""
        folders = [one for one in self.folder.iterdir() if one.is_dir()] if self.folder.is_dir() else []
        return sorted(folders, key=lambda one: one.name, reverse=True)

    def _lock(self) -> int:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.folder.chmod(0o700)
        return os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _goes_on(name: str, key: str, now: dt.datetime) -> bool:
    """Whether a run of this name is the one that `key` stands for, and young enough.

    >>> noon = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)
    >>> [_goes_on(name, "5f3a", noon) for name in ("20261120T130000-5f3a", "20261120T110000-5f3a", "20261120T130000-0000", "5f3a")]
    [True, False, False, False]
    """
    found = RUN.fullmatch(name)
    if found is None or found["key"] != key:
        return False
    return abs(now - dt.datetime.strptime(found["at"], TIME).replace(tzinfo=dt.UTC)) < AGE


def _packed(arrays: Mapping[str, NDArray[Any]], plain: Any) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **{PLAIN: np.array(json.dumps(plain))}, **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()
