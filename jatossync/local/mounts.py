"""What is mounted where, which a folder's inode alone does not tell. Linux only."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from typing import NamedTuple

_TABLE = "/proc/self/mountinfo"

_REMOTE = frozenset(
    [
        *("9p", "drvfs", "fuse", "prl_fs", "vboxsf", "virtiofs", "vmhgfs"),
        *("cifs", "ncpfs", "nfs", "nfs4", "smb3", "smbfs"),
        *("acfs", "afs", "beegfs", "ceph", "coda", "davfs", "gfs2", "glusterfs", "gpfs", "kafs"),
        *("lustre", "mfs", "ocfs2", "orangefs", "panfs", "pvfs2"),
    ]
)
"""Types of file systems that others can change without this kernel being told."""


class Mount(NamedTuple):
    """One mounted file system, as far as it tells whether it is still the same one."""

    point: str
    """Where it is mounted."""
    root: str
    """Which of its directories stands there; `…//deleted` behind a bind mount whose source went."""
    kind: str
    """Type of file system."""
    source: str
    device: str = ""
    """The number of its disk, `8:17`: for this mount only, and one of its own on btrfs."""


def mount_table() -> list[Mount]:
    """
    All mounts, later ones covering earlier ones; empty where the system has no such table.

    Raises:
        OSError: It has one that cannot be read now.
    """
    try:
        with open(_TABLE, "rb") as table:
            return [_mount(line) for line in table]
    except FileNotFoundError:
        return []


def mount_of(path: str, table: Iterable[Mount]) -> Mount | None:
    """The mount that `path`, a real path, lies on."""
    best = None
    for mount in table:
        inside = path == mount.point or path.startswith(mount.point.rstrip("/") + "/")
        if inside and (best is None or len(mount.point) >= len(best.point)):
            best = mount
    return best


def focused(mount: Mount, path: str) -> Mount:
    """
    `mount` as if it showed nothing but `path`, which lies on it.

    A service's sandbox shows a folder so (BindReadOnlyPaths=), and it is the same folder there.
    """
    rest = path[len(mount.point.rstrip("/")) :]
    return mount._replace(point=path, root=mount.root.rstrip("/") + rest or "/")


def mounts_below(path: str, table: Iterable[Mount]) -> dict[str, Mount]:
    """The mounts on directories below `path`, by the rest of their path."""
    top = path.rstrip("/") + "/"
    return {mount.point[len(top) :]: mount for mount in table if mount.point.startswith(top)}


def is_deaf(mount: Mount) -> bool:
    """Whether changes made by others than this system's programs make no events there."""
    return mount.kind in _REMOTE or mount.kind.startswith("fuse.")


def _mount(line: bytes) -> Mount:
    """Source: proc(5), `/proc/pid/mountinfo`: fields 3 to 5, and the two behind the lone dash."""
    before, _, after = line.partition(b" - ")
    _, _, device, root, point, *_ = before.split(b" ")
    kind, source, *_ = after.split(b" ")
    return Mount(_plain(point), _plain(root), _plain(kind), _plain(source), device.decode())


def _plain(field: bytes) -> str:
    return os.fsdecode(re.sub(rb"\\([0-7]{3})", lambda octal: bytes([int(octal[1], 8)]), field))
