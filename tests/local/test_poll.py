"""Our own looks, on a real folder."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from jatossync.core.jobs import Scan
from jatossync.core.paths import ROOT, RelPath
from jatossync.core.watching import FASTEST_S, SLOWEST_S, pause_s
from jatossync.local.poll import Poller
from jatossync.local.root import StudyFolder
from jatossync.local.scan import Scanner

DEADLINE_S = 20.0


class Looks:
    """A poller's scanner and what it hinted at."""

    def __init__(self, scanner: Scanner) -> None:
        self.scanner = scanner
        self.began = threading.Event()
        self._news = threading.Condition()
        self._hints: set[RelPath] = set()
        self._looks = 0

    def look(self) -> object:
        found = self.scanner.glance()
        with self._news:
            self._looks += 1
            self._news.notify_all()
        return found

    def hint(self, path: RelPath, _is_directory: bool) -> None:
        with self._news:
            self._hints.add(path)
            self._news.notify_all()

    def hinted(self) -> set[RelPath]:
        with self._news:
            return set(self._hints)

    def wait_for(self, *paths: str) -> None:
        with self._news:
            assert self._news.wait_for(lambda: self._hints >= set(paths), DEADLINE_S), self._hints

    def look_again(self) -> set[RelPath]:
        """All hints, after a look that began after this call."""
        with self._news:
            after = self._looks + 2
            assert self._news.wait_for(lambda: self._looks >= after, DEADLINE_S)
            return set(self._hints)


@pytest.fixture
def folder(study: Path) -> Iterator[StudyFolder]:
    with StudyFolder.open(str(study)) as opened:
        yield opened


@pytest.fixture
def looks(folder: StudyFolder, monkeypatch: pytest.MonkeyPatch) -> Iterator[Looks]:
    """A poller at work, its first look made."""
    monkeypatch.setattr("jatossync.local.poll.pause_s", lambda cost_s, moving: 0.02)
    monkeypatch.setattr("jatossync.local.poll.FASTEST_S", 0.02)
    (Path(folder.path) / "there.txt").write_text("x")
    looks = Looks(Scanner(folder, ["ignored/"], [], []))
    poller = Poller(looks.look, looks.hint, looks.began.set)  # type: ignore[arg-type]
    assert looks.began.wait(DEADLINE_S)
    yield looks
    poller.stop()


def test_what_comes_changes_and_goes_is_hinted_at(looks: Looks, study: Path) -> None:
    (study / "new" / "sub").mkdir(parents=True)
    (study / "new" / "sub" / "a.txt").write_text("x")
    (study / "there.txt").write_text("y")
    looks.wait_for("new/sub/a.txt", "there.txt")
    (study / "new" / "sub" / "a.txt").unlink()
    (study / "new").rename(study / "renamed")
    looks.wait_for("new", "renamed/sub")


def test_what_did_not_change_is_not_hinted_at(looks: Looks) -> None:
    assert looks.look_again() == set()


def test_a_write_that_keeps_size_and_time_is_hinted_at(looks: Looks, study: Path) -> None:
    before = (study / "there.txt").stat()
    (study / "there.txt").write_text("y")
    os.utime(study / "there.txt", ns=(before.st_atime_ns, before.st_mtime_ns))
    looks.wait_for("there.txt")


def test_a_file_that_grows_is_hinted_at_when_it_rests(looks: Looks, study: Path) -> None:
    glance = looks.scanner.glance
    early: list[set[RelPath]] = []

    def write_and_look() -> object:
        if len(early) < 5:
            early.append(looks.hinted())
            with (study / "film.mp4").open("ab") as file:
                file.write(b"x")
        return glance()

    looks.scanner.glance = write_and_look  # type: ignore[method-assign, assignment]
    looks.wait_for("film.mp4")
    assert early == [set()] * 5


def test_ignored_files_and_what_lies_behind_symlinks_are_not_looked_at(
    looks: Looks, study: Path, tmp_path: Path
) -> None:
    (tmp_path / "outside").mkdir()
    (study / "loop").symlink_to(".")
    (study / "link").symlink_to(tmp_path / "outside")
    (study / "ignored").mkdir()
    (study / "ignored" / "a").write_text("x")
    (tmp_path / "outside" / "a").write_text("x")
    (study / "last").write_text("x")
    looks.wait_for("last")
    assert looks.look_again() == {"loop", "link", "ignored", "last"}


def test_a_folder_that_is_gone_has_not_lost_its_files(looks: Looks, study: Path) -> None:
    study.rename(study.with_name("elsewhere"))
    assert looks.look_again() == set()
    study.with_name("elsewhere").rename(study)
    (study / "last").write_text("x")
    looks.wait_for("last")
    assert looks.look_again() == {"last"}


def test_a_glance_reads_no_file(folder: StudyFolder, study: Path) -> None:
    (study / "a").write_text("x")
    scanner = Scanner(folder, [], [], [])
    seen = scanner.glance()
    assert seen is not None
    assert seen[RelPath("a")].content is None
    assert seen.keys() == scanner.scan(Scan(frozenset([ROOT]), {})).entries.keys()  # type: ignore[union-attr]


def test_looks_are_made_as_often_as_they_are_cheap() -> None:
    assert pause_s(0.0) == FASTEST_S
    assert pause_s(0.5) == 10.0
    assert pause_s(99.0) == SLOWEST_S
    assert pause_s(0.5, moving=True) == 1.5
