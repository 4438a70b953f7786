"""A private mount namespace: what is mounted in there is nobody else's business."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

NETWORK_DISK = Path(__file__).with_name("network_disk.py")


class Mounts:
    """Commands run in it, and one can look into it."""

    def __init__(self) -> None:
        command = ["unshare", "-m", "sh", "-c", "echo ready; exec sleep 600"]
        self._keeper = _ready(command)
        self.inside = ["nsenter", "-m", "-t", str(self._keeper.pid), "--"]
        self._disks: list[subprocess.Popen[bytes]] = []

    def run(self, script: str, cwd: Path) -> None:
        """Run a shell script in it."""
        subprocess.run(
            [*self.inside, "sh", "-eu", "-c", f'cd "$1" && {script}', "sh", str(cwd)], check=True
        )

    def view(self, path: Path) -> Path:
        """The same path as it is seen in there."""
        return Path(f"/proc/{self._keeper.pid}/root{path}")

    def network_disk(self, source: Path, at: Path) -> subprocess.Popen[bytes]:
        """Show `source` at `at`, where its changes make no events; the process that does."""
        if not os.access("/dev/fuse", os.R_OK | os.W_OK):
            pytest.skip("no FUSE here: there can be no disk of which the kernel is not told")
        disk = _ready([*self.inside, sys.executable, str(NETWORK_DISK), str(source), str(at)])
        self._disks.append(disk)
        return disk

    def close(self) -> None:
        """End it and all that is mounted in it."""
        for process in (*self._disks, self._keeper):
            assert process.stdout is not None
            process.stdout.close()
            process.kill()
            process.wait()


def _ready(command: list[str]) -> subprocess.Popen[bytes]:
    """A process that says one line when it is."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline(), command
    return process
