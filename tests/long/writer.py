"""
A person who never rests: edits a folder at random until it is told to stop (SIGTERM).

`python -m tests.long.writer FOLDER NAME SEED`. Every version of a file has its label in each of its
lines, so a mixture of two versions can be told by looking at it.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

LINES = (1, 3, 40, 400, 20_000)
EXTENSIONS = ("html", "js", "css", "png", "json")


def lines_of(label: str, count: int) -> list[bytes]:
    """A version of a file."""
    return [f"{label} {number} of the lines of this version\n".encode() for number in range(count)]


def is_whole(data: bytes) -> bool:
    """Whether these bytes are one version of a file, or the beginning of one being written."""
    if not data:
        return True
    label = data.split(b" ", 1)[0]
    lines = data.splitlines()
    whole = all(line.startswith(b"%b %d " % (label, n)) for n, line in enumerate(lines[:-1]))
    last = b"%b %d of the lines of this version" % (label, len(lines) - 1)
    return whole and (last.startswith(lines[-1]) or len(lines) == 1)


class Writer:
    """Edits below its own directory, and in one that it shares with others."""

    def __init__(self, folder: Path, name: str, seed: int) -> None:
        self._folder = folder
        self._random = random.Random(seed)
        self._name = name
        self._count = 0

    def edit(self) -> None:
        """One edit; what another writer spoils is left."""
        kind = self._random.choice(["write", "write", "save", "save", "rename", "delete", "tree"])
        with suppress(OSError):
            getattr(self, f"_{kind}")(self._path())

    def _path(self) -> Path:
        top = self._random.choice([self._name, self._name, "shared", f"{self._name}/deep/er"])
        name = f"{self._random.randrange(6)}.{self._random.choice(EXTENSIONS)}"
        return self._folder / top / name

    def _version(self) -> list[bytes]:
        self._count += 1
        return lines_of(f"{self._name}.{self._count}", self._random.choice(LINES))

    def _write(self, path: Path) -> None:
        """In place, with a rest in the middle."""
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = self._version()
        half = len(lines) // 2
        with path.open("wb", buffering=0) as file:
            file.write(b"".join(lines[:half]))
            time.sleep(self._random.choice([0, 0, 0.02, 0.4]))
            file.write(b"".join(lines[half:]))

    def _save(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".#{path.name}.{self._name}")
        temporary.write_bytes(b"".join(self._version()))
        temporary.replace(path)

    def _rename(self, path: Path) -> None:
        path.replace(self._path())

    def _delete(self, path: Path) -> None:
        path.unlink()

    def _tree(self, _: Path) -> None:
        """A directory comes, gets another name, or goes."""
        tree, other = (self._folder / self._name / name for name in ("tree", "other"))
        if not tree.exists():
            for number in range(8):
                self._save(tree / f"{number % 3}" / f"{number}.js")
        elif self._random.random() < 0.5:
            shutil.rmtree(other, ignore_errors=True)
            tree.rename(other)
        else:
            shutil.rmtree(tree)


def main() -> None:
    folder, name, seed = sys.argv[1:]
    writer = Writer(Path(folder), name, int(seed))
    going = True

    def stop(_number: int, _frame: object) -> None:
        nonlocal going
        going = False

    signal.signal(signal.SIGTERM, stop)
    while going:
        writer.edit()
        time.sleep(writer._random.choice([0, 0.01, 0.05, 0.3]))


if __name__ == "__main__":
    os.nice(5)
    main()
