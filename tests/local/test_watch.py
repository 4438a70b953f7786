import ctypes
import errno
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from watchdog.observers import inotify_c

from jatossync.core.paths import ROOT, RelPath
from jatossync.local.watch import NO_MORE_WATCHES, NO_WATCHER, Watcher
from tests.awaiting import DEADLINE_S, wait_until

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="this is about inotify")


class Notes:
    """What a watcher told, and a way to wait for it."""

    def __init__(self) -> None:
        self._news = threading.Condition()
        self.hints: dict[RelPath, bool] = {}
        self.losses: list[str] = []

    def hint(self, path: RelPath, is_directory: bool) -> None:
        with self._news:
            self.hints[path] = self.hints.get(path, False) or is_directory
            self._news.notify_all()

    def lost(self, reason: str) -> None:
        with self._news:
            self.losses.append(reason)
            self._news.notify_all()

    def wait(self, true: Callable[[], bool]) -> None:
        with self._news:
            assert self._news.wait_for(true, DEADLINE_S), (sorted(self.hints), self.losses)

    def wait_for_hints(self, *paths: str) -> None:
        """Until each path was hinted at, itself or by a directory above it."""
        self.wait(lambda: all(self.covers(path) for path in paths))

    def wait_for_loss(self, word: str) -> None:
        self.wait(lambda: any(word in reason for reason in self.losses))

    def covers(self, path: str) -> bool:
        above = [path.rsplit("/", depth)[0] for depth in range(1, path.count("/") + 1)]
        return path in self.hints or any(self.hints.get(RelPath(up)) for up in [*above, ""])

    def seen(self) -> set[RelPath]:
        """All that was hinted at but the markers of `settle`."""
        return {path for path in self.hints if not path.startswith("marker")}

    def forget(self) -> None:
        with self._news:
            self.hints.clear()
            self.losses.clear()


@pytest.fixture
def notes() -> Notes:
    return Notes()


@pytest.fixture
def watcher(study: Path, notes: Notes) -> Iterator[Watcher]:
    watcher = Watcher(str(study), notes.hint, notes.lost)
    watcher.start()
    yield watcher
    watcher.stop()


def readers() -> list[threading.Thread]:
    """The threads that read the kernel's queue."""
    return [thread for thread in threading.enumerate() if "Signal" in type(thread).__name__]


def settle(study: Path, notes: Notes) -> None:
    """Wait for everything so far: what was made last is told last."""
    marker = study / f"marker-{time.monotonic_ns()}"
    marker.write_text("x")
    notes.wait_for_hints(marker.name)


# --- what people and programs do -----------------------------------------------------------------


@pytest.mark.usefixtures("watcher")
def test_a_new_file_an_edit_and_a_removal_are_hinted_at(study: Path, notes: Notes) -> None:
    for text in ("new", "edited"):
        (study / "a").write_text(text)
        notes.wait_for_hints("a")
        settle(study, notes)
        notes.forget()
    (study / "a").unlink()
    notes.wait_for_hints("a")


@pytest.mark.usefixtures("watcher")
def test_a_save_as_vim_does_it_is_hinted_at(study: Path, notes: Notes) -> None:
    (study / "a.txt").write_text("old")
    settle(study, notes)
    notes.forget()
    os.rename(study / "a.txt", study / "a.txt~")
    (study / "a.txt").write_text("new")
    (study / "a.txt~").unlink()
    notes.wait_for_hints("a.txt")
    assert notes.losses == []


@pytest.mark.usefixtures("watcher")
def test_an_atomic_replacement_is_hinted_at(study: Path, notes: Notes) -> None:
    (study / "a.txt.tmp").write_text("new")
    settle(study, notes)
    notes.forget()
    os.replace(study / "a.txt.tmp", study / "a.txt")
    notes.wait_for_hints("a.txt", "a.txt.tmp")


@pytest.mark.usefixtures("watcher")
def test_a_truncation_and_a_write_are_hinted_at(study: Path, notes: Notes) -> None:
    (study / "a").write_text("old")
    settle(study, notes)
    notes.forget()
    with (study / "a").open("w") as file:
        notes.wait_for_hints("a")
        notes.forget()
        file.write("new")
        file.flush()
        notes.wait_for_hints("a")


@pytest.mark.usefixtures("watcher")
def test_every_file_of_a_new_tree_is_hinted_at(study: Path, notes: Notes) -> None:
    files = [f"t/d{i}/e{j}/f{k}" for i in range(8) for j in range(4) for k in range(3)]
    for name in files:
        (study / name).parent.mkdir(parents=True, exist_ok=True)
        (study / name).write_text("x")
    notes.wait_for_hints(*files)
    settle(study, notes)
    notes.forget()
    for name in files:
        (study / name).write_text("again")
    notes.wait_for_hints(*files)


@pytest.mark.usefixtures("watcher")
def test_a_copied_tree_is_hinted_at(study: Path, tmp_path: Path, notes: Notes) -> None:
    files = [f"d{i}/f{j}" for i in range(20) for j in range(5)]
    for name in files:
        (tmp_path / "source" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "source" / name).write_text("x")
    subprocess.run(["cp", "-r", tmp_path / "source", study / "copy"], check=True)
    notes.wait_for_hints(*(f"copy/{name}" for name in files))


def test_a_tree_moved_in_is_hinted_at_and_watched(
    study: Path, tmp_path: Path, notes: Notes, watcher: Watcher
) -> None:
    (tmp_path / "tree" / "sub").mkdir(parents=True)
    (tmp_path / "tree" / "sub" / "a").write_text("x")
    os.rename(tmp_path / "tree", study / "tree")
    notes.wait_for_hints("tree/sub/a")
    settle(study, notes)
    notes.forget()
    (study / "tree" / "sub" / "a").write_text("y")
    notes.wait_for_hints("tree/sub/a")
    assert watcher.healthy()


@pytest.mark.usefixtures("watcher")
def test_a_tree_moved_out_is_hinted_at(study: Path, tmp_path: Path, notes: Notes) -> None:
    (study / "tree").mkdir()
    (study / "tree" / "a").write_text("x")
    settle(study, notes)
    notes.forget()
    os.rename(study / "tree", tmp_path / "tree")
    notes.wait_for_hints("tree")
    assert notes.hints[RelPath("tree")]


@pytest.mark.usefixtures("watcher")
def test_a_directory_moved_within_asks_for_a_renewal(study: Path, notes: Notes) -> None:
    (study / "one").mkdir()
    (study / "one" / "a").write_text("x")
    settle(study, notes)
    os.rename(study / "one", study / "two")
    notes.wait_for_loss("moved")
    notes.wait_for_hints("one/a", "two/a")


@pytest.mark.usefixtures("watcher")
def test_reading_and_listing_make_no_hints(study: Path, notes: Notes) -> None:
    (study / "sub").mkdir()
    (study / "sub" / "a").write_text("x")
    settle(study, notes)
    notes.forget()
    for _ in range(3):
        os.listdir(study / "sub")
        (study / "sub" / "a").read_text()
    (study / "last").write_text("x")
    notes.wait_for_hints("last")
    assert notes.seen() == {"last"}


@pytest.mark.usefixtures("watcher")
def test_a_chmod_is_hinted_at(study: Path, notes: Notes) -> None:
    (study / "sub").mkdir()
    (study / "a").write_text("x")
    settle(study, notes)
    notes.forget()
    (study / "a").chmod(0o600)
    (study / "sub").chmod(0o700)
    notes.wait_for_hints("a", "sub")
    assert notes.hints[RelPath("sub")]


@pytest.mark.usefixtures("watcher")
def test_what_lies_behind_a_symlink_is_not_watched(
    study: Path, tmp_path: Path, notes: Notes
) -> None:
    (tmp_path / "outside").mkdir()
    (study / "link").symlink_to(tmp_path / "outside")
    (study / "loop").symlink_to(".")
    settle(study, notes)
    notes.forget()
    (tmp_path / "outside" / "a").write_text("x")
    (study / "last").write_text("x")
    notes.wait_for_hints("last")
    assert notes.seen() == {"last"}


@pytest.mark.usefixtures("watcher")
def test_awkward_names_are_hinted_at_and_impossible_ones_passed_over(
    study: Path, notes: Notes
) -> None:
    (study / "ünï cödé\n€.txt").write_text("x")
    Path(os.fsdecode(os.fsencode(study) + b"/caf\xe9")).write_text("x")
    (study / "last").write_text("x")
    notes.wait_for_hints("ünï cödé\n€.txt", "last")
    assert notes.seen() == {"ünï cödé\n€.txt", "last"}


# --- what makes watchdog blind -------------------------------------------------------------------


@linux_only
def test_an_overflow_is_told_and_after_a_renewal_all_is_seen_again(
    study: Path, notes: Notes, caplog: pytest.LogCaptureFixture
) -> None:
    limit = Path("/proc/sys/fs/inotify/max_queued_events")
    if not os.access(limit, os.W_OK):
        pytest.skip("needs root to lower the kernel's queue")
    before = limit.read_text()
    watcher = Watcher(str(study), notes.hint, notes.lost)
    limit.write_text("8")  # it is copied when the watch begins
    try:
        watcher.start()
    finally:
        limit.write_text(before)
    for number in range(2000):
        (study / f"f{number}").write_text("x")
    notes.wait_for_loss("too much happened at once")
    assert caplog.records == [], "watchdog began to rebuild its watches, which can overflow again"
    watcher.renew()
    settle(study, notes)
    assert watcher.healthy()
    watcher.stop()


@linux_only
def test_the_trash_sequence_that_ends_watchdogs_thread_is_told_and_survived(
    study: Path, tmp_path: Path, notes: Notes, watcher: Watcher
) -> None:
    (study / "d").mkdir()
    settle(study, notes)
    os.rename(study / "d", tmp_path / "trashed")
    (study / "d").mkdir()
    settle(study, notes)
    (study / "d").rmdir()
    settle(study, notes)
    (tmp_path / "trashed").rmdir()
    notes.wait_for_loss("lost track")
    settle(study, notes)
    watcher.renew()
    assert watcher.healthy()
    settle(study, notes)


@linux_only
def test_the_end_of_a_reader_thread_is_noticed(watcher: Watcher) -> None:
    assert watcher.healthy()
    readers = [thread for thread in threading.enumerate() if "SignalFD" in type(thread).__name__]
    for reader in readers:
        reader.stop()  # type: ignore[attr-defined]
        reader.join()
    assert not watcher.healthy()
    watcher.renew()
    assert watcher.healthy()


def test_the_deletion_of_the_folder_is_told_and_a_new_one_watched_after_a_renewal(
    study: Path, notes: Notes, watcher: Watcher
) -> None:
    study.rmdir()
    notes.wait_for_loss("the folder itself")
    wait_until(lambda: not watcher.healthy(), "its end")
    watcher.renew()
    assert not watcher.healthy()
    study.mkdir()
    watcher.renew()
    assert watcher.healthy()
    settle(study, notes)


def test_another_folder_in_its_place_is_noticed_and_watched_after_a_renewal(
    study: Path, tmp_path: Path, notes: Notes, watcher: Watcher
) -> None:
    study.rename(tmp_path / "elsewhere")
    assert not watcher.healthy()
    study.mkdir()
    assert not watcher.healthy()
    watcher.renew()
    assert watcher.healthy()
    settle(study, notes)


def test_a_missing_folder_is_watched_once_it_is_there(tmp_path: Path, notes: Notes) -> None:
    watcher = Watcher(str(tmp_path / "study"), notes.hint, notes.lost)
    watcher.start()
    assert not watcher.healthy()
    (tmp_path / "study").mkdir()
    watcher.renew()
    assert watcher.healthy()
    settle(tmp_path / "study", notes)
    watcher.stop()


def test_an_unreadable_folder_is_not_healthy(common_study: Path, notes: Notes) -> None:
    common_study.chmod(0o000)
    watcher = Watcher(str(common_study), notes.hint, notes.lost)
    watcher.start()
    assert not watcher.healthy()
    common_study.chmod(0o700)
    watcher.renew()
    assert watcher.healthy()
    watcher.stop()


@linux_only
def test_a_directory_that_becomes_readable_asks_for_a_renewal(
    common_study: Path, notes: Notes
) -> None:
    (common_study / "sub").mkdir()
    (common_study / "sub").chmod(0o000)
    watcher = Watcher(str(common_study), notes.hint, notes.lost)
    watcher.start()
    assert watcher.healthy()
    (common_study / "sub").chmod(0o700)
    notes.wait_for_loss("read now")
    watcher.renew()
    (common_study / "sub" / "a").write_text("x")
    notes.wait_for_hints("sub/a")
    watcher.stop()


@linux_only
def test_an_unmount_is_told(with_mounts: Callable[[str], None]) -> None:
    with_mounts("""
import os, subprocess, threading
from jatossync.local.watch import Watcher
os.mkdir("study/disk")
subprocess.run(["mount", "-t", "tmpfs", "disk", "study/disk"], check=True)
told = threading.Event()
watcher = Watcher(os.path.realpath("study"), lambda *_: None, lambda why: told.set())
watcher.start()
subprocess.run(["umount", "study/disk"], check=True)
assert told.wait(20)
watcher.stop()
""")


@linux_only
def test_the_watch_limit_is_told_once_and_no_renewal_hides_it(study: Path) -> None:
    for number in range(20):
        (study / f"d{number}").mkdir()
    script = """
import sys
from pathlib import Path
from jatossync.local.watch import NO_MORE_WATCHES, Watcher
limit = Path("/proc/sys/user/max_inotify_watches")
losses = []
limit.write_text("10")
watcher = Watcher(sys.argv[1], lambda *_: None, losses.append)
watcher.start()
assert losses == [NO_MORE_WATCHES.why]
assert watcher.blind == NO_MORE_WATCHES
assert watcher.healthy()
watcher.renew()
assert len(losses) == 1, losses
assert watcher.blind == NO_MORE_WATCHES
limit.write_text("0")
watcher.renew()
assert watcher.blind and watcher.healthy() and len(losses) == 1
limit.write_text("1000")
watcher.renew()
assert watcher.blind is None
assert watcher.healthy()
limit.write_text("10")
watcher.renew()
assert len(losses) == 2, losses
watcher.stop()
"""
    if subprocess.run(["unshare", "-Ur", "true"], capture_output=True).returncode:
        pytest.skip("needs a user namespace of its own to lower the limit in")
    done = subprocess.run(
        ["unshare", "-Ur", sys.executable, "-W", "error", "-c", script, str(study)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def test_the_limit_says_how_to_raise_it() -> None:
    assert "max_user_watches" in NO_MORE_WATCHES.advice
    assert "max_user_instances" in NO_WATCHER.advice


@linux_only
def test_running_out_of_descriptors_is_told(study: Path, tmp_path: Path) -> None:
    (tmp_path / "tree" / "sub").mkdir(parents=True)
    script = """
import os, resource, sys, threading
from jatossync.local.watch import NO_WATCHER, Watcher
told = threading.Event()
watcher = Watcher(sys.argv[1], lambda *_: None, lambda why: "watched" in why and told.set())
watcher.start()
_, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (32, hard))
held = []
try:
    while True:
        held.append(os.open("/", os.O_RDONLY))
except OSError:
    pass
os.rename(sys.argv[2], sys.argv[1] + "/tree")
assert told.wait(20)
watcher.renew()
assert watcher.blind == NO_WATCHER and watcher.healthy()
for descriptor in held:
    os.close(descriptor)
watcher.renew()
assert watcher.healthy() and watcher.blind is None
watcher.stop()
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script, str(study), str(tmp_path / "tree")],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


@linux_only
def test_a_directory_that_the_system_does_not_let_be_watched_is_no_watched_one(
    study: Path, notes: Notes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SELinux has a permission of its own for that; watchdog passes over it in silence."""
    (study / "secret").mkdir()
    add = inotify_c.inotify_add_watch

    def refused(descriptor: int, path: bytes, mask: int) -> int:
        if path.endswith(b"secret"):
            ctypes.set_errno(errno.EACCES)
            return -1
        return int(add(descriptor, path, mask))

    monkeypatch.setattr(inotify_c, "inotify_add_watch", refused)
    watcher = Watcher(str(study), notes.hint, notes.lost)
    watcher.start()
    assert watcher._handler.unreadable == {str(study / "secret")}
    (study / "secret").chmod(0o750)
    notes.wait_for_loss("read now")
    watcher.stop()


@linux_only
def test_a_watcher_for_which_there_is_no_descriptor_leaves_none_behind(
    study: Path, notes: Notes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_pipe() -> tuple[int, int]:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    before = os.listdir("/proc/self/fd")
    watcher = Watcher(str(study), notes.hint, notes.lost)
    with monkeypatch.context() as patch:
        patch.setattr(os, "pipe", no_pipe)
        watcher.start()
    assert watcher.blind == NO_WATCHER
    assert len(os.listdir("/proc/self/fd")) == len(before)
    watcher.stop()


# --- life ----------------------------------------------------------------------------------------


def test_a_stopped_watcher_leaves_no_thread_and_no_descriptor_and_stays_stopped(
    study: Path, notes: Notes
) -> None:
    def descriptors() -> int:
        return len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0

    threads, before = threading.active_count(), descriptors()
    watcher = Watcher(str(study), notes.hint, notes.lost)
    watcher.start()
    for _ in range(3):
        watcher.renew()
    watcher.stop()
    wait_until(lambda: threading.active_count() == threads, "the end of its threads")
    assert descriptors() == before
    watcher.renew()
    assert not watcher.healthy()
    assert threading.active_count() == threads


def exchange(one: Path, other: Path) -> None:
    """Swap two names in one step, as `mv --exchange` does."""
    at_cwd, flag = -100, 2
    libc = ctypes.CDLL(None, use_errno=True)
    failed = libc.renameat2(at_cwd, os.fsencode(one), at_cwd, os.fsencode(other), flag)
    if failed:
        pytest.skip(f"no exchange of names here: {os.strerror(ctypes.get_errno())}")


def test_renewals_in_the_middle_of_events_are_nothing_to_tell_the_user(
    study: Path,
    tmp_path: Path,
    notes: Notes,
    watcher: Watcher,
    caplog: pytest.LogCaptureFixture,
) -> None:
    for number in range(3):
        (study / f"f{number}").write_text("x")
        settle(study, notes)
        os.rename(study / f"f{number}", tmp_path / f"f{number}")  # waits for its other half
        watcher.renew()
    assert caplog.records == []
    assert watcher.healthy()


@linux_only
def test_a_watcher_whose_books_are_in_disorder_can_be_stopped(
    study: Path, notes: Notes, watcher: Watcher
) -> None:
    for name in ("a", "b"):
        (study / name / f"in_{name}").mkdir(parents=True)
    settle(study, notes)
    exchange(study / "a", study / "b")
    notes.wait_for_loss("moved")
    settle(study, notes)
    settle(study, notes)
    watcher.stop()
    wait_until(lambda: not readers(), "the end of the reader")


def test_where_there_is_no_inotify_the_plain_observer_serves(
    study: Path, notes: Notes, monkeypatch: pytest.MonkeyPatch
) -> None:
    watcher = Watcher(str(study), notes.hint, notes.lost)
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(sys, "platform", "elsewhere")
        watcher.start()
    assert not readers()
    assert watcher.healthy()
    settle(study, notes)
    watcher.stop()


def test_a_folder_is_watched_whose_path_begins_like_anothers(tmp_path: Path, notes: Notes) -> None:
    (tmp_path / "study").mkdir()
    (tmp_path / "study2").mkdir()
    watcher = Watcher(str(tmp_path / "study"), notes.hint, notes.lost)
    watcher.start()
    (tmp_path / "study2" / "a").write_text("x")
    settle(tmp_path / "study", notes)
    assert notes.seen() <= {ROOT}
    watcher.stop()
