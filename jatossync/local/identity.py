"""
Which directory the study folder is, in a form that holds over restarts of program and computer.

Its number among the disks (`st_dev`) changes at every start of the computer, and that of a USB
stick's device with the order of plugging in, so disks are known by mount point, type and UUID.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace

from jatossync.errors import ConfigError
from jatossync.local.mounts import Mount, is_deaf

_BY_UUID = "/dev/disk/by-uuid"
_UDEV = "/run/udev/data"
_DISKS = "/sys/class/block"
"""Where a disk's number is found by its name: that of a mount is none on btrfs."""

_UUID = "UUID="

_FLEETING_INODES = frozenset(["exfat", "fuseblk", "msdos", "overlay", "vfat"])
"""File systems that number their directories anew at each mount; so do most network ones."""

REBIND = "If it is the study now, accept it with `jatossync check --rebind`."


@dataclass(frozen=True)
class Identity:
    """What must be the same for a folder to be the same one."""

    disk: str
    """Empty where the system has no table of mounts."""
    inode: int | None
    """None where it is no lasting number."""
    below: Mapping[str, str]
    """The disks mounted on directories below it, by their path."""

    @classmethod
    def of(cls, mount: Mount | None, below: Mapping[str, Mount], inode: int) -> Identity:
        """The identity of a directory on `mount`, with these mounts below it."""
        lasting = mount is None or not (mount.kind in _FLEETING_INODES or is_deaf(mount))
        return cls(
            disk(mount) if mount else "",
            inode if lasting and inode else None,
            disks(below),
        )

    @classmethod
    def parse(cls, text: str) -> Identity:
        """What `str` wrote."""
        return cls(**json.loads(text))

    def __str__(self) -> str:
        return json.dumps(asdict(self))

    def expect(self, path: str, known: Identity) -> None:
        """
        Make sure that the folder at `path`, which is `self`, is still the `known` one.

        Raises:
            ConfigError: It is another one: nothing may be concluded from it (law 2).
        """
        if not _may_be_one(self.disk, known.disk):
            raise ConfigError(
                f"the folder {path} lies on another disk than before ({known.disk}; now "
                f"{self.disk}), so nothing is concluded from it",
                f"Connect or mount the disk that holds the study. {REBIND}",
            )
        if None not in (self.inode, known.inode) and self.inode != known.inode:
            raise ConfigError(
                f"the folder {path} is not the one that was mirrored before: it was made anew, or "
                "another took its place, so nothing is concluded from it",
                f"Put the old one back. {REBIND}",
            )

    def to_remember(self, known: Identity) -> Identity:
        """`self`, which was taken for `known`, with the name of its disk that lasts longer."""
        knew = _source(known.disk).startswith(_UUID)
        return replace(self, disk=known.disk) if knew else self


def disks(mounts: Mapping[str, Mount]) -> dict[str, str]:
    """The disk of each mount."""
    return {name: disk(mount) for name, mount in mounts.items()}


def differing(one: Mapping[str, str], other: Mapping[str, str]) -> set[str]:
    """The names under which there is not the same in both."""
    return {name for name, _ in one.items() ^ other.items()}


def disk(mount: Mount) -> str:
    """What makes a mounted disk the same one over restarts."""
    return " ".join([mount.point, mount.root, mount.kind, _lasting(mount)])


def _source(disk: str) -> str:
    return disk.rpartition(" ")[2]


def _may_be_one(disk: str, other: str) -> bool:
    """
    Whether nothing tells them apart.

    A sandbox may not show the UUID: it says nothing about a device's name, nor that about it.
    """
    mounted, other_mounted = (each.removesuffix(_source(each)) for each in (disk, other))
    named = {_source(each)[: len(_UUID)] for each in (disk, other)}
    return disk == other or (mounted == other_mounted and named == {_UUID, "/dev/"})


def _lasting(mount: Mount) -> str:
    """A device's UUID, where the system knows one: its name depends on what else is plugged in."""
    if not mount.source.startswith("/dev/"):
        return mount.source
    uuid = _uuid_of_number(mount) or _uuid_of_name(mount.source)
    return f"{_UUID}{uuid}" if uuid else mount.source


def _uuid_of_number(mount: Mount) -> str | None:
    """
    As udev keeps it: first, for a service that has no disks in its /dev (PrivateDevices=) sees it.

    Encoded, as the links of `_BY_UUID` are named, so that all agree.
    """
    number, mark = mount.device, "E:ID_FS_UUID_ENC="
    with suppress(OSError):
        if number.startswith("0:"):
            with open(f"{_DISKS}/{os.path.basename(mount.source)}/dev", encoding="ascii") as file:
                number = file.read().strip()
        if number:
            with open(f"{_UDEV}/b{number}", encoding="utf-8", errors="surrogateescape") as file:
                found = (line.removeprefix(mark).strip() for line in file if line.startswith(mark))
                return next(found, None)
    return None


def _uuid_of_name(source: str) -> str | None:
    """As it is named in /dev."""
    try:
        with os.scandir(_BY_UUID) as links:
            uuids = sorted(link.name for link in links)
    except OSError:
        return None
    device = os.path.realpath(source)
    same = (uuid for uuid in uuids if os.path.realpath(f"{_BY_UUID}/{uuid}") == device)
    return next(same, None)
