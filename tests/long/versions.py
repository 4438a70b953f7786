"""
What the writers write: versions that can be told from one another, and from a mixture of two.

Every version of a file is the beginning of an endless text in which each line has the version's
label. Whoever writes one says so in a journal *before* the first byte of it exists, so that later
nothing can be taken for a version that was none.
"""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

LABEL_BYTES = 24
"""No label is longer; no version is shorter."""


@lru_cache(16)
def body(label: str, size: int) -> bytes:
    """The first `size` bytes of what has this label."""
    lines = size // (len(label) + 3) + 1
    return b"".join(f"{label} {number}\n".encode() for number in range(lines))[:size]


def digest(content: bytes) -> str:
    """SHA-256."""
    return hashlib.sha256(content).hexdigest()


class Version(NamedTuple):
    """One version of a file."""

    label: str
    size: int
    grows: bool
    """Written in place: while it is being written, each beginning of it is what the file is."""
    sha256: str


def version(label: str, size: int, *, grows: bool) -> tuple[Version, bytes]:
    """A version and its bytes."""
    content = body(label, size)
    return Version(label, size, grows, digest(content)), content


class Journal:
    """One file below a directory, for one writer; to be read by whoever wants to know."""

    def __init__(self, directory: Path, name: str) -> None:
        directory.mkdir(exist_ok=True)
        self._path = directory / name

    def note(self, planned: Version) -> None:
        """This will be written, from now on."""
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(planned) + "\n")


class Journals:
    """What was ever written, according to all journals below a directory."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(exist_ok=True)
        self._directory = directory
        self._read: dict[Path, int] = {}
        self._whole: set[str] = set()
        self._growing: dict[str, int] = {}

    def explains(self, label: str, size: int, sha256: str) -> bool:
        """Whether these bytes were, at some moment, what stood in a file."""
        self._read_on()
        if sha256 in self._whole:
            return True
        return size < self._growing.get(label, 0) and sha256 == digest(body(label, size))

    def _read_on(self) -> None:
        for path in self._directory.iterdir():
            with path.open(encoding="utf-8") as file:
                file.seek(self._read.get(path, 0))
                for line in iter(file.readline, ""):
                    if not line.endswith("\n"):
                        break
                    self._learn(Version(*json.loads(line)))
                    self._read[path] = file.tell()

    def _learn(self, found: Version) -> None:
        self._whole.add(found.sha256)
        if found.grows:
            self._growing[found.label] = found.size
