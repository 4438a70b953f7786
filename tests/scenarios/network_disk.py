"""
A file system whose files others can change without this kernel being told, as on a network disk.

`python network_disk.py SOURCE MOUNTPOINT` shows SOURCE at MOUNTPOINT, read only, through FUSE, and
prints one line when it is there. What happens in SOURCE makes no event below MOUNTPOINT. It speaks
just as much of the kernel's protocol (linux/fuse.h) as listing and reading files takes.
"""

from __future__ import annotations

import ctypes
import errno
import os
import stat
import struct
import sys

NO_ANSWER = (2, 36, 42)
"""FORGET, INTERRUPT, BATCH_FORGET."""
PAST_THE_CACHE = 1
ROOT = 1


class Disk:
    """Answers the kernel; every answer is good for no time at all, so that it asks again."""

    def __init__(self, source: bytes) -> None:
        self._paths = {ROOT: source}

    def answer(self, opcode: int, node: int, body: bytes) -> bytes:
        path = self._paths.get(node, b"")
        match opcode:
            case 26:  # INIT
                return struct.pack("=IIIIHHIIHHI28x", 7, 31, 65536, 0, 8, 8, 65536, 1, 16, 0, 0)
            case 1:  # LOOKUP
                return self._entry(os.path.join(path, body.rstrip(b"\0")))
            case 3:  # GETATTR
                return struct.pack("=QII", 0, 0, 0) + attributes(os.lstat(path), node)
            case 14 | 27:  # OPEN, OPENDIR
                return struct.pack("=QII", 0, PAST_THE_CACHE, 0)
            case 15:  # READ
                _, offset, size = struct.unpack_from("=QQI", body)
                with open(path, "rb") as file:
                    file.seek(offset)
                    return file.read(size)
            case 28:  # READDIR
                _, offset, size = struct.unpack_from("=QQI", body)
                return listing(path, offset, size)
            case 17:  # STATFS
                return struct.pack("=QQQQQIIII24x", 1, 1, 1, 1, 1, 4096, 255, 4096, 0)
            case 18 | 25 | 29 | 34:  # RELEASE, FLUSH, RELEASEDIR, ACCESS
                return b""
        raise OSError(errno.ENOSYS, "not needed")

    def _entry(self, path: bytes) -> bytes:
        found = os.lstat(path)
        self._paths[found.st_ino] = path
        head = struct.pack("=QQQQII", found.st_ino, 0, 0, 0, 0, 0)
        return head + attributes(found, found.st_ino)


def attributes(found: os.stat_result, node: int) -> bytes:
    times = [found.st_atime_ns, found.st_mtime_ns, found.st_ctime_ns]
    return struct.pack(
        "=QQQQQQIIIIIIIIII",
        *(node, found.st_size, found.st_blocks),
        *(ns // 10**9 for ns in times),
        *(ns % 10**9 for ns in times),
        *(found.st_mode, found.st_nlink, found.st_uid, found.st_gid, 0, 4096, 0),
    )


def listing(path: bytes, offset: int, size: int) -> bytes:
    found = b""
    for number, name in enumerate(sorted(os.listdir(path))[offset:], offset + 1):
        kind = stat.S_IFMT(os.lstat(os.path.join(path, name)).st_mode) >> 12
        record = struct.pack("=QQII", 1, number, len(name), kind) + name
        record += b"\0" * (-len(record) % 8)
        if len(found) + len(record) > size:
            break
        found += record
    return found


def serve(device: int, disk: Disk) -> None:
    while True:
        try:
            request = os.read(device, 1 << 18)
        except OSError as exc:
            if exc.errno == errno.ENODEV:  # unmounted
                return
            continue
        _, opcode, unique, node = struct.unpack_from("=IIQQ", request)
        if opcode in NO_ANSWER:
            continue
        error, body = 0, b""
        try:
            body = disk.answer(opcode, node, request[40:])
        except OSError as exc:
            error = -(exc.errno or errno.EIO)
        try:
            os.write(device, struct.pack("=IiQ", 16 + len(body), error, unique) + body)
        except OSError as exc:
            if exc.errno != errno.ENOENT:  # whoever asked was interrupted
                raise


def main(source: str, mountpoint: str) -> None:
    device = os.open("/dev/fuse", os.O_RDWR)
    options = f"fd={device},rootmode=40000,user_id=0,group_id=0,allow_other"
    libc = ctypes.CDLL(None, use_errno=True)
    arguments = [b"elsewhere:/study", os.fsencode(mountpoint), b"fuse.sshfs"]
    if libc.mount(*arguments, 0, options.encode()):
        raise SystemExit(f"no FUSE here: {os.strerror(ctypes.get_errno())}")
    sys.stdout.write("mounted\n")
    sys.stdout.flush()
    serve(device, Disk(os.fsencode(source)))


if __name__ == "__main__":
    main(*sys.argv[1:])
