"""The files of a folder or of a ZIP archive, read within bounds."""

from __future__ import annotations

import os
import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import Protocol

from crawler.errors import Broken, Gone, Refused

ENTRIES_MAX = 500_000
"""Files in an archive; more of them are no collection of photos."""
RATIO_MAX = 100
"""How many times larger than its packed bytes a file may be: pictures hardly shrink at all when they are packed."""
SMALL = 1_000_000
"""Bytes up to which a file may be packed however tightly."""


class Files(Protocol):
    """Files under names with slashes, in a fixed order."""

    def names(self) -> list[str]:
        """All of them, sorted."""
        ...

    def read(self, name: str, most: int) -> bytes:
        """The first `most` bytes of a file.

        Raises:
            SourceError: it cannot be read.

        """
        ...

    def close(self) -> None:
        """Let go of what is open."""
        ...


class Directory:
    """The files under a folder; links are passed over, wherever they lead, and so are hidden files."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def names(self) -> list[str]:
        """Sorted by their whole names.

        Raises:
            Refused: a folder may not be read.

        """
        return sorted(self._under(self.path, ""))

    def read(self, name: str, most: int) -> bytes:
        """The first `most` bytes."""
        try:
            # O_NOFOLLOW: it may have become a link since it was listed; O_NONBLOCK: or a pipe.
            handle = os.open(self.path / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            with open(handle, "rb") as file:  # noqa: PTH123 a descriptor, not a path
                if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    raise Gone(f"{name} is no file any more")
                return file.read(most)
        except FileNotFoundError:
            raise Gone(f"{name} is gone") from None
        except PermissionError:
            raise Refused(f"{name} may not be read: change its permissions") from None
        except (OSError, ValueError) as error:
            raise Broken(f"{name} cannot be read: {error}") from None

    def close(self) -> None:
        """Nothing is open."""

    def _under(self, folder: Path, prefix: str) -> list[str]:
        try:
            with os.scandir(folder) as entries:
                found = [entry for entry in entries if not entry.name.startswith(".") and not entry.is_symlink()]
        except FileNotFoundError:
            raise Gone(f"there is no folder {folder}: name another with --path") from None
        except PermissionError:
            raise Refused(f"the folder {folder} may not be read: change its permissions") from None
        names = [prefix + entry.name for entry in found if entry.is_file(follow_symlinks=False)]
        for entry in found:
            if entry.is_dir(follow_symlinks=False):
                names += self._under(Path(entry.path), f"{prefix}{entry.name}/")
        return names


class Archive:
    """The files of a ZIP archive; archives in it are not opened."""

    def __init__(self, path: Path) -> None:
        """Open it.

        Raises:
            Gone, Refused, Broken: there is none, it may not be read, it is no archive.

        """
        try:
            self._zip = zipfile.ZipFile(path)
        except FileNotFoundError:
            raise Gone(f"there is no {path}: name a folder or a ZIP archive with --path") from None
        except PermissionError:
            raise Refused(f"{path} may not be read: change its permissions") from None
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError) as error:
            raise Broken(f"{path} is no ZIP archive that can be read ({error}): name a folder or another archive") from None
        infos = self._zip.infolist()
        if len(infos) > ENTRIES_MAX:
            self._zip.close()
            raise Broken(f"{path} lists {len(infos)} files, at most {ENTRIES_MAX} are taken: split it")
        self._infos = {info.filename: info for info in infos if _plain(info)}

    def names(self) -> list[str]:
        """Sorted by their whole names; of two files of one name the last counts."""
        return sorted(self._infos)

    def read(self, name: str, most: int) -> bytes:
        """The first `most` bytes of what it unpacks to."""
        info = self._infos[name]
        if info.flag_bits & 1:
            raise Refused(f"{name} is encrypted: unpack the archive first")
        if info.file_size > max(SMALL, RATIO_MAX * info.compress_size):
            raise Broken(f"{name} pretends to unpack to {info.file_size} bytes from {info.compress_size}")
        try:
            with self._zip.open(info) as file:
                return file.read(most)
        except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, NotImplementedError, RuntimeError) as error:
            raise Broken(f"{name} cannot be unpacked: {error}") from None
        except Exception as error:  # noqa: BLE001 lzma and bz2 have errors of their own, and none of them may end a crawl
            raise Broken(f"{name} cannot be unpacked: {type(error).__name__}") from None

    def close(self) -> None:
        """Close it."""
        self._zip.close()


def _plain(info: zipfile.ZipInfo) -> bool:
    """Whether an entry is a visible file within the archive: no folder, no link, no way out of it."""
    path = PurePosixPath(info.filename)
    mode = info.external_attr >> 16
    linked = info.create_system == 3 and stat.S_IFMT(mode) not in {0, stat.S_IFREG}
    hidden = any(part.startswith(".") or part == "__MACOSX" for part in path.parts)
    return not (info.is_dir() or linked or hidden or path.is_absolute() or "\\" in info.filename or ":" in info.filename)
