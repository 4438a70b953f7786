"""
The program without its start: forked from a process that has imported all of it already.

Most of what a command costs is that Python starts and imports; a scenario has several of them, and
proves nothing by it. All else is as at a terminal: a process of its own, with its own environment,
working directory and streams, which ends as Python ends. The real start (`python -m jatossync`) is
what the tests of tests/cli have, and the scenarios that put something in front of the program.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import BinaryIO, Protocol

ROOT = Path(__file__).parents[2]
PROGRAM = [sys.executable, "-m", "jatossync"]
LONGEST_ORDER = 1024 * 1024

USED_LATER = ("config.loading", "config.schema", "cli.service.install", "cli.demo")
"""What commands import only where they need it."""


class Process(Protocol):
    """What tests do with a process, whoever started it."""

    pid: int

    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def send_signal(self, sig: int) -> None: ...
    def kill(self) -> None: ...


def start(
    command: Sequence[str], cwd: Path, environment: Mapping[str, str], out: BinaryIO, err: BinaryIO
) -> Process:
    """Start a command line, with nothing to read."""
    if list(command[:3]) == PROGRAM and hasattr(os, "pidfd_open"):
        return _starter().start(command[3:], cwd, environment, out, err)
    return subprocess.Popen(
        command, cwd=cwd, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=err
    )


class Forked:
    """A process whose parent, the starter, writes to `report`: first its number, then its end."""

    def __init__(self, report: int) -> None:
        self._report = open(report, "rb", buffering=0)  # noqa: SIM115
        self.pid = int(self._report.readline())
        self._code: int | None = None

    def poll(self) -> int | None:
        """Its exit code, or minus the number of the signal that ended it; None while it runs."""
        if self._code is None and select.select([self._report], [], [], 0)[0]:
            self._ended()
        return self._code

    def wait(self, timeout: float | None = None) -> int:
        """
        Wait for its end.

        Raises:
            subprocess.TimeoutExpired: It has not ended for so many seconds.
        """
        if self._code is None:
            if not select.select([self._report], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("jatossync", timeout or 0)
            self._ended()
        assert self._code is not None
        return self._code

    def send_signal(self, sig: int) -> None:
        """To one that has ended already: nothing."""
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, sig)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _ended(self) -> None:
        self._code = int(self._report.readline())
        self._report.close()


class _Starter:
    def __init__(self) -> None:
        self._orders, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        environment = {"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "PATH": os.environ["PATH"]}
        environment |= {"PYTHONWARNINGS": "default::ResourceWarning"}
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__, str(theirs.fileno())],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )

    def start(
        self,
        arguments: Sequence[str],
        cwd: Path,
        environment: Mapping[str, str],
        out: BinaryIO,
        err: BinaryIO,
    ) -> Forked:
        report, theirs = os.pipe()
        order = json.dumps([list(arguments), str(cwd), dict(environment)]).encode()
        socket.send_fds(self._orders, [order], [theirs, out.fileno(), err.fileno()])
        os.close(theirs)
        return Forked(report)

    def close(self) -> None:
        self._orders.close()
        self._process.wait()


@cache
def _starter() -> _Starter:
    """One for all tests of this process."""
    starter = _Starter()
    atexit.register(starter.close)
    return starter


# --- the starter's own process -------------------------------------------------------------------


def _serve(orders: socket.socket) -> tuple[list[str], int, int] | None:
    """
    Fork for each order until there are no more; tell of each end.

    Returns:
        In a process to be the program: its arguments and its streams. None at the end.
    """
    reports: dict[int, tuple[int, int]] = {}
    news = select.poll()
    news.register(orders, select.POLLIN)
    while True:
        for ready, _ in news.poll():
            if ready != orders.fileno():
                news.unregister(ready)
                _tell_end(ready, *reports.pop(ready))
                continue
            order, given, _, _ = socket.recv_fds(orders, LONGEST_ORDER, 3)
            if not order:
                return None
            report, out, err = given
            if pid := os.fork():
                os.write(report, b"%d\n" % pid)
                os.close(out)
                os.close(err)
                process = os.pidfd_open(pid)
                news.register(process, select.POLLIN)
                reports[process] = pid, report
                continue
            arguments, cwd, environment = json.loads(order)
            os.chdir(cwd)
            os.environ.clear()
            os.environ.update(environment)
            return arguments, out, err


def _tell_end(process: int, pid: int, report: int) -> None:
    os.close(process)
    _, status = os.waitpid(pid, 0)
    with suppress(BrokenPipeError):  # a test that failed does not wait for it
        os.write(report, b"%d\n" % os.waitstatus_to_exitcode(status))
    os.close(report)


def _import_all() -> None:
    from jatossync.cli.main import COMMANDS

    for name in (*(f"cli.{command}" for command in COMMANDS), *USED_LATER):
        importlib.import_module(f"jatossync.{name}")
    importlib.import_module("structlog")


def main() -> None:
    _import_all()
    gc.freeze()  # what is there is there to stay, and its memory shared
    with socket.socket(fileno=int(sys.argv[1])) as orders:
        begun = _serve(orders)
    if begun is None:
        return
    arguments, out, err = begun
    os.dup2(out, 1)
    os.dup2(err, 2)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    from jatossync import __main__ as program

    sys.argv = [str(program.__file__), *arguments]
    program.main()


if __name__ == "__main__":
    main()
