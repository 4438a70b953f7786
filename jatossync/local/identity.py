"""
Which directory the study folder is, in a form that holds over restarts of program and computer.

Its number among the disks (`st_dev`) changes at every start of the computer, and that of a USB
stick's device with the order of plugging in, so disks are known by mount point, type and UUID.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from jatossync.errors import ConfigError
from jatossync.local.mounts import Mount, is_deaf

_BY_UUID = "/dev/disk/by-uuid"

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
        if self.disk != known.disk:
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


def disks(mounts: Mapping[str, Mount]) -> dict[str, str]:
    """The disk of each mount."""
    return {name: disk(mount) for name, mount in mounts.items()}


def differing(one: Mapping[str, str], other: Mapping[str, str]) -> set[str]:
    """The names under which there is not the same in both."""
    return {name for name, _ in one.items() ^ other.items()}


def disk(mount: Mount) -> str:
    """What makes a mounted disk the same one over restarts."""
    return " ".join([mount.point, mount.root, mount.kind, _lasting(mount.source)])


def _lasting(source: str) -> str:
    """A device's UUID, where the system knows one: its name depends on what else is plugged in."""
    if not source.startswith("/dev/"):
        return source
    try:
        with os.scandir(_BY_UUID) as links:
            uuids = sorted(link.name for link in links)
    except OSError:
        return source
    device = os.path.realpath(source)
    same = (uuid for uuid in uuids if os.path.realpath(f"{_BY_UUID}/{uuid}") == device)
    return next((f"UUID={uuid}" for uuid in same), source)
