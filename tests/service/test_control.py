"""The control socket, over the real thing."""

from __future__ import annotations

import json
import os
import queue
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from jatossync.errors import AlreadyRunning, NotRunning, Silent, StateError
from jatossync.service import control
from jatossync.service.control import NAME, Control, Request, ask

pytestmark = pytest.mark.skipif(not control.available(), reason="there are no Unix sockets")


@contextmanager
def daemon(directory: Path, answer: Callable[[Request], None], **options: int) -> Iterator[None]:
    """A control loop that answers."""
    inbox: queue.SimpleQueue[Request | None] = queue.SimpleQueue()

    def loop() -> None:
        while (request := inbox.get()) is not None:
            answer(request)

    thread = threading.Thread(target=loop)
    thread.start()
    served = Control(str(directory), inbox.put, **options)
    try:
        yield
    finally:
        inbox.put(None)
        thread.join()
        served.close()


def echo(request: Request) -> None:
    request.end(heard=request.asked)


def raw(directory: Path, sent: bytes) -> bytes:
    """What comes back where these very bytes are sent."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.connect(str(directory / NAME))
        client.sendall(sent)
        client.shutdown(socket.SHUT_WR)
        with client.makefile("rb") as answer:
            return answer.read()


def test_an_answer_may_have_many_lines(tmp_path: Path) -> None:
    def count(request: Request) -> None:
        for number in range(request.asked["to"]):
            request.answer(number=number)
        request.end(done=True)

    with daemon(tmp_path, count):
        answers = list(ask(str(tmp_path), {"do": "count", "to": 3}))
    assert [each.get("number") for each in answers] == [0, 1, 2, None]
    assert answers[-1] == {"done": True, "end": True}


def test_only_its_user_may_use_it(tmp_path: Path) -> None:
    with daemon(tmp_path, echo):
        assert stat.S_IMODE((tmp_path / NAME).stat().st_mode) == 0o600
    with daemon(tmp_path, echo, mode=0o660, group=os.getgid()):
        assert stat.S_IMODE((tmp_path / NAME).stat().st_mode) == 0o660


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (b"status\n", "one line of JSON"),
        (b"\xff\xfe\n", "one line of JSON"),
        (b"\n", "one line of JSON"),
        (b"", "one line of JSON"),
        (b"[" * 100_000 + b"\n", "one line of JSON"),
        (b'["do"]\n', 'an object with "do"'),
        (b'{"do": 7}\n', 'an object with "do"'),
    ],
)
def test_what_is_no_request_is_answered_with_what_is_wrong(
    tmp_path: Path, sent: bytes, said: str
) -> None:
    with daemon(tmp_path, echo):
        answer = raw(tmp_path, sent)
        assert said.replace("an object", "a JSON object") in json.loads(answer)["error"]
        assert list(ask(str(tmp_path), {"do": "go on"})), "the next one is served"


def test_who_never_ends_is_told_so_or_hung_up_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "LONGEST_LINE", 1024 * 1024)
    with daemon(tmp_path, echo):
        with suppress(BrokenPipeError, ConnectionResetError):
            answer = raw(tmp_path, b'{"do": "' + b"x" * (control.LONGEST_LINE + 70_000))
            assert "at most" in json.loads(answer)["error"]
        assert list(ask(str(tmp_path), {"do": "go on"})), "the next one is served"


def test_an_approval_of_a_hundred_thousand_files_is_understood(tmp_path: Path) -> None:
    asked = {"do": "approve", "lists": {"7f3a": [f"images/{n:0100}.png" for n in range(100_000)]}}
    with daemon(tmp_path, echo):
        assert list(ask(str(tmp_path), asked))[-1]["heard"] == asked


def test_nobody_there_is_said_and_a_folder_that_is_missing_too(tmp_path: Path) -> None:
    for directory in (tmp_path, tmp_path / "never"):
        with pytest.raises(NotRunning):
            list(ask(str(directory), {"do": "status"}))


def test_a_socket_that_somebody_removed_is_known_to_be_out_of_reach(tmp_path: Path) -> None:
    first = Control(str(tmp_path), lambda _: None)
    assert first.reachable()
    (tmp_path / NAME).unlink()
    assert not first.reachable()
    second = Control(str(tmp_path), lambda _: None)
    assert not first.reachable()
    first.close()
    assert second.reachable(), "it does not take away what is another's"
    second.close()


def test_what_a_killed_daemon_left_is_replaced(tmp_path: Path) -> None:
    code = (
        "import os, sys; from jatossync.service.control import Control;"
        "Control(sys.argv[1], print); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    assert (tmp_path / NAME).is_socket()
    with pytest.raises(NotRunning):
        list(ask(str(tmp_path), {"do": "status"}))
    with daemon(tmp_path, echo):
        assert list(ask(str(tmp_path), {"do": "status"}))
    assert not (tmp_path / NAME).exists()


def test_a_second_daemon_does_not_take_it_away(tmp_path: Path) -> None:
    with daemon(tmp_path, echo):
        with pytest.raises(AlreadyRunning, match=str(tmp_path)):
            Control(str(tmp_path), lambda _: None)
        assert list(ask(str(tmp_path), {"do": "status"}))


def test_a_file_in_its_place_is_no_socket_and_stays(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text("mine")
    with pytest.raises(StateError, match="cannot be made"):
        Control(str(tmp_path), lambda _: None)
    assert (tmp_path / NAME).read_text() == "mine"


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="Linux only")
def test_a_state_folder_with_a_long_name_is_no_obstacle(tmp_path: Path) -> None:
    deep = tmp_path / ("ü" * 60) / ("x" * 120)
    deep.mkdir(parents=True)
    with daemon(deep, echo):
        assert list(ask(str(deep), {"do": "status"}))
        assert (deep / NAME).is_socket()
    assert not (deep / NAME).exists()


def test_clients_that_say_nothing_or_go_away_keep_nobody_from_being_served(tmp_path: Path) -> None:
    waiting: list[Request] = []

    def slow(request: Request) -> None:
        if request.asked["do"] == "wait":
            waiting.append(request)
        else:
            request.end()

    with daemon(tmp_path, slow):
        silent = [socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) for _ in range(5)]
        for client in silent:
            client.connect(str(tmp_path / NAME))
        gone = ask(str(tmp_path), {"do": "wait"}, silence_s=0.1)
        with pytest.raises(Silent, match="does not answer"):
            next(gone)
        assert list(ask(str(tmp_path), {"do": "status"}))
        while not waiting[0].gone:
            threading.Event().wait(0.02)
        for client in silent:
            client.close()


def test_an_end_that_comes_while_one_waits_is_told(tmp_path: Path) -> None:
    heard: queue.SimpleQueue[Request] = queue.SimpleQueue()
    served = Control(str(tmp_path), heard.put)
    told: list[object] = []

    def wait() -> None:
        try:
            told.extend(ask(str(tmp_path), {"do": "wait"}))
        except NotRunning as exc:
            told.append(exc.message)

    clients = [threading.Thread(target=wait) for _ in range(2)]
    for client in clients:
        client.start()
    heard.get().end(outcome="stopped")
    heard.get()
    served.close()
    for client in clients:
        client.join()
    assert {"outcome": "stopped", "end": True} in told
    assert "the jatossync that ran has just ended" in told


def test_an_answer_that_breaks_off_in_the_middle_of_a_line_is_the_end(tmp_path: Path) -> None:
    """Whoever gave it was killed."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(tmp_path / NAME))
        listener.listen()

        def answer() -> None:
            client, _ = listener.accept()
            with client:
                assert client.recv(100)
                client.sendall(b'{"heard": "hal')

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(NotRunning):
            list(ask(str(tmp_path), {"do": "status"}))
        thread.join()


def test_a_client_for_whom_there_is_no_thread_is_hung_up_on_and_the_next_one_served(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start, refused = threading.Thread.start, threading.Event()

    def no_room(thread: threading.Thread) -> None:
        if thread.daemon and not refused.is_set():
            refused.set()
            raise RuntimeError("can't start new thread")
        start(thread)

    with daemon(tmp_path, echo):
        monkeypatch.setattr(threading.Thread, "start", no_room)
        with pytest.raises(NotRunning):
            list(ask(str(tmp_path), {"do": "x"}))
        [told] = ask(str(tmp_path), {"do": "x"})
        assert told["heard"] == {"do": "x"}
        assert refused.is_set()
