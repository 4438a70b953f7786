"""
The control socket: how commands speak to the daemon that runs.

A Unix socket in the state directory. A command sends one line of JSON, an object with `do`; it gets
lines of JSON back, the last of which has `end`. The threads here only pass on: what is asked is
answered by the control loop, which never waits for a client. Where there are no Unix sockets
(Windows), there is no control socket, and commands work from the state.
"""

from __future__ import annotations

import errno
import json
import os
import queue
import select
import socket
import stat
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from typing import Any

from jatossync.errors import SHORTAGES, AlreadyRunning, NotRunning, Silent, StateError

NAME = "control.sock"

LONGEST_LINE = 64 * 1024 * 1024
"""Bytes of a request: an approval names all its paths."""

READ_S = 5.0
"""So long a client may take to say what it wants, and to take in one line."""

CLIENTS = 16
"""So many are served at once; the rest waits in the system's queue."""

LONGEST_ADDRESS = 100
"""Bytes of a socket's path that every system takes (macOS: 103, Linux: 107)."""

FAREWELL_S = 1.0
"""So long the last answers may take to be sent."""

LOOK_S = 0.2
"""How often to see whether a client that waits for an answer is still there."""

HANDING_OVER_S = 300.0
"""So long a client may take to take in one line of many."""

Fields = dict[str, Any]

Work = Callable[[Callable[[Fields], None]], Fields]
"""Gives any number of lines to what it is called with, and returns the last one."""


class Request:
    """
    What a command asks.

    All may be called from any thread and never wait; after `end` or `hand_over` nothing follows.
    """

    def __init__(self, asked: Fields) -> None:
        self.asked = asked
        self.answers: queue.SimpleQueue[Fields | Work] = queue.SimpleQueue()
        self._gone = threading.Event()

    @property
    def gone(self) -> bool:
        """Whether nobody waits for the answer any more."""
        return self._gone.is_set()

    def leave(self) -> None:
        """Nobody waits for the answer any more."""
        self._gone.set()

    def answer(self, **fields: Any) -> None:
        """One line of the answer, and more to come."""
        self.answers.put(fields)

    def end(self, **fields: Any) -> None:
        """The last line of the answer."""
        self.answers.put({**fields, "end": True})

    def hand_over(self, work: Work) -> None:
        """End with much: done in the client's own thread, as fast as the client takes it in."""
        self.answers.put(work)


class Control:
    """
    The daemon's end, from its making until `close`.

    Args:
        directory: The state directory.
        receive: Called from any thread with each request; must not wait.
        mode: The socket's permissions. Who may connect may do all that commands do.
        group: The number of the group it belongs to, where that is not this process's own.

    Raises:
        AlreadyRunning: A daemon answers at that socket.
        StateError: The socket cannot be made.
    """

    def __init__(
        self,
        directory: str,
        receive: Callable[[Request], None],
        *,
        mode: int = 0o600,
        group: int | None = None,
    ) -> None:
        self._receive = receive
        self._room = threading.BoundedSemaphore(CLIENTS)
        self._closing = threading.Event()
        self._serving: set[threading.Thread] = set()
        self._path = os.path.join(directory, NAME)
        self._directory = directory
        self._socket = self._listening(mode, group)
        self._made = os.stat(self._path).st_ino
        self._accepting = threading.Thread(target=self._accept, name="control", daemon=True)
        self._accepting.start()

    def reachable(self) -> bool:
        """Whether commands still find it: what tidies up may have removed the socket."""
        return self._accepting.is_alive() and self._is_in_place()

    def _is_in_place(self) -> bool:
        try:
            return os.stat(self._path).st_ino == self._made
        except OSError:
            return False

    def close(self) -> None:
        """No more requests; what was answered is sent, what was not is dropped."""
        self._closing.set()
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)  # wakes `accept`
        self._socket.close()
        if self._is_in_place():
            with suppress(OSError):
                os.unlink(self._path)
        until_s = time.monotonic() + FAREWELL_S
        for thread in [each for each in self._serving if each.ident is not None]:
            thread.join(max(0.0, until_s - time.monotonic()))

    def _listening(self, mode: int, group: int | None) -> socket.socket:
        self._remove_stale()
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            with _address(self._directory) as address:
                listener.bind(address)
            # Before `listen` nobody can connect: there is no moment with other permissions.
            os.chmod(self._path, mode)
            if group is not None:
                os.chown(self._path, -1, group)
            listener.listen(CLIENTS)
        except OSError as exc:
            listener.close()
            raise StateError(
                f"the control socket {self._path} cannot be made: {exc.strerror or exc}"
            ) from exc
        return listener

    def _remove_stale(self) -> None:
        """What a killed daemon left behind goes; one that answers is another daemon."""
        try:
            _connected(self._directory).close()
        except _ABSENT:
            pass
        except OSError as exc:
            raise StateError(
                f"the control socket {self._path} cannot be used: {exc.strerror or exc}",
                "If no other jatossync uses it, remove it.",
            ) from exc
        else:
            raise AlreadyRunning(
                f"another jatossync uses the state {self._directory}",
                "Stop that one first, or give each configuration a `state:` of its own.",
            )
        with suppress(FileNotFoundError):
            if stat.S_ISSOCK(os.lstat(self._path).st_mode):
                os.unlink(self._path)

    def _accept(self) -> None:
        while not self._closing.is_set():
            self._room.acquire()
            try:
                client, _ = self._socket.accept()
            except OSError as exc:
                self._room.release()
                if exc.errno in (*SHORTAGES, errno.ECONNABORTED):
                    self._closing.wait(1.0)
                    continue
                return
            thread = threading.Thread(target=self._serve, args=(client,), daemon=True)
            self._serving.add(thread)
            try:
                thread.start()
            except RuntimeError:  # no room for another one
                self._serving.discard(thread)
                client.close()
                self._room.release()
                self._closing.wait(1.0)

    def _serve(self, client: socket.socket) -> None:
        try:
            with client:
                client.settimeout(READ_S)
                request, fault = _read(client)
                if request is None:
                    _send(client, {"error": fault, "end": True})
                    return
                self._receive(request)
                try:
                    self._pass_on(client, request)
                finally:
                    request.leave()
        except (OSError, ValueError):
            pass  # it went away
        finally:
            self._serving.discard(threading.current_thread())
            self._room.release()

    def _pass_on(self, client: socket.socket, request: Request) -> None:
        while True:
            try:
                line = request.answers.get(timeout=LOOK_S)
            except queue.Empty:
                if self._closing.is_set() or _hung_up(client):
                    return
                continue
            if not isinstance(line, dict):
                client.settimeout(HANDING_OVER_S)
                line = {**line(partial(_send, client)), "end": True}
            _send(client, line)
            if line.get("end"):
                return


def available() -> bool:
    """Whether this system has Unix sockets."""
    return hasattr(socket, "AF_UNIX")


def ask(directory: str, asked: Fields, *, silence_s: float = 20.0) -> Iterator[Fields]:
    """
    Ask the daemon that uses this state directory; gives its answers as they come.

    Args:
        silence_s: How long it may say nothing at all.

    Raises:
        NotRunning: No daemon uses it, or it went away.
        Silent: One does, and does not answer.
    """
    with closing(_connection(directory)) as connection:
        connection.settimeout(silence_s)
        try:
            _send(connection, asked)
            with connection.makefile("rb") as lines:
                for line in lines:
                    if not line.endswith(b"\n"):
                        break  # it was killed in the middle of it
                    answer = json.loads(line)
                    yield answer
                    if answer.get("end"):
                        return
        except TimeoutError:
            raise Silent(
                "the jatossync that runs does not answer",
                "The computer may be busy. If it stays so, stop it and start it anew: nothing is "
                "lost by that.",
            ) from None
        except OSError:
            pass
    raise NotRunning("the jatossync that ran has just ended")


def _connection(directory: str) -> socket.socket:
    if not available():
        raise NotRunning("this system has no control sockets")
    try:
        return _connected(directory)
    except _ABSENT:
        raise NotRunning("no jatossync runs for this study") from None
    except OSError as exc:
        raise Silent(
            f"the jatossync that runs cannot be reached: {exc.strerror or exc}",
            f"{os.path.join(directory, NAME)} is its control socket; who started it may use it.",
        ) from exc


_ABSENT = (FileNotFoundError, ConnectionRefusedError, NotADirectoryError)
"""How a connection fails where nobody listens."""


def _connected(directory: str) -> socket.socket:
    """
    Raises:
        OSError: Nobody listens, or does not let us in.
    """
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(READ_S)
    try:
        with _address(directory) as address:
            connection.connect(address)
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def _address(directory: str) -> Iterator[str]:
    """
    The socket's address. A system takes about 100 bytes: a longer path goes by a descriptor.

    Raises:
        OSError: It is too long, and this system has no such descriptors.
    """
    path = os.path.join(directory, NAME)
    if len(os.fsencode(path)) <= LONGEST_ADDRESS:
        yield path
        return
    if not os.path.isdir("/proc/self/fd"):
        raise OSError(errno.ENAMETOOLONG, f"over {LONGEST_ADDRESS} bytes; set a shorter `state:`")
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}/{NAME}"
    finally:
        os.close(descriptor)


def _read(client: socket.socket) -> tuple[Request | None, str]:
    """The request, or what is wrong with it."""
    line, more, deadline_s = bytearray(), b"", time.monotonic() + READ_S
    while b"\n" not in more:
        if len(line) > LONGEST_LINE:
            return None, f"a request has at most {LONGEST_LINE} bytes"
        if time.monotonic() > deadline_s:
            return None, f"a request takes at most {READ_S:.0f} s"
        more = client.recv(65536)
        if not more:
            break
        line += more
    try:
        asked = json.loads(line.partition(b"\n")[0])
    except (ValueError, RecursionError):
        return None, "a request is one line of JSON"
    if not isinstance(asked, dict) or not isinstance(asked.get("do"), str):
        return None, 'a request is a JSON object with "do"'
    return Request(asked), ""


def _send(connection: socket.socket, fields: Fields) -> None:
    connection.sendall(json.dumps(fields).encode() + b"\n")


def _hung_up(client: socket.socket) -> bool:
    readable, _, _ = select.select([client], [], [], 0)
    return bool(readable) and client.recv(1, socket.MSG_PEEK) == b""
