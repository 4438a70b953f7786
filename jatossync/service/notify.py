"""
Telling systemd how the daemon is: ready, what it does, alive, stopping.

Source: sd_notify(3): one datagram of `NAME=value` lines to the socket that `$NOTIFY_SOCKET` names.
By hand, for the packages that do it lose messages that have a character beyond Latin-1.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping
from contextlib import suppress

_LONGEST_STATUS = 500
"""Characters: `systemctl status` shows one line."""

_SEND_S = 0.2
"""So long at most may telling take: a service manager that hangs must not stop the mirroring."""


class Notifier:
    """
    Speaks to the service manager, if there is one; never raises.

    Args:
        address: `$NOTIFY_SOCKET`; None where nobody listens.
        watchdog_s: Without a sign of life for so long the daemon is killed and started again; None
            where nobody watches.
        restart: What a user types to start the service again; empty where nobody set it up.
    """

    def __init__(
        self, address: str | None = None, watchdog_s: float | None = None, restart: str = ""
    ) -> None:
        self.restart = restart
        self.watched = watchdog_s is not None
        self._alive_every_s = watchdog_s / 3 if watchdog_s else 0.0
        self._alive_s = 0.0
        self._ready = False
        self._status = ""
        self._address = _socket_address(address or "")

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> Notifier:
        """The manager that started this process; its `$JATOSSYNC_RESTART` is from our units."""
        return cls(
            environ.get("NOTIFY_SOCKET"), _watchdog_s(environ), environ.get("JATOSSYNC_RESTART", "")
        )

    def ready(self) -> None:
        """The start is over, and what follows in the boot may begin. Said once."""
        if not self._ready:
            self._ready = True
            self._send("READY=1")

    def status(self, text: str) -> None:
        """One line for `systemctl status`."""
        line = " ".join(text.split())[:_LONGEST_STATUS]
        if line != self._status:
            self._status = line
            self._send(f"STATUS={line}")

    def alive(self) -> None:
        """A sign of life from the loop that takes all decisions; to be called as it turns."""
        now_s = time.monotonic()
        if self.watched and now_s - self._alive_s >= self._alive_every_s:
            self._alive_s = now_s
            self._send("WATCHDOG=1")

    def takes(self, seconds: float) -> None:
        """The start or the stop goes on for so long from now."""
        self._send(f"EXTEND_TIMEOUT_USEC={round(seconds * 1e6)}")

    def stopping(self) -> None:
        """The end has begun."""
        self._send("STOPPING=1")

    def _send(self, message: str) -> None:
        if not self._address:
            return
        with (
            suppress(OSError),  # nobody there any more, or it hangs: no reason to stop mirroring
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as talker,
        ):
            talker.settimeout(_SEND_S)
            talker.connect(self._address)
            talker.send(message.encode("utf-8", "backslashreplace"))


def _socket_address(address: str) -> str:
    """For `connect`: a leading @ is Linux's abstract name; empty where it is no Unix socket."""
    if not address.startswith(("/", "@")) or not hasattr(socket, "AF_UNIX"):
        return ""
    return "\0" + address[1:] if address.startswith("@") else address


def _watchdog_s(environ: Mapping[str, str]) -> float | None:
    """Source: sd_watchdog_enabled(3). `$WATCHDOG_PID` may be another process than ours."""
    wanted = environ.get("WATCHDOG_USEC", "")
    if environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()) or not wanted.isdecimal():
        return None
    return int(wanted) / 1e6
