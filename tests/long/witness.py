"""
The emulator with a witness: all that is ever stored or destroyed is noted before it is.

`python -m tests.long.witness`, with the emulator's own options. It replaces a file as JATOS does
(jatos-api.md, surprise 2): the old one is removed, then the new one put in its place. It dies in
between, once, where a file `DIE_IN_THE_GAP` asks for it.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from jatossync.emulator import api, uploads
from jatossync.emulator.__main__ import main
from jatossync.emulator.files import Assets

LEDGER = ".ledger"
DIE_IN_THE_GAP = ".die-in-the-gap"


class Stored(NamedTuple):
    """What a request was about to do to a file of a study."""

    path: str
    label: str
    """Of the new bytes: their first word."""
    size: int
    sha256: str
    """Of the new bytes; empty for a delete."""
    destroyed: str
    """SHA-256 of the bytes that are there no more; empty where there were none."""


def ledger(root: Path, position: int) -> Iterator[tuple[Stored, int]]:
    """What was noted from `position` on, and how far that is."""
    with (root / LEDGER).open(encoding="utf-8") as file:
        file.seek(position)
        for line in iter(file.readline, ""):
            if not line.endswith("\n"):
                return  # it died while it wrote this, and so did nothing
            yield Stored(*json.loads(line)), file.tell()


class Witnessed(Assets):
    """The assets of one study; `folder` lies directly below the emulator's own directory."""

    def store(self, source: Path, place: str) -> bool:
        """As `Assets.store`, in two steps."""
        target = self.folder / place
        content = source.read_bytes()
        label = content[:40].split(b" ", 1)[0].decode("ascii", "replace")
        self._note(Stored(place, label, len(content), _sha256(source), _sha256(target)))
        replaces = target.is_file()
        if replaces:
            target.unlink()
            self._die_if_asked_to()
        return super().store(source, place) and not replaces

    def delete(self, path: str) -> None:
        """As `Assets.delete`."""
        self._note(Stored(path, "", 0, "", _sha256(self.folder / path)))
        super().delete(path)

    def _note(self, entry: Stored) -> None:
        with (self.folder.parent / LEDGER).open("ab", buffering=0) as file:
            file.write(json.dumps(entry).encode() + b"\n")

    def _die_if_asked_to(self) -> None:
        asked = self.folder.parent / DIE_IN_THE_GAP
        if asked.exists():
            asked.unlink()
            os.kill(os.getpid(), signal.SIGKILL)


def _sha256(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


if __name__ == "__main__":
    api.Assets = uploads.Assets = Witnessed  # type: ignore[attr-defined]
    sys.exit(main())
