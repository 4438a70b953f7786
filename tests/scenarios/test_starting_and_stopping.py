"""Starts, stops and crashes: nothing is lost, and nothing is sent again."""

import random
import shutil
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from jatossync.service.control import ask
from tests.awaiting import wait_until
from tests.scenarios.conftest import Jatos
from tests.scenarios.harness import Daemon, Study

MEGABYTE = 1_000_000


def fill(study: Study, count: int) -> None:
    """Small files in a few directories, none of them equal."""
    chance = random.Random(count)
    for number in range(count):
        study.write(f"{number % 7}/{number}.png", b"%d:" % number + chance.randbytes(500))


def test_a_second_sync_and_a_restart_of_run_send_nothing(study: Study) -> None:
    fill(study, 60)
    assert study.cli("sync").code == 0
    assert study.in_step()
    before = study.sent()
    said = study.cli("sync")
    assert (said.code, "in sync" in said.out) == (0, True)
    study.write("new.png", "the sign that all was compared")
    with study.run():
        study.await_equal()
    assert [each.path for each in study.sent()[len(before) :]] == ["new.png"]


def test_a_touched_file_is_not_sent_again(study: Study) -> None:
    study.write("index.html", "<!doctype html>")
    with study.run():
        study.await_equal()
        (study.folder / "index.html").touch()
        study.write("later.txt", "later")
        study.await_equal()
    (study.folder / "index.html").touch()
    assert study.cli("sync").code == 0
    assert study.stored() == {"index.html": 1, "later.txt": 1}


def test_a_plan_sends_nothing_and_remembers_nothing(study: Study) -> None:
    study.write("index.html", "<!doctype html>")
    said = study.cli("plan")
    assert (said.code, "index.html" in said.out) == (2, True)
    assert not study.sent()
    assert not study.state.exists()


def test_what_changed_while_nothing_ran_is_found_at_the_next_start(study: Study) -> None:
    fill(study, 20)
    assert study.cli("sync").code == 0
    (study.folder / "0" / "7.png").unlink()
    study.write("1/1.png", "changed")
    study.write("new.html", "new")
    with study.run():
        study.await_equal()
    study.assert_nothing_was_sent_twice()


@pytest.mark.parametrize("dialect", ["3.8", "3.10"])
def test_a_kill_in_the_middle_of_300_uploads_loses_nothing(
    jatos: Jatos, tmp_path: Path, dialect: str
) -> None:
    emulator = jatos(dialect)
    study = Study(tmp_path, emulator)
    fill(study, 300)
    emulator.faults([{"method": "POST", "do": "latency:20ms"}])
    with study.run() as daemon:
        wait_until(lambda: len(study.stored()) > 80, "80 uploads")
        daemon.kill()
    emulator.faults([])
    wait_until(lambda: not any(each.under_way for each in study.sent()), "the last answer")
    there = study.stored().keys()
    assert len(there) < 300
    first = len(study.sent())
    with study.run():
        study.await_equal()
    again = {each.path for each in study.sent()[first:]} & there
    assert not again, "what had arrived was sent once more"


@pytest.mark.parametrize("dialect", ["3.8", "3.10"])
def test_an_upload_whose_answer_was_lost_in_a_crash_is_deleted_with_its_file(
    jatos: Jatos, tmp_path: Path, dialect: str
) -> None:
    study = Study(tmp_path, jatos(dialect))
    study.write("index.html", "<!doctype html>")
    study.put_on_jatos("theirs.png", b"never ours")
    assert study.cli("sync").code == 0
    with study.run() as daemon:
        study.write("first.txt", "run is at work")
        wait_until(lambda: "first.txt" in study.remote(), "the first file")
        study.await_rest()
        study.jatos.faults(
            [
                {"method": "POST", "times": 1, "do": "lose"},
                # The question that would find out what became of it is not answered either.
                {"method": "GET", "path": "/admin/token", "do": "status:503"},
            ]
        )
        study.write("lost.png", "arrived, but nobody here knows")
        daemon.await_log("JATOS is unavailable")
        assert "lost.png" in study.remote()
        daemon.kill()
    study.jatos.faults([])
    (study.folder / "lost.png").unlink()
    with study.run():
        wait_until(lambda: "lost.png" not in study.remote(), "its deletion")
    assert study.remote().keys() == {"index.html", "first.txt", "theirs.png"}


def test_a_second_daemon_and_a_sync_for_the_same_folder_are_refused(study: Study) -> None:
    study.write("index.html", "<!doctype html>")
    with study.run():
        study.await_equal()
        for command in ("run", "sync"):
            said = study.cli(command)
            assert said.code == 1
            assert str(study.folder) in said.err
        assert study.cli("plan").code == 0, "looking is allowed"


@pytest.mark.parametrize("command", [["run"], ["sync"], ["check", "--rebind"]])
def test_a_second_one_that_does_not_see_the_folders_lock_is_kept_off_the_state(
    study: Study, command: list[str]
) -> None:
    """As on a network disk, where the lock is a file in $TMPDIR: here by another folder."""
    study.write("index.html", "<!doctype html>")
    folder, other = study.folder, study.place / "other"
    other.mkdir()
    with study.run():
        study.await_equal()
        study.configure(folder=str(other))
        said = study.cli(*command)
        assert (said.code, f"another jatossync uses the state {study.state}" in said.text) == (
            1,
            True,
        )
        study.configure(folder=str(folder))
        for beside in ("status", "history", "pause", "resume", "plan"):
            assert study.cli(beside).code == 0, beside
    assert study.cli("sync").code == 0, "it ended with the daemon"


def test_that_it_is_paused_is_in_the_log_at_a_start_and_whenever_it_changes(study: Study) -> None:
    study.write("index.html", "<!doctype html>")
    assert study.cli("pause").code == 0
    with study.run() as daemon:
        daemon.await_log("paused")
        (told,) = daemon.log("paused")
        assert told["level"] == "warning"
        assert told["since"].startswith(time.strftime("%Y-"))
        assert study.cli("resume").code == 0
        daemon.await_log("resumed")
        study.await_equal()
        assert study.cli("pause").code == 0
        wait_until(lambda: len(daemon.log("paused")) == 2, "that it is paused again")
    assert [each["event"] for each in daemon.log() if each["event"] in ("paused", "resumed")] == [
        "paused",
        "resumed",
        "paused",
    ]


def test_sigterm_stops_run_in_the_middle_of_an_upload_which_leaves_nothing(study: Study) -> None:
    study.write("index.html", "<!doctype html>")
    study.jatos.faults([{"method": "POST", "path": "*.mp4", "do": "rate:3MB/s"}])
    video = study.write("video.mp4", bytes(60 * MEGABYTE))
    with study.run() as daemon:
        wait_until(lambda: bool(bytes_sent(study, "video.mp4")), "its first bytes")
        assert daemon.stop(signal.SIGTERM) == 0
        assert daemon.log("stopped")
    wait_until(lambda: not any(each.under_way for each in study.sent()), "the end of the upload")
    assert study.remote().keys() == {"index.html"}
    video.write_bytes(b"shorter")
    study.jatos.faults([])
    assert study.cli("sync").code == 0
    assert study.in_step()


def test_ctrl_c_stops_run_while_jatos_does_not_answer(study: Study) -> None:
    study.write("index.html", "<!doctype html>")
    study.jatos.faults([{"method": "GET", "do": "stall:20s"}])
    with study.run() as daemon:
        wait_until(lambda: bool(study.jatos.requests()), "its first question")
        assert daemon.stop(signal.SIGINT) == 0
    study.jatos.faults([])


def test_a_terminal_that_hangs_up_stops_run_as_ctrl_c_does(study: Study) -> None:
    study.write("index.html", "<!doctype html>")
    with study.run() as daemon:
        study.await_equal()
        assert daemon.stop(signal.SIGHUP) == 0
        assert daemon.log("stopped")


def test_run_that_was_told_to_ignore_a_hang_up_goes_on(study: Study) -> None:
    study.write("index.html", "<!doctype html>")
    with Daemon(study, inside=["nohup"]) as daemon:
        study.await_equal()
        daemon.process.send_signal(signal.SIGHUP)
        study.write("later.html", "after the hang-up")
        study.await_equal()


def test_that_it_is_in_sync_is_said_once_after_a_start_and_again_after_trouble(
    study: Study,
) -> None:
    study.write("index.html", "<!doctype html>")
    with study.run() as daemon:
        daemon.await_log("in sync")
        study.write("later.html", "a save is told by its own line")
        study.await_equal()
        study.jatos.faults([{"method": "POST", "times": 1, "do": "status:503"}])
        study.write("last.html", "while JATOS is away")
        wait_until(lambda: len(daemon.log("in sync")) == 2, "that it is in sync again")
        study.await_equal()
    assert [each["files"] for each in daemon.log("in sync")] == [1, 3]


def test_a_run_that_hangs_is_not_told_as_none(study: Study) -> None:
    with study.run() as daemon:
        daemon.await_log("in sync")
        daemon.process.send_signal(signal.SIGSTOP)
        try:
            said = study.cli("status")
        finally:
            daemon.process.send_signal(signal.SIGCONT)
    assert said.code == 1
    assert "the jatossync that runs does not answer" in said.err
    assert "not running" not in said.text


def bytes_sent(study: Study, path: str) -> int:
    """How much of an upload has arrived."""
    requests = study.jatos.requests()
    return sum(
        each["bytes"]
        for each in requests
        if each["method"] == "POST" and each["path"].endswith(f"/{path}")
    )


def test_a_state_that_is_removed_under_it_ends_it_and_the_next_start_goes_on(study: Study) -> None:
    study.write("a.txt", "one")
    study.write("b.txt", "two")
    daemon = Daemon(study)
    study.await_equal()
    shutil.rmtree(study.state)
    assert daemon.ended() == 1
    assert "start jatossync again" in daemon.output()
    study.write("a.txt", "changed meanwhile")
    study.put_on_jatos("b.txt", b"theirs")
    with study.run():
        study.await_equal()
    assert b"theirs" in study.trash()


def test_commands_find_it_again_after_its_socket_was_removed(study: Study) -> None:
    with study.run():
        study.await_equal()
        (study.state / "control.sock").unlink()
        wait_until(lambda: study.cli("status").code == 0, "a status of the one that runs")


def test_commands_find_it_once_nothing_is_in_the_way_of_its_socket(study: Study) -> None:
    """Law 13: meanwhile a command would call it not running."""
    in_the_way = study.state / "control.sock"
    in_the_way.mkdir(parents=True)
    study.write("a.txt", "a")
    with study.run() as daemon:
        study.await_equal()
        in_the_way.rmdir()
        wait_until(in_the_way.is_socket, "a socket")
        assert [*ask(str(study.state), {"do": "status"})]
        assert len(daemon.log("commands cannot ask")) == 1


@pytest.mark.skipif(not shutil.which("sh"), reason="there is no sh")
def test_it_runs_where_all_its_streams_are_closed(study: Study) -> None:
    study.write("a.txt", "a")
    with study.run("sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh"):
        study.await_equal()
        study.write("b.txt", "b")
        study.await_equal()
    assert study.program(["sh", "-c", 'exec "$@" >&-', "sh", *study.command("sync")]).code == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.parametrize(("into", "code"), [(">/dev/full", 1), ("| true", 0)])
def test_a_sync_whose_log_cannot_be_written_comes_to_its_end(
    study: Study, into: str, code: int
) -> None:
    """As one in a crontab does."""
    fill(study, 5)
    said = study.program(["sh", "-c", f'"$@" {into}', "sh", *study.command("sync")])
    assert (said.code, "cannot be written" in said.err) == (code, bool(code))
    assert study.in_step()


NONSENSE: list[dict[str, Any]] = [
    {"do": "no such thing"},
    {"do": "fetch"},
    {"do": "fetch", "path": 5},
    {"do": "fetch", "path": "../../token"},
    {"do": "approve", "lists": []},
    {"do": "wait", "paths": [5], "timeout_s": 1},
    {"do": "wait", "paths": [], "timeout_s": "soon"},
    {"do": "set aside", "path": "a.txt", "stat": [1], "why": ""},
    {"do": "let go", "numbers": [[]]},
]


def test_what_it_cannot_understand_does_not_end_it(study: Study) -> None:
    """As from a command of another version."""
    study.write("a.txt", "ours")
    with study.run():
        study.await_equal()
    study.put_on_jatos("a.txt", b"theirs")
    with study.run() as daemon:
        daemon.await_log("held")
        for asked in NONSENSE:
            assert "error" in list(ask(str(study.state), asked))[-1], asked
        assert study.cli("status").code == 2
