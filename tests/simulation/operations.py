"""
What can happen in a history: each a value that shows itself as the code that makes it.

None of them depends on another one, so any part of a history is a history too.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass

from tests.simulation.jatos import Fault, digest
from tests.simulation.together import Together
from tests.simulation.world import World

TOKEN = "jap_OeYwru727YeLzxcHSvIFlTQ52Ud03wo7cd41f"
"""Well-formed; the one of JATOS's documentation."""


def body(label: str, size: int) -> bytes:
    """Bytes that differ from another label's in each part; `size` 0: the label itself."""
    if label == "token":
        return f"const token = '{TOKEN}'".encode()
    if label == "key":
        return b"-----BEGIN " + b"RSA PRIVATE KEY-----\nMIIE\n"
    data = label.encode()
    return data if not size else (data + b":") * (size // (len(data) + 1) + 1)


class Operation:
    """One thing that happens."""

    def do(self, world: World) -> None:
        """Let it happen."""
        raise NotImplementedError


@dataclass(frozen=True)
class Wait(Operation):
    seconds: float

    def do(self, world: World) -> None:
        world.wait(self.seconds)


# --- in the folder --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Write(Operation):
    """Write a file in place."""

    path: str
    label: str
    size: int = 0
    keep_mtime: bool = False

    def do(self, world: World) -> None:
        if world.folder.write(self.path, body(self.label, self.size), keep_mtime=self.keep_mtime):
            world.hint(self.path)


@dataclass(frozen=True)
class Rewrite(Operation):
    """Write twice: nothing but the bytes tells the two apart, if one tick holds both."""

    path: str
    first: str
    second: str
    after_s: float

    def do(self, world: World) -> None:
        Write(self.path, self.first).do(world)
        world.wait(self.after_s)
        Write(self.path, self.second, keep_mtime=True).do(world)


@dataclass(frozen=True)
class Ignore(Operation):
    """Let `.jatosignore` hide one directory; empty: remove it."""

    directory: str

    def do(self, world: World) -> None:
        if world.folder.is_away:
            return
        world.laws.rules_change(self.directory)
        world.trouble()
        if self.directory:
            world.folder.write(".jatosignore", f"{self.directory}/\n".encode())
        else:
            world.folder.remove(".jatosignore")
        world.hint(".jatosignore")


@dataclass(frozen=True)
class Save(Operation):
    """Save by a new file that is renamed over the old one."""

    path: str
    label: str
    size: int = 0

    def do(self, world: World) -> None:
        if world.folder.replace(self.path, body(self.label, self.size)):
            world.hint(self.path + "~")
            world.hint(self.path)


@dataclass(frozen=True)
class Append(Operation):
    path: str
    label: str

    def do(self, world: World) -> None:
        folder = world.folder
        if not folder.is_away and _is_file(world, self.path):
            folder.write(self.path, folder.read(self.path) + self.label.encode())
            world.hint(self.path)


@dataclass(frozen=True)
class Truncate(Operation):
    path: str
    size: int = 0

    def do(self, world: World) -> None:
        folder = world.folder
        if not folder.is_away and _is_file(world, self.path):
            folder.write(self.path, folder.read(self.path)[: self.size])
            world.hint(self.path)


@dataclass(frozen=True)
class Touch(Operation):
    """Set the time of writing to one that is so far from now, and nothing else."""

    path: str
    ahead_s: float

    def do(self, world: World) -> None:
        if world.folder.touch(self.path, self.ahead_s):
            world.hint(self.path)


@dataclass(frozen=True)
class Rename(Operation):
    old: str
    new: str

    def do(self, world: World) -> None:
        if world.folder.rename(self.old, self.new):
            world.hint(self.old)
            world.hint(self.new)


@dataclass(frozen=True)
class Remove(Operation):
    """Remove a file, or a directory with all below it."""

    path: str

    def do(self, world: World) -> None:
        if world.folder.remove(self.path):
            world.hint(self.path)


@dataclass(frozen=True)
class MakeDirectory(Operation):
    path: str

    def do(self, world: World) -> None:
        if not world.folder.is_away and world.folder.make_directory(self.path):
            world.hint(self.path)


@dataclass(frozen=True)
class Swap(Operation):
    """A file where a directory was, or a directory with a file where a file was."""

    path: str
    label: str

    def do(self, world: World) -> None:
        folder = world.folder
        if folder.is_away or not folder.exists(self.path):
            return
        was_directory = folder.is_directory(self.path)
        folder.remove(self.path)
        target = self.path if was_directory else self.path + "/inner.txt"
        folder.write(target, self.label.encode())
        world.hint(self.path)


@dataclass(frozen=True)
class Link(Operation):
    """A symlink, in the place of what stands there."""

    path: str
    target: str

    def do(self, world: World) -> None:
        world.folder.remove(self.path)
        if world.folder.link(self.path, self.target):
            world.hint(self.path)


@dataclass(frozen=True)
class Readable(Operation):
    """Take or give the right to read."""

    path: str
    readable: bool

    def do(self, world: World) -> None:
        if world.folder.is_away or not world.folder.exists(self.path):
            return
        world.folder.set_readable(self.path, self.readable)
        world.trouble()
        world.hint(self.path)


@dataclass(frozen=True)
class SaveTogether(Operation):
    """A build or a checkout: many files in one moment, some of them gone."""

    label: str
    paths: tuple[str, ...]
    removed: tuple[str, ...] = ()

    def do(self, world: World) -> None:
        files: dict[str, str | None] = {}
        for number, path in enumerate(self.paths):
            data = f"{self.label}.{number}".encode()
            if world.folder.write(path, data):
                files[path] = digest(data)
        for path in self.removed:
            if path not in files and not _is_above(path, files) and world.folder.remove(path):
                files[path] = None
        together = Together(files, world.scheduler.now_s, world.stamp(), calm=world.is_calm())
        for path in files:
            world.hint(path)
        world.laws.saved_together.append(together)


@dataclass(frozen=True)
class FolderGoes(Operation):
    how: str

    def do(self, world: World) -> None:
        world.folder.go_away(self.how)
        world.trouble()


@dataclass(frozen=True)
class FolderComesBack(Operation):
    def do(self, world: World) -> None:
        world.folder.come_back()


# --- hints ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Hints(Operation):
    """From now on they come `prompt`, `late`, `doubled` or not at all (`lost`)."""

    how: str

    def do(self, world: World) -> None:
        world.hints = self.how


@dataclass(frozen=True)
class Invent(Operation):
    """A hint for nothing."""

    path: str

    def do(self, world: World) -> None:
        world.hint(self.path)


# --- on JATOS -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class OthersPut(Operation):
    """Somebody else changes or adds a file on JATOS."""

    path: str
    label: str
    size: int = 0

    def do(self, world: World) -> None:
        if world.jatos.put(self.path, body(self.label, self.size)):
            world.laws.others_changed(self.path)


@dataclass(frozen=True)
class OthersRemove(Operation):
    path: str

    def do(self, world: World) -> None:
        if world.jatos.at(self.path) is not None:
            world.jatos.remove(self.path)
            world.laws.others_changed(self.path)


@dataclass(frozen=True)
class Lock(Operation):
    locked: bool

    def do(self, world: World) -> None:
        world.jatos.study.locked = self.locked
        world.laws.locked_s = world.scheduler.now_s if self.locked else None
        world.trouble()


@dataclass(frozen=True)
class ApiAllowed(Operation):
    allowed: bool

    def do(self, world: World) -> None:
        world.jatos.switches.allowed = self.allowed
        world.trouble()


@dataclass(frozen=True)
class TokenActive(Operation):
    active: bool

    def do(self, world: World) -> None:
        world.jatos.token.active = self.active
        world.trouble()


@dataclass(frozen=True)
class Trouble(Operation):
    """The next `times` requests of this kind go wrong (see `jatos.Fault`)."""

    what: str
    kind: str = "*"
    times: int = 1

    def do(self, world: World) -> None:
        world.jatos.faults.append(Fault(self.what, self.kind, self.times))
        world.trouble()


# --- the program ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Kill(Operation):
    """kill -9, and a start a moment later."""

    def do(self, world: World) -> None:
        world.trouble()
        world.kill()


@dataclass(frozen=True)
class Stop(Operation):
    """SIGTERM, and a start a while later."""

    def do(self, world: World) -> None:
        world.trouble()
        world.stop()


@dataclass(frozen=True)
class Reconfigure(Operation):
    """A person edits the configuration, stops the program, and starts it a while later."""

    setting: str
    value: str | int

    def do(self, world: World) -> None:
        world.reconfigure(self.setting, self.value)
        Stop().do(world)


@dataclass(frozen=True)
class Approve(Operation):
    """A person says yes to the lists of one kind, or to about such a share of their files."""

    kind: str
    share: float = 1.0

    def do(self, world: World) -> None:
        world.approve(lambda held: held.kind.value == self.kind, self.share)


@dataclass(frozen=True)
class Pause(Operation):
    paused: bool

    def do(self, world: World) -> None:
        world.trouble()
        world.pause(self.paused)


@dataclass(frozen=True)
class During(Operation):
    """
    Something happens in the middle of something else.

    `moment` is stat (the program has just looked at a file), request (one leaves), chunk (a part of
    a body is sent), effect (a request has just taken effect), delete (a thread begins a delete, for
    which a scan gave reason).
    """

    moment: str
    count: int
    what: Operation

    def do(self, world: World) -> None:
        world.during(self.moment, self.count, lambda: self._happen(world))

    def _happen(self, world: World) -> None:
        world.trouble()
        self.what.do(world)


def _is_file(world: World, path: str) -> bool:
    place = os.path.join(world.folder.place, path)
    try:
        return stat.S_ISREG(os.lstat(place).st_mode)
    except OSError:
        return False


def _is_above(path: str, files: dict[str, str | None]) -> bool:
    return any(each.startswith(path + "/") for each in files)
