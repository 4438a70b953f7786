"""
The study folder of a simulated world: real files, and what the model knows of them.

Whatever people do goes through here, so all bytes that ever stood under a path are known, and the
times of every file are those of the simulated clock.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections import defaultdict
from collections.abc import Callable, Iterator
from enum import Enum
from typing import TYPE_CHECKING

from jatossync.local.mounts import Mount
from tests.simulation.jatos import digest

if TYPE_CHECKING:
    from tests.simulation.world import World


class Stance(Enum):
    """What a path is, by the model's own knowledge."""

    FILE = "a file that takes part"
    EMPTY = "an empty file"
    ABSENT = "absent"
    HIDDEN = "there, or perhaps there, and not to be touched"


class Folder:
    """All paths are relative to the folder; what cannot be done is not done."""

    def __init__(self, world: World, place: str, tick_ns: int) -> None:
        self.place = place
        self.away = place + ".away"
        self.is_away = False
        self.away_s = 0.0
        """Since when."""
        self.made_s: dict[str, float] = {}
        """When a directory came to be where there was none."""
        self.opened_s = 0.0
        """When something that could not be looked at was last made readable, or came back."""
        self.versions: dict[str, set[str]] = defaultdict(set)
        """Digests of all bytes that ever stood under a path."""
        self.bodies: dict[str, bytes] = {}
        self.changed_s: dict[str, float] = {}
        """When a path was last touched, in seconds and in steps of the world."""
        self.changed_at: dict[str, int] = {}
        self.touched_at: dict[str, int] = {}
        """When only the time of a file was set, in steps of the world: it may be new bytes."""
        self._world = world
        self._tick_ns = tick_ns
        self._ctimes: dict[int, int] = {}
        self._unreadable: set[int] = set()
        os.mkdir(place)
        self._mounted = Mount(place, "/", "ext4", "/dev/sdb1")
        self.mounts = [Mount("/", "/", "ext4", "/dev/sda1"), self._mounted]
        self.ignored: Callable[[str], bool] = lambda path: False

    # What the kernel says.

    def ctime_ns(self, found: os.stat_result) -> int:
        """The simulated time of the last change of an inode."""
        return self._ctimes.get(found.st_ino, found.st_mtime_ns)

    def check_readable(self, found: os.stat_result) -> None:
        """
        Raises:
            PermissionError: It may not be read now.
        """
        if found.st_ino in self._unreadable:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    # What the model knows.

    def stance(self, path: str) -> Stance:
        """What a path is at this moment."""
        place = self.away if self.is_away else self.place
        if self.hides(path):
            return Stance.HIDDEN
        for name in path.split("/")[:-1]:
            place += "/" + name
            found = _lstat(place)
            if found is None or stat.S_ISREG(found.st_mode):
                return Stance.ABSENT
            if not stat.S_ISDIR(found.st_mode) or found.st_ino in self._unreadable:
                return Stance.HIDDEN
        found = _lstat(place + "/" + path.rpartition("/")[2])
        if found is None or stat.S_ISDIR(found.st_mode):
            return Stance.ABSENT
        if not stat.S_ISREG(found.st_mode) or found.st_ino in self._unreadable:
            return Stance.HIDDEN
        if not found.st_size:
            return Stance.EMPTY
        return Stance.HIDDEN if is_secret(self.read(path)) else Stance.FILE

    def hides(self, path: str) -> bool:
        """Whether a name takes no part, wherever it stands."""
        return self.ignored(path) or is_hidden_name(path)

    def read(self, path: str) -> bytes:
        """The bytes of a file."""
        with open(self._at(path), "rb") as file:
            return file.read()

    def exists(self, path: str) -> bool:
        """Whether anything stands there."""
        return self._found(path) is not None

    def stands(self, path: str) -> bool:
        """Whether a file stands there, readable or not."""
        found = self._found(path)
        return found is not None and stat.S_ISREG(found.st_mode)

    def is_in_the_way(self, path: str) -> bool:
        """Whether no file can be there: it is a directory, or one above it is a file."""
        return self.is_directory(path) or self.is_below_a_file(path)

    def is_below_a_file(self, path: str) -> bool:
        """Whether a file stands where a directory above it would have to be."""
        above = path.split("/")[:-1]
        tops = ("/".join(above[: count + 1]) for count in range(len(above)))
        return any(map(self.stands, tops))

    def is_directory(self, path: str) -> bool:
        """Whether it is a directory and no symlink to one."""
        found = self._found(path)
        return found is not None and stat.S_ISDIR(found.st_mode)

    def files(self) -> list[str]:
        """All that is no directory."""
        return sorted(self._below(""))

    # What people do.

    def write(self, path: str, data: bytes, *, keep_mtime: bool = False) -> bool:
        """Write a file in place; whether that was possible."""
        if self.is_away or not self._make_parents(path):
            return False
        before = _lstat(self._at(path))
        if before is not None and not stat.S_ISREG(before.st_mode):
            return False
        with open(self._at(path), "wb") as file:
            file.write(data)
        mtime_ns = before.st_mtime_ns if keep_mtime and before is not None else None
        self._touched(path, mtime_ns)
        self._note(path)
        return True

    def replace(self, path: str, data: bytes) -> bool:
        """Save as careful editors do: a new file, renamed over the old one."""
        temporary = path + "~"
        if self.is_directory(path) or not self.write(temporary, data):
            return False
        os.replace(self._at(temporary), self._at(path))
        self._touched(path)
        self._note(path)
        return True

    def rename(self, old: str, new: str) -> bool:
        """Rename a file or directory, over a file if one is there."""
        if self.is_away or not self.exists(old) or (new + "/").startswith(old + "/"):
            return False
        if self.is_directory(new) or (self.is_directory(old) and self.exists(new)):
            return False
        if not self._make_parents(new):
            return False
        moved = list(self._below(old))
        if self.is_directory(old):
            self.made_s[new] = self._world.scheduler.now_s
        os.rename(self._at(old), self._at(new))
        self._touched(new, self._lstat(new).st_mtime_ns)
        for each in moved:
            there = new + each[len(old) :]
            self._mark(each)
            self._note(there)
        self._parent_touched(old)
        return True

    def touch(self, path: str, ahead_s: float) -> bool:
        """Set the time of writing, as `touch -d` and archives do."""
        if self.is_away or not self.stands(path):
            return False
        mtime_ns = self._now_ns() + int(ahead_s * 1e9)
        os.utime(self._at(path), ns=(mtime_ns, mtime_ns), follow_symlinks=False)
        self._ctimes[self._lstat(path).st_ino] = self._now_ns()
        self.touched_at[path] = self._world.stamp()
        return True

    def remove(self, path: str) -> bool:
        """Remove a file, or a directory with all below."""
        if self.is_away or not self.exists(path):
            return False
        for each in self._below(path):
            self._mark(each)
        if self.is_directory(path):
            shutil.rmtree(self._at(path))
        else:
            os.unlink(self._at(path))
        self._mark(path)
        self._parent_touched(path)
        return True

    def make_directory(self, path: str) -> bool:
        """Make a directory with those above it."""
        if self.exists(path):
            return False
        return self._make_parents(path + "/x")

    def link(self, path: str, target: str) -> bool:
        """Make a symlink."""
        if self.is_away or self.exists(path) or not self._make_parents(path):
            return False
        os.symlink(target, self._at(path))
        self._mark(path)
        self._parent_touched(path)
        return True

    def set_readable(self, path: str, readable: bool) -> None:
        """Take or give the right to read a file or to look into a directory."""
        found = self._found(path)
        if found is not None and not stat.S_ISLNK(found.st_mode):
            change = self._unreadable.discard if readable else self._unreadable.add
            change(found.st_ino)
            self._ctimes[found.st_ino] = self._now_ns()
            self.opened_s = self._world.scheduler.now_s

    def all_readable(self) -> None:
        """Nothing is unreadable any more."""
        self._unreadable.clear()
        self.opened_s = self._world.scheduler.now_s

    def go_away(self, how: str) -> None:
        """The folder is moved, replaced by an empty one (`empty`), or unmounted (`unmounted`)."""
        if self.is_away:
            return
        self.is_away, self.away_s = True, self._world.scheduler.now_s
        os.rename(self.place, self.away)
        if how != "moved":
            os.mkdir(self.place)
        if how == "unmounted":
            self.mounts = self.mounts[:1]

    def come_back(self) -> None:
        """The folder is where it was."""
        if not self.is_away:
            return
        shutil.rmtree(self.place, ignore_errors=True)
        os.rename(self.away, self.place)
        self.mounts = [self.mounts[0], self._mounted]
        self.is_away = False
        self.opened_s = self._world.scheduler.now_s

    # Inside.

    def _at(self, path: str) -> str:
        return f"{self.away if self.is_away else self.place}/{path}"

    def _lstat(self, path: str) -> os.stat_result:
        return os.lstat(self._at(path))

    def _found(self, path: str) -> os.stat_result | None:
        """What stands there; None where nothing does, or a symlink leads there."""
        place, found = "", _lstat(self._at(""))
        for name in path.split("/"):
            if found is None or not stat.S_ISDIR(found.st_mode):
                return None
            place = f"{place}/{name}" if place else name
            found = _lstat(self._at(place))
        return found

    def _below(self, path: str) -> Iterator[str]:
        """All files at and below a path."""
        if path and not self.is_directory(path):
            if self.exists(path):
                yield path
            return
        for name in os.listdir(self._at(path)):
            yield from self._below(f"{path}/{name}" if path else name)

    def _make_parents(self, path: str) -> bool:
        place = ""
        for name in path.split("/")[:-1]:
            place = f"{place}/{name}" if place else name
            found = _lstat(self._at(place))
            if found is None:
                os.mkdir(self._at(place))
                self.made_s[place] = self._world.scheduler.now_s
                self._touched(place)
            elif not stat.S_ISDIR(found.st_mode):
                return False
        return True

    def _note(self, path: str) -> None:
        """Bytes stand under a path that did not before."""
        self._mark(path)
        found = _lstat(self._at(path))
        if found is not None and stat.S_ISREG(found.st_mode):
            data = self.read(path)
            self.versions[path].add(digest(data))
            self.bodies[digest(data)] = data

    def _mark(self, path: str) -> None:
        self.changed_s[path] = self._world.scheduler.now_s
        self.changed_at[path] = self._world.stamp()

    def _touched(self, path: str, mtime_ns: int | None = None) -> None:
        """The times of what stands there move, and those of the directory around it."""
        now_ns = self._now_ns()
        mtime_ns = now_ns if mtime_ns is None else mtime_ns
        os.utime(self._at(path), ns=(mtime_ns, mtime_ns), follow_symlinks=False)
        self._ctimes[self._lstat(path).st_ino] = now_ns
        self._parent_touched(path)

    def _parent_touched(self, path: str) -> None:
        parent, now_ns = path.rpartition("/")[0], self._now_ns()
        found = _lstat(self._at(parent))
        if found is not None and stat.S_ISDIR(found.st_mode):
            os.utime(self._at(parent), ns=(now_ns, now_ns))
            self._ctimes[found.st_ino] = now_ns

    def _now_ns(self) -> int:
        """The time as the file system keeps it: in ticks."""
        now_ns = self._world.wall_ns()
        return now_ns - now_ns % self._tick_ns


_HIDDEN = {".env", ".git", "node_modules", ".jatosignore", "id_rsa", "jatos_results_1.txt"}


def is_secret(data: bytes) -> bool:
    """Whether bytes must not be published: a token is in them, or they are a key."""
    return b"jap_" in data or data.startswith(b"-----BEGIN")


def is_hidden_name(path: str) -> bool:
    """Whether a name is ignored or quarantined by what is built in."""
    parts = path.split("/")
    return any(part in _HIDDEN or part.endswith(("~", ".swp")) for part in parts)


def _lstat(place: str) -> os.stat_result | None:
    try:
        return os.lstat(place)
    except (FileNotFoundError, NotADirectoryError):
        return None
