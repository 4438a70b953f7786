"""What a service manager is told, through the program; tests/boot has a real systemd."""

import os
import signal
import subprocess
from collections.abc import Iterator

import pytest

from tests.awaiting import wait_until
from tests.scenarios.harness import Daemon, Study
from tests.service.manager import Manager


@pytest.fixture
def manager(study: Study) -> Iterator[Manager]:
    """Listens to every daemon that the study starts."""
    manager = Manager(str(study.place / "notify"))
    study.more_environment = {
        "NOTIFY_SOCKET": manager.address,
        "JATOSSYNC_RESTART": "systemctl restart us",
    }
    yield manager
    manager.close()


def await_heard(manager: Manager, *wanted: str) -> list[str]:
    """Wait for these messages; all that was heard meanwhile."""
    heard: list[str] = []

    def complete() -> bool:
        heard.extend(manager.heard())
        return set(wanted) <= set(heard)

    wait_until(complete, lambda: f"{wanted} in {heard}")
    return heard


def test_it_is_ready_then_says_how_it_stands_then_that_it_stops(
    study: Study, manager: Manager
) -> None:
    study.write("index.html", "<!doctype html>")
    with study.run():
        heard = await_heard(manager, "READY=1")
        assert "STOPPING=1" not in heard
        study.await_equal()
        wait_until(lambda: any("in sync" in line for line in manager.heard()), "its status")
    assert manager.heard()[-2:] == ["STOPPING=1", "STATUS=stopped"]


def test_it_is_ready_while_jatos_is_away_and_a_token_refused_later_does_not_end_it(
    study: Study, manager: Manager
) -> None:
    study.jatos.faults([{"method": "GET", "do": "status:503"}])
    with study.run() as daemon:
        await_heard(manager, "READY=1")
        study.save_token(study.jatos.token)
        study.jatos.change_token(active=False)
        try:
            study.jatos.faults([])
            daemon.await_log("JATOS refuses")
            wait_until(lambda: any("refuses" in line for line in manager.heard()), "the status")
        finally:
            study.jatos.change_token(active=True)


def test_a_token_refused_at_the_start_ends_it_with_the_reason_and_how_to_go_on(
    study: Study, manager: Manager
) -> None:
    study.save_token(study.jatos.add_token(active=False))
    daemon = Daemon(study)
    assert daemon.ended() == 77
    heard = manager.heard()
    assert "READY=1" not in heard
    last = heard[-1] if heard[-1].startswith("STATUS=") else heard[-2]
    assert "token" in last
    assert last.endswith("then: systemctl restart us")


def test_a_wrong_configuration_ends_it_with_the_reason(study: Study, manager: Manager) -> None:
    study.configure(server="ftp://nowhere")
    assert Daemon(study).ended() == 78
    (status,) = manager.heard()
    assert "server" in status


def test_in_the_journal_every_line_has_its_priority(study: Study) -> None:
    study.configure(server="ftp://nowhere", study="no study")
    with (study.place / "journal").open("wb") as journal:
        found = os.fstat(journal.fileno())
        subprocess.run(
            study.command("run"),
            env=study.environment | {"JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino}"},
            stderr=journal,
            check=False,
        )
    lines = (study.place / "journal").read_text("utf-8").splitlines()
    assert len(lines) > 1
    assert all(line.startswith("<3>") for line in lines)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_that_it_stops_before_it_waits_for_an_upload(
    study: Study, manager: Manager, number: signal.Signals
) -> None:
    study.jatos.faults([{"method": "POST", "do": "stall:3s"}])
    study.write("slow.txt", "slow")
    with study.run() as daemon:
        wait_until(lambda: bool(study.sent()), "the upload")
        daemon.process.send_signal(number)
        await_heard(manager, "STOPPING=1")
        assert daemon.process.poll() is None
        assert daemon.ended() == 0
    study.jatos.faults([])
