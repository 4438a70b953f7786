"""A study's assets on disk: what JATOS stores, replaces, deletes and lists."""

import os
import stat
import zlib
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any

from jatossync.emulator.dialects import Dialect, Refusal, RefusedError
from jatossync.emulator.paths import Names, inside

READ_BYTES = 1024 * 1024


class Assets:
    """The assets folder of one study, seen through one dialect and one kind of file system."""

    def __init__(self, folder: Path, dialect: Dialect, names: Names) -> None:
        self.folder = folder
        self._dialect = dialect
        self._names = names

    def place(self, path: str, illegal: Refusal) -> str:
        """The normalised path; raises `illegal` for one that JATOS does not take."""
        if "\0" in path and self._dialect.nul_is_internal_error:
            raise RefusedError(Refusal.INTERNAL)
        normal = inside(path, self._dialect)
        if normal is None:
            raise RefusedError(illegal, path=path)
        return normal

    def existing(self, path: str, illegal: Refusal) -> Path:
        """The regular file at `path`; raises `illegal`, or NO_FILE where there is none."""
        place = self.place(path, illegal)
        try:
            target = self._names.find(self.folder, place)
            if target.is_file():
                return target
        except OSError:  # a name that the file system cannot have
            pass
        raise RefusedError(Refusal.NO_FILE, path=path)

    def store(self, source: Path, place: str) -> bool:
        """Move a received file to its place; True when it is new, False when it replaced one."""
        try:
            target = self._names.find(self.folder, place)
            self._make_room(target)
            new = not target.exists()
            os.replace(source, target)
            # JATOS unlinks the old entry first: where names fold, the new spelling stays.
            wanted = self._names.stored(PurePosixPath(place).name)
            if place and target.name != wanted:
                target.rename(target.with_name(wanted))
        except OSError as error:
            raise RefusedError(Refusal.UPLOAD_FAILED) from error
        return new

    def delete(self, path: str) -> None:
        """Remove one file; directories are refused."""
        place = self.place(path, Refusal.DELETE_FAILED)
        try:
            target = self._names.find(self.folder, place)
            if target.is_dir():
                raise RefusedError(Refusal.DELETE_FAILED)
            target.unlink()
        except FileNotFoundError as error:
            raise RefusedError(Refusal.NO_FILE, path=path) from error
        except OSError as error:
            raise RefusedError(Refusal.DELETE_FAILED) from error

    def listing(self, *, flatten: bool) -> Any:
        """The tree of all nodes, or the list of its leaves: files and empty directories."""
        if not self.folder.is_dir():
            raise RefusedError(Refusal.NO_FOLDER)
        tree = self._node(self.folder, "")
        return _leaves(tree) if flatten else tree

    def _make_room(self, target: Path) -> None:
        """Make the directories above; an empty directory gives way where the dialect says so."""
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
        except FileExistsError as error:
            raise RefusedError(Refusal.UPLOAD_CLASH) from error
        if target.is_dir():
            if not self._dialect.replaces_empty_directories or any(target.iterdir()):
                raise RefusedError(Refusal.UPLOAD_CLASH)
            target.rmdir()

    def _node(self, entry: Path, path: str) -> dict[str, Any]:
        found = entry.stat()
        node: dict[str, Any] = {
            "name": self._names.stored(entry.name),
            "path": path,
            "type": "other",
            "creation": int(found.st_ctime * 1000),
            "lastModified": int(found.st_mtime * 1000),
            "size": found.st_size,
        }
        if stat.S_ISREG(found.st_mode):
            node |= {"type": "file", "checksum": _adler32(entry)}
        elif stat.S_ISDIR(found.st_mode):
            slash = "/" if path and self._dialect.slash_after_directories else ""
            node |= {"type": "directory", "path": path + slash}
            node["content"] = self._content(entry, f"{path}/" if path else "")
        return node

    def _content(self, folder: Path, prefix: str) -> list[dict[str, Any]]:
        nodes = []
        for entry in folder.iterdir():
            # What somebody removes meanwhile is simply not there.
            with suppress(FileNotFoundError, NotADirectoryError):
                nodes.append(self._node(entry, prefix + self._listed(entry.name)))
        return nodes

    def _listed(self, name: str) -> str:
        name = self._names.stored(name)
        return name.replace("\\", "/") if self._dialect.backslash_listed_as_slash else name


def _leaves(node: dict[str, Any]) -> list[dict[str, Any]]:
    if not node.get("content"):
        return [node]
    return [leaf for each in node["content"] for leaf in _leaves(each)]


def _adler32(path: Path) -> int:
    checksum = 1
    with path.open("rb") as file:
        while piece := file.read(READ_BYTES):
            checksum = zlib.adler32(piece, checksum)
    return checksum
