"""local/twins.py: which files a delete could hit on a server that folds names (law 3)."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from jatossync.core.paths import RelPath
from jatossync.local.root import StudyFolder
from jatossync.local.twins import Twins

NFC, NFD = "caf\u00e9.txt", "cafe\u0301.txt"


def twins(place: Path, path: str, *files: str) -> set[str]:
    for file in files:
        (place / file).parent.mkdir(parents=True, exist_ok=True)
        (place / file).write_text("x")
    with StudyFolder.open(str(place)) as folder:
        return set(Twins(folder).of(RelPath(path)))


@pytest.mark.parametrize(
    ("gone", "here"),
    [
        ("Stroop.html", "stroop.html"),
        (NFC, NFD),
        (NFD, NFC),
        ("Img/a.png", "img/a.png"),
        ("img/A.png", "IMG/a.PNG"),
        ("STRASSE.txt", "straße.txt"),
    ],
)
def test_a_file_of_the_same_name_but_for_case_or_form_is_a_twin(
    tmp_path: Path, gone: str, here: str
) -> None:
    assert twins(tmp_path, gone, here) == {here}


@pytest.mark.parametrize("here", ["stroop.htm", "img/Stroop.html", "stroop.html.bak"])
def test_any_other_file_is_none(tmp_path: Path, here: str) -> None:
    assert twins(tmp_path, "Stroop.html", here) == set()


def test_a_file_is_not_its_own_twin(tmp_path: Path) -> None:
    assert twins(tmp_path, "a.txt", "a.txt") == set()


def test_a_directory_is_no_twin(tmp_path: Path) -> None:
    (tmp_path / "STROOP").mkdir()
    assert twins(tmp_path, "stroop") == set()


def test_a_path_below_a_directory_that_is_gone_has_none(tmp_path: Path) -> None:
    assert twins(tmp_path, "gone/a.txt", "other/a.txt") == set()


# --- many at once


@pytest.fixture
def listed(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Every directory whose names were read."""
    seen: list[object] = []
    listdir = os.listdir

    def noted(directory: int) -> list[str]:
        seen.append(directory)
        return listdir(directory)

    monkeypatch.setattr(os, "listdir", noted)
    return seen


def an_hour_later() -> int:
    """A clock that stands still, and by which nothing here was written a moment ago."""
    return STILL_NS


STILL_NS = time.time_ns() + 3600 * 10**9


def test_many_paths_of_one_directory_are_looked_up_in_one_reading_of_it(
    tmp_path: Path, listed: list[object]
) -> None:
    (tmp_path / "img").mkdir()
    for number in range(100):
        (tmp_path / f"img/{number}.png").write_text("x")
    with StudyFolder.open(str(tmp_path)) as folder:
        twins = Twins(folder, an_hour_later)
        for number in range(100):
            assert twins.of(RelPath(f"Img/{number}.png")) == [f"img/{number}.png"]
    assert len(listed) == 2


def test_a_twin_that_comes_between_two_lookups_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x")
    with StudyFolder.open(str(tmp_path)) as folder:
        twins = Twins(folder, an_hour_later)
        assert twins.of(RelPath("B.txt")) == []
        (tmp_path / "b.txt").write_text("x")
        os.utime(tmp_path, ns=(0, 1))  # as if a tick had passed
        assert twins.of(RelPath("B.txt")) == ["b.txt"]


def test_a_directory_that_was_just_written_is_read_each_time(
    tmp_path: Path, listed: list[object]
) -> None:
    with StudyFolder.open(str(tmp_path)) as folder:
        twins = Twins(folder, lambda: os.stat(tmp_path).st_ctime_ns)
        for number in range(20):
            (tmp_path / f"{number}.txt").write_text("x")
            assert twins.of(RelPath(f"{number}.TXT")) == [f"{number}.txt"]
    assert len(listed) == 20


def test_what_is_remembered_is_forgotten_after_a_second(
    tmp_path: Path, listed: list[object]
) -> None:
    seconds = iter(range(100))
    (tmp_path / "a.txt").write_text("x")
    with StudyFolder.open(str(tmp_path)) as folder:
        twins = Twins(folder, lambda: STILL_NS + next(seconds) * 10**9)
        for _ in range(3):
            twins.of(RelPath("A.txt"))
    assert len(listed) == 3
