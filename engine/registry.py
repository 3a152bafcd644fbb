"""Versions of the types: where they lie, which one is in use, and how another one comes into use.

    <var>/models/
        v20261121T075901-5f3a9c1e/   a pack (`engine.types`), never changed once it is there
        active.json                  the version in use, those before it, and what admins went back from
        names.json  pictures/        what admins call and show some types instead
        work/                        checkpoints of learning
        .lock                        held while one of these changes

The starter pack in the repository is a version too, and always there.  Files come into being under another name and are renamed, so
that a process that is killed at any moment leaves the old state or the new one; two processes queue on the lock, which the system
frees when its holder dies.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import math
import os
import re
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from engine.backends.runtime import Runtime
from engine.errors import NotThereError, PackError
from engine.types import STARTER, Given, TypeInfo, TypePack, read_manifest

NAME = re.compile(r"v\d{8}T\d{6}-[0-9a-f]{8}")
"""What versions that were learned are called."""
PREVIOUS = 20
"""How many versions that were in use are remembered for going back, and how many that admins went back from."""

GRACE = 60.0
"""Seconds for which a picture that nobody shows any more stays: bots that have not looked since still draw it."""

State = Literal["active", "available", "refused", "damaged"]


@dataclass(frozen=True, slots=True)
class Version:
    """A version as `versions` lists it."""

    version: str
    folder: Path
    state: State
    manifest: Mapping[str, Any]
    """Empty where it is damaged."""
    problem: str = ""
    """Why it cannot be used, one line; empty where it can."""


@dataclass(frozen=True, slots=True)
class Change:
    """What an admin changes about a type: its names, or its picture."""

    type_id: str
    name: str = ""
    name_ko: str = ""
    picture: bytes | None = field(default=None, repr=False)
    automatic: bool = False
    """Whether the picture that learning made is shown again."""

    @property
    def action(self) -> str:
        """What an audit log calls it."""
        if self.automatic:
            return "type.automatic"
        return "type.renamed" if self.picture is None else "type.pictured"

    @property
    def detail(self) -> dict[str, str]:
        """What an audit log says of it beside the type."""
        given = {"ko": self.name_ko, "en": self.name, "picture": "" if self.picture is None else mark(self.picture)}
        return {key: value for key, value in given.items() if value}


class Registry:
    """The versions in a folder; the constructor only stores."""

    def __init__(self, folder: Path, starter: Path = STARTER) -> None:
        """`folder`: `<var>/models`, made when first written to; `starter`: the pack that is always there."""
        self.folder = folder
        self.starter = starter

    @property
    def starter_version(self) -> str:
        """The version of the pack that is always there."""
        return str(_raw_manifest(self.starter)["version"])

    def active_version(self) -> str:
        """The version in use.

        Raises:
            PackError: `active.json` cannot be read.

        """
        return str(self._state().get("version") or self.starter_version)

    def active(self) -> Path:
        """The folder of the version in use; whether it is whole shows when it is loaded.  Costs one small file: it can be polled."""
        return self.folder_of(self.active_version())

    def load(self, face_model: str | None = None, runtime: Runtime | None = None) -> TypePack:
        """The pack in use under the names that admins gave; see `TypePack.load`."""
        return TypePack.load(self.active(), face_model, self.names(), runtime)

    def folder_of(self, version: str) -> Path:
        """Where a version lies.

        Raises:
            NotThereError: there is no such version.

        """
        if version == self.starter_version:
            return self.starter
        folder = self.folder / version
        if not NAME.fullmatch(version) or not folder.is_dir():
            raise NotThereError(f"there is no version {version!r}: `python -m engine models` lists those that there are")
        return folder

    def verify(self, version: str) -> dict[str, Any]:
        """The manifest of a version that is whole: every file has the SHA-256 that the manifest lists, and it loads as a pack.

        Raises:
            PackError: there is no such version, or it is damaged; one line that says which file.

        """
        folder = self.folder_of(version)
        manifest = read_manifest(folder)
        if manifest["version"] != version:
            raise PackError(f"the version in {folder} calls itself {manifest['version']!r}: it was renamed or copied by hand; remove it")
        state = self._state()
        known = state.get("manifests", {}).get(version)
        if known is not None and known != _sha256(folder / "manifest.json"):
            raise PackError(f"the version {version} is damaged: its manifest is not the one that was published; roll back to another one")
        TypePack.load(folder)
        return manifest

    def versions(self) -> list[Version]:
        """Every version, the starter first, then the oldest first; damaged ones too."""
        active = self.active_version()
        names = sorted(entry.name for entry in self.folder.iterdir() if NAME.fullmatch(entry.name)) if self.folder.is_dir() else []
        found = []
        for name in [self.starter_version, *names]:
            try:
                manifest: Mapping[str, Any] = self.verify(name)
            except PackError as error:
                found.append(Version(name, self.starter if name == self.starter_version else self.folder / name, "damaged", {}, str(error)))
                continue
            state: State = "active" if name == active else "refused" if manifest.get("refused") else "available"
            found.append(Version(name, self.folder_of(name), state, manifest))
        return found

    def add(self, folder: Path) -> str:
        """Take in the pack in `folder` (it is copied) and return its version; again with the same pack does nothing.

        Raises:
            PackError: the pack is damaged, or another one has its version.

        """
        manifest = read_manifest(folder)
        version = str(manifest["version"])
        if not NAME.fullmatch(version):
            raise PackError(
                f"the pack {folder} has the version {version!r}; versions that were learned are called like v20261121T075901-5f3a9c1e"
            )
        with self._locked():
            target = self.folder / version
            if target.is_dir():
                if _sha256(target / "manifest.json") != _sha256(folder / "manifest.json"):
                    raise PackError(f"there is another pack with the version {version} already: remove {target} or learn again")
                read_manifest(target)
                return version
            draft = self.folder / f".{version}.draft"
            shutil.rmtree(draft, ignore_errors=True)
            draft.mkdir()
            for name in [*manifest["files"], "manifest.json"]:
                (draft / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(folder / name, draft / name)
                _sync(draft / name)
            _sync(draft)
            draft.rename(target)
            _sync(self.folder)
        return version

    def activate(self, version: str) -> None:
        """Put a version into use, all at once; whoever asks `active` from now on gets it.

        Raises:
            PackError: there is no such version, it is damaged, or its gates refused it.

        """
        with self._locked():
            manifest = self.verify(version)
            if manifest.get("refused"):
                raise PackError(
                    f"the version {version} was refused ({', '.join(manifest['refused'])}) and cannot be used; choose another one"
                )
            state = self._state()
            before = state.get("version", self.starter_version)
            if before == version:
                return
            previous = [one for one in state.get("previous", []) if one != version] + [before]
            # Whoever puts a version into use wants it: also one that was left before, or another one of the same couples.
            left = {recipe: one for recipe, one in state.get("left", {}).items() if recipe != recipe_of(manifest)}
            manifests = dict(state.get("manifests", {}))
            if version != self.starter_version:
                manifests[version] = _sha256(self.folder / version / "manifest.json")
            self._write(
                "active.json",
                {"version": version, "folder": version, "previous": previous[-PREVIOUS:], "manifests": manifests, "left": left},
            )

    def leave(self, version: str, recipe: str) -> None:
        """Remember that an admin went back from a version that was learned by `recipe`, until it is put into use again.

        Before it is left, so that a kill in between forgets nothing; what is in use is not refused for it.
        """
        with self._locked():
            state = self._state()
            left = {one: name for one, name in state.get("left", {}).items() if one != recipe} | {recipe: version}
            self._write("active.json", {**state, "left": dict(list(left.items())[-PREVIOUS:])})

    def left(self, recipe: str) -> str | None:
        """The version of this recipe that an admin went back from, None where there is none."""
        found = self._state().get("left", {}).get(recipe)
        return None if found is None or found == self.active_version() else str(found)

    def previous(self) -> str | None:
        """The version that was in use before the present one, None if there was none that is still there."""
        for version in reversed(self._state().get("previous", [])):
            try:
                self.folder_of(version)
            except PackError:
                continue
            return str(version)
        return None

    def rollback(self, version: str | None = None) -> str:
        """Put an older version into use again (default: the one before the present one) and return it.

        Raises:
            PackError: see `activate`; or there is nothing to go back to.

        """
        wanted = version or self.previous()
        if wanted is None:
            raise PackError("there is no earlier version to go back to: `python -m engine models` lists those that there are")
        self.activate(wanted)
        return wanted

    def remove(self, version: str) -> None:
        """Delete a version that is not in use.

        Raises:
            PackError: there is no such version, or it is in use, or it is the one that is always there.

        """
        with self._locked():
            folder = self.folder_of(version)
            if version in {self.active_version(), self.starter_version}:
                raise PackError(f"the version {version} cannot be deleted: it is in use, or came with the repository")
            gone = self.folder / f".{version}.gone"
            shutil.rmtree(gone, ignore_errors=True)
            folder.rename(gone)
            shutil.rmtree(gone, ignore_errors=True)

    def names(self) -> dict[str, Given]:
        """What admins call and show some types, by type id.

        Raises:
            PackError: `names.json` cannot be read.

        """
        rows = self._read("names.json")
        found = {}
        for type_id, row in rows.items():
            picture = self.folder / row["picture"] if row.get("picture") else None
            kept = picture if picture is not None and picture.is_file() else None
            found[type_id] = Given(str(row.get("name", "")), str(row.get("name_ko", "")), kept)
        return found

    def change(self, change: Change) -> None:
        """Do what an admin wants; whoever calls this has noted it before, so that nothing changes of which nothing is known.

        Raises:
            PackError: the version in use has no such type.

        """
        if change.automatic:
            self.automatic(change.type_id)
        else:
            self.name(change.type_id, name=change.name, name_ko=change.name_ko, picture=change.picture)

    def expect(self, type_id: str) -> TypeInfo:
        """A type of the version in use, as it was learned.

        Raises:
            PackError: the version in use has no such type.

        """
        return _expected(TypePack.load(self.active()), type_id)

    def name(self, type_id: str, *, name: str = "", name_ko: str = "", picture: bytes | None = None, suffix: str = ".jpg") -> None:
        """Call a type of the version in use otherwise, or show another picture for it; what is empty or None stays.

        Raises:
            PackError: the version in use has no such type.

        """
        self.expect(type_id)
        with self._locked():
            rows = self._read("names.json")
            row = dict(rows.get(type_id, {}))
            row.update({key: value for key, value in (("name", name), ("name_ko", name_ko)) if value})
            if picture is not None:
                self._replaced(row)
                file = f"pictures/{mark(picture)}{suffix}"
                (self.folder / "pictures").mkdir(exist_ok=True)
                draft = self.folder / "pictures" / f".{os.getpid()}.draft"
                draft.write_bytes(picture)
                _sync(draft)
                draft.rename(self.folder / file)
                row["picture"] = file
            self._write("names.json", {**rows, type_id: row})

    def automatic(self, type_id: str) -> None:
        """Show the picture again that learning made for a type of the version in use.

        Types of other versions that show the same one lose it too: whoever takes a picture back does not want it to come back with
        an older version.

        Raises:
            PackError: the version in use has no such type.

        """
        pack = TypePack.load(self.active())
        _expected(pack, type_id)
        with self._locked():
            rows = self._read("names.json")
            shown = rows.get(type_id, {}).get("picture")
            if not shown:
                return
            self._replaced(rows[type_id])
            for other, row in rows.items():
                if row.get("picture") == shown and (other == type_id or other not in pack.by_id):
                    row["picture"] = ""
            self._write("names.json", rows)

    def sweep(self) -> None:
        """Delete pictures that no type shows any more, `GRACE` seconds after the last one did; costs a look at one folder."""
        if self._unused():
            with self._locked():
                for file in self._unused():
                    file.unlink(missing_ok=True)

    def _replaced(self, row: Mapping[str, Any]) -> None:
        """A type's picture is about to be another one: its time begins."""
        if row.get("picture"):
            with suppress(FileNotFoundError):
                os.utime(self.folder / row["picture"])

    def _unused(self) -> list[Path]:
        folder = self.folder / "pictures"
        files = list(folder.iterdir()) if folder.is_dir() else []
        used = {row.get("picture") for row in self._read("names.json").values()} if files else set()
        end = time.time() - GRACE
        return [file for file in files if f"pictures/{file.name}" not in used and _written(file) <= end]

    def carry_names(self, matches: Mapping[str, str]) -> None:
        """Give new types what admins gave the older types that they match (new type id to older type id)."""
        with self._locked():
            rows = self._read("names.json")
            carried = {new: rows[old] for new, old in matches.items() if old in rows and new not in rows}
            if carried:
                self._write("names.json", {**rows, **carried})

    def _state(self) -> dict[str, Any]:
        return self._read("active.json")

    def _read(self, name: str) -> dict[str, Any]:
        path = self.folder / name
        try:
            value = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise PackError(f"{path} cannot be read ({error}): remove it, then choose a version again") from error
        if not isinstance(value, dict):
            raise PackError(f"{path} holds no object: remove it, then choose a version again")
        return value

    def _write(self, name: str, value: Mapping[str, Any]) -> None:
        """Replace a small file; only under the lock."""
        draft = self.folder / f".{name}.draft"
        draft.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        _sync(draft)
        draft.replace(self.folder / name)
        _sync(self.folder)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / ".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def recipe_of(manifest: Mapping[str, Any]) -> str:
    """What a version was learned from and by which settings, as a digest; empty for one that was not learned here.

    >>> recipe_of({"version": "starter-1"})
    ''
    """
    fingerprint = manifest.get("data", {}).get("fingerprint")
    return recipe_from(str(fingerprint), manifest.get("settings", {})) if fingerprint else ""


def recipe_from(fingerprint: str, settings: Mapping[str, Any]) -> str:
    """The digest of a corpus' fingerprint and the settings of learning."""
    return hashlib.sha256(json.dumps([fingerprint, settings], sort_keys=True).encode()).hexdigest()


def mark(picture: bytes) -> str:
    """Tells one picture from another; the name of its file."""
    return hashlib.sha256(picture).hexdigest()[:16]


def _expected(pack: TypePack, type_id: str) -> TypeInfo:
    found = pack.by_id.get(type_id)
    if found is None:
        raise NotThereError(f"the version in use has no type {type_id!r}: `python -m engine models --types` lists them")
    return found


def _written(file: Path) -> float:
    """When a file was last written, in seconds; infinity where it is gone."""
    try:
        return file.stat().st_mtime
    except FileNotFoundError:
        return math.inf


def _raw_manifest(folder: Path) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise PackError(f"the starter types in {folder} cannot be read ({error}): get the repository again") from error
    return manifest


def _sha256(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise PackError(f"cannot read {path}: {error.strerror}") from error


def _sync(path: Path) -> None:
    """Make what was written survive a loss of power."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
