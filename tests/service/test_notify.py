"""What a service manager hears, over a real socket of its kind."""

import os
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from jatossync.service.notify import Notifier
from tests.service.manager import Manager


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    manager = Manager(str(tmp_path / "notify"))
    yield manager
    manager.close()


def notifier(address: str, **environ: str) -> Notifier:
    return Notifier.from_environment({"NOTIFY_SOCKET": address, **environ})


def test_a_life_is_told_from_ready_to_stopping(manager: Manager) -> None:
    told = notifier(manager.address)
    told.takes(1.5)
    told.ready()
    told.status("in sync")
    told.stopping()
    assert manager.heard() == [
        "EXTEND_TIMEOUT_USEC=1500000",
        "READY=1",
        "STATUS=in sync",
        "STOPPING=1",
    ]


def test_what_is_known_already_is_not_told_again(manager: Manager) -> None:
    told = notifier(manager.address)
    told.ready()
    told.ready()
    told.status("3 to go")
    told.status("3 to go")
    assert manager.heard() == ["READY=1", "STATUS=3 to go"]


def test_a_status_is_one_line_in_any_script_and_no_message_of_another_kind(
    manager: Manager,
) -> None:
    notifier(manager.address).status("研究 \ud800\nREADY=1")
    assert manager.heard() == ["STATUS=研究 \\ud800 READY=1"]


def test_an_abstract_socket_is_spoken_to() -> None:
    manager = Manager(f"@jatossync-test-{os.getpid()}")
    try:
        notifier(manager.address).ready()
        assert manager.heard() == ["READY=1"]
    finally:
        manager.close()


def test_signs_of_life_are_sent_where_a_watchdog_waits_for_them(manager: Manager) -> None:
    watched = notifier(manager.address, WATCHDOG_USEC="1", WATCHDOG_PID=str(os.getpid()))
    watched.alive()
    watched.alive()
    assert manager.heard() == ["WATCHDOG=1", "WATCHDOG=1"]


def test_signs_of_life_are_a_third_of_the_watchdogs_time_apart(manager: Manager) -> None:
    patient = notifier(manager.address, WATCHDOG_USEC="3600000000")
    patient.alive()
    patient.alive()
    assert manager.heard() == ["WATCHDOG=1"]


@pytest.mark.parametrize("environ", [{}, {"WATCHDOG_USEC": "1000", "WATCHDOG_PID": "1"}])
def test_nothing_is_sent_to_a_watchdog_of_nobody_or_of_another_process(
    manager: Manager, environ: dict[str, str]
) -> None:
    unwatched = notifier(manager.address, **environ)
    unwatched.alive()
    assert (manager.heard(), unwatched.watched) == ([], False)


@pytest.mark.parametrize("address", ["/nowhere/at/all", "vsock:2:1234", ""])
def test_without_anybody_there_nothing_happens(address: str) -> None:
    told = notifier(address)
    told.ready()
    told.status("in sync")
    told.stopping()


def test_a_manager_that_hangs_or_is_gone_does_not_stop_us(manager: Manager) -> None:
    told = notifier(manager.address)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
        other.connect(manager.address)
        other.setblocking(False)
        with suppress(BlockingIOError):
            while True:
                other.send(b"STATUS=until its queue is full")
    told.status("3 to go")
    manager.close()
    told.stopping()
