"""
A person who never rests: edits a folder at random until it is told to stop (SIGTERM).

`python -m tests.long.writer FOLDER JOURNALS NAME SEED`.
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

from tests.long.versions import Journal, version

SIZES = (60, 300, 4_000, 16_000, 200_000, 800_000)
HUGE = 9_000_000
"""Hashed beside the scan, and never by the last two workers."""

PAGE = 4096
EXTENSIONS = ("html", "js", "css", "png", "json")


class Writer:
    """Edits below its own directory, and in one that it shares with others."""

    def __init__(self, folder: Path, journal: Journal, name: str, seed: int) -> None:
        self._folder = folder
        self._journal = journal
        self._random = random.Random(seed)
        self._name = name
        self._count = 0
        self._started = int(time.time())  # a second life of this writer has labels of its own

    def edit(self) -> None:
        """One edit; what another writer spoils, or a full disk, is left."""
        in_place = [*[self._write] * 4, *[self._append] * 2, *[self._patch] * 2]
        at_once = [*[self._save] * 6, *[self._rename] * 3, *[self._delete] * 3, self._empty]
        edit = self._random.choice([*in_place, *at_once, *[self._tree] * 2])
        with suppress(OSError):
            edit(self._path(alone=edit in in_place))

    def rest(self) -> None:
        """A moment between two edits."""
        time.sleep(self._random.choice([0, 0.01, 0.05, 0.3]))

    def _path(self, *, alone: bool = False) -> Path:
        """
        Args:
            alone: Where no other writer is: of two who write in place, a mixture would be left.
        """
        tops = [self._name, self._name, f"{self._name}/deep/er", "shared"]
        top = self._random.choice(tops[:3] if alone else tops)
        name = f"{self._random.randrange(6)}.{self._random.choice(EXTENSIONS)}"
        return self._folder / top / name

    def _new(self, size: int = 0, *, grows: bool) -> bytes:
        self._count += 1
        if not size:
            size = HUGE if self._random.random() < 0.01 else self._random.choice(SIZES)
            size += self._random.randrange(40)
        planned, content = version(f"{self._name}.{self._started}.{self._count}", size, grows=grows)
        self._journal.note(planned)
        return content

    def _write(self, path: Path) -> None:
        """In place, with a rest in the middle."""
        path.parent.mkdir(parents=True, exist_ok=True)
        content = self._new(grows=True)
        with path.open("wb", buffering=0) as file:
            file.write(content[: len(content) // 2])
            time.sleep(self._random.choice([0, 0, 0.02, 0.4]))
            file.write(content[file.tell() :])

    def _save(self, path: Path) -> None:
        """Beside it, then in its place."""
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f".#{path.name}.{self._name}")
        beside.write_bytes(self._new(grows=False))
        beside.replace(path)

    def _append(self, path: Path) -> None:
        """A log that grows line by line."""
        path.parent.mkdir(parents=True, exist_ok=True)
        content = self._new(2_000, grows=True)
        with path.open("wb", buffering=0) as file:
            for start in range(0, len(content), 500):
                file.write(content[start : start + 500])
                time.sleep(self._random.choice([0, 0.01, 0.1]))

    def _patch(self, path: Path) -> None:
        """Other bytes of the same size, in place; sometimes with the old time."""
        found = path.stat()
        if 60 <= found.st_size <= PAGE:
            with path.open("r+b", buffering=0) as file:
                file.write(self._new(found.st_size, grows=False))
            if self._random.random() < 0.5:
                os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))

    def _rename(self, path: Path) -> None:
        path.replace(self._path())

    def _delete(self, path: Path) -> None:
        path.unlink()

    def _empty(self, path: Path) -> None:
        os.truncate(path, 0)

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
    """Edit until SIGTERM."""
    folder, journals, name, seed = sys.argv[1:]
    writer = Writer(Path(folder), Journal(Path(journals), name), name, int(seed))
    going = True

    def stop(_number: int, _frame: object) -> None:
        nonlocal going
        going = False

    signal.signal(signal.SIGTERM, stop)
    while going:
        writer.edit()
        writer.rest()


if __name__ == "__main__":
    os.nice(5)
    main()
