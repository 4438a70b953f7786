"""What makes a watcher blind while it looks alive: said, and nothing is lost."""

import mmap
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.awaiting import wait_until
from tests.scenarios.harness import Daemon, Study, shell
from tests.scenarios.mounts import Mounts

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="this is about inotify")


@pytest.fixture
def limits() -> None:
    """Skips where there can be no user namespace with limits of its own."""
    if subprocess.run(["unshare", "-Ur", "true"], capture_output=True).returncode:
        pytest.skip("needs a user namespace of its own to lower the limit in")


def with_limit(name: str, value: int) -> list[str]:
    """Runs a command where a limit of inotify is lower."""
    lower = f'echo {value} > /proc/sys/user/{name}; exec "$@"'
    return ["unshare", "-Ur", "sh", "-c", lower, "sh"]


def edit_everywhere(study: Study, text: str) -> None:
    """New, changed, renamed and deleted files in directories old and new."""
    for number in range(30):
        study.write(f"d{number}/page.html", f"{text} {number}")
    study.write(f"new-{text}/deep/er/a.js", text)
    (study.folder / "gone.txt").unlink()
    (study.folder / "old.png").rename(study.folder / "d7" / "renamed.png")


def await_reason(daemon: Daemon, event: str, word: str) -> None:
    wait_until(
        lambda: any(word in str(each.get("reason")) for each in daemon.log(event)),
        lambda: f"{event}: {word} in {daemon.output()}",
    )


@pytest.fixture
def tree(study: Study) -> Study:
    fill(study)
    return study


def fill(study: Study) -> None:
    study.write("index.html", "<!doctype html>")
    study.write("gone.txt", "to be deleted")
    study.write("old.png", "to be renamed")
    for number in range(30):
        study.write(f"d{number}/page.html", f"{number}")


def assert_only_what_is_gone_was_deleted(study: Study) -> None:
    assert {each.path for each in study.sent("DELETE")} == {"gone.txt", "old.png"}
    study.assert_nothing_was_sent_twice()


@pytest.mark.usefixtures("limits")
def test_where_too_few_directories_can_be_watched_it_looks_itself_and_says_so(tree: Study) -> None:
    with tree.run(*with_limit("max_inotify_watches", 10)) as daemon:
        await_reason(daemon, "changes are noticed by looking", "no more directories")
        assert "max_user_watches" in daemon.log("changes are noticed by looking")[0]["advice"]
        assert "noticed by looking" in tree.cli("status").text
        tree.await_equal()
        edit_everywhere(tree, "edited")
        tree.await_equal()
    assert_only_what_is_gone_was_deleted(tree)


@pytest.mark.usefixtures("limits")
def test_where_no_watcher_can_be_had_it_looks_itself_and_says_so(tree: Study) -> None:
    with tree.run(*with_limit("max_inotify_instances", 0)) as daemon:
        await_reason(daemon, "changes are noticed by looking", "no more room for a watcher")
        tree.await_equal()
        edit_everywhere(tree, "edited")
        tree.await_equal()
    assert_only_what_is_gone_was_deleted(tree)


@pytest.mark.long
def test_it_looks_itself_when_it_is_told_to(tree: Study) -> None:
    tree.configure(watch={"mode": "poll", "quiet": "150ms"})
    with tree.run() as daemon:
        tree.await_equal()
        edit_everywhere(tree, "edited")
        tree.await_equal()
        assert len(daemon.log("changes are noticed by looking")) == 1
    assert_only_what_is_gone_was_deleted(tree)


def test_what_others_change_on_a_network_disk_is_noticed_by_looking(
    study: Study, mounts: Mounts
) -> None:
    source = study.place / "elsewhere"
    source.mkdir()
    seen, study.folder = study.folder, source
    mounts.network_disk(source, seen)
    fill(study)
    with study.run(*mounts.inside) as daemon:
        await_reason(daemon, "changes are noticed by looking", "fuse.sshfs")
        study.await_equal()
        edit_everywhere(study, "edited")
        study.await_equal()
    assert_only_what_is_gone_was_deleted(study)


def test_a_flood_of_events_that_overflows_the_kernels_queue_loses_nothing(tree: Study) -> None:
    queue = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    if queue > 100_000:
        pytest.skip("the kernel's queue is too long to be filled in a test")
    with tree.run() as daemon:
        tree.await_equal()
        with stopped(daemon):
            flood(tree, queue + 100)
            edit_everywhere(tree, "unheard")
        tree.await_equal()
        await_reason(daemon, "watching anew", "dropped events")
    assert_only_what_is_gone_was_deleted(tree)


@contextmanager
def stopped(daemon: Daemon) -> Iterator[None]:
    """Nobody takes the events meanwhile: the signal alone returns before the last thread stands."""
    daemon.process.send_signal(signal.SIGSTOP)
    try:
        tasks = Path(f"/proc/{daemon.process.pid}/task")
        wait_until(lambda: all(stands(task) for task in tasks.iterdir()), "all threads stand")
        yield
    finally:
        daemon.process.send_signal(signal.SIGCONT)


def stands(task: Path) -> bool:
    return (task / "stat").read_text().rpartition(") ")[2].startswith("T")


def flood(study: Study, events: int) -> None:
    """So many events at least: of two files in turn, for the kernel merges equal ones in a row."""
    with (
        (study.folder / "first.txt").open("wb", buffering=0) as first,
        (study.folder / "second.txt").open("wb", buffering=0) as second,
    ):
        for _ in range(events // 2 + 1):
            first.write(b"x")
            second.write(b"x")


@pytest.mark.long
def test_running_out_of_descriptors_in_the_middle_loses_nothing(tree: Study) -> None:
    resource = pytest.importorskip("resource")
    prlimit = getattr(resource, "prlimit", None)
    if prlimit is None:
        pytest.skip("needs prlimit")
    with tree.run() as daemon:
        tree.await_equal()
        pid = daemon.process.pid
        before = prlimit(pid, resource.RLIMIT_NOFILE)
        prlimit(pid, resource.RLIMIT_NOFILE, (3, before[1]))
        shell("mkdir -p a/b/c && cp -r d1 d2 a/b/c", tree.folder)
        edit_everywhere(tree, "starved")
        await_reason(daemon, "watching anew", "")
        prlimit(pid, resource.RLIMIT_NOFILE, before)
        tree.await_equal()
    assert_only_what_is_gone_was_deleted(tree)


def test_a_change_that_no_event_told_of_is_found_and_the_watcher_renewed(tree: Study) -> None:
    tree.configure(watch={"quiet": "150ms", "rescan": "1s"})
    outside = tree.place / "outside.html"
    outside.hardlink_to(tree.folder / "index.html")
    with tree.run() as daemon:
        tree.await_equal()
        outside.write_text("written by a name that is not in the folder")
        tree.await_equal()
        await_reason(daemon, "watching anew", "nothing had told of")
    assert tree.sent("DELETE") == []
    tree.assert_nothing_was_sent_twice()


@pytest.mark.long
def test_bytes_that_changed_without_a_trace_are_found_by_reading_everything_once_a_day(
    tree: Study,
) -> None:
    """A second write into a page of mapped memory moves no time and makes no event."""
    file = tree.write("mapped.js", "0" * 4096)
    with file.open("r+b") as opened, mmap.mmap(opened.fileno(), 0) as memory, tree.run():
        memory[0] = ord("1")
        tree.await_equal()
        before = stat_of(file)
        memory[0] = ord("2")
        assert stat_of(file) == before, "this file system tells after all"
        with closing(sqlite3.connect(tree.state / "state.sqlite3")) as state, state:
            state.execute("UPDATE manifest SET hashed_at_ns = 1")
        time.sleep(30)  # it begins a minute after the start
        tree.await_equal()


def stat_of(file: Path) -> tuple[int, ...]:
    found = file.stat()
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino
