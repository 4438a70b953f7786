"""local/arrivals.py: what comes into the folder arrives whole, and nothing is lost for it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from jatossync.core.paths import RelPath
from jatossync.local.arrivals import NotPut, put, standing, sweep, take_away
from jatossync.local.root import StudyFolder


def below(top: Path) -> dict[str, bytes]:
    return {
        path.relative_to(top).as_posix(): path.read_bytes()
        for path in top.rglob("*")
        if path.is_file()
    }


def test_a_file_arrives_with_the_directories_above_it(folder: StudyFolder, study: Path) -> None:
    put(folder, RelPath("a/b/c.txt"), [b"on", b"e"], None)
    put(folder, RelPath("a/b/d.txt"), [b"two"], None)
    assert below(study) == {"a/b/c.txt": b"one", "a/b/d.txt": b"two"}


def test_the_name_of_what_arrived_is_on_disk_too(
    folder: StudyFolder, study: Path, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Law 3: else a row outlives its file when the power fails, and it is deleted on JATOS."""
    if way == "by path":
        pytest.skip("there directories cannot be synced")
    synced: list[int] = []

    def fsync(descriptor: int) -> None:
        synced.append(os.fstat(descriptor).st_ino)

    monkeypatch.setattr(os, "fsync", fsync)
    put(folder, RelPath("a/b.txt"), [b"one"], None)
    assert synced == [(study / name).stat().st_ino for name in ("", "a/b.txt", "a")]


def test_it_takes_the_place_of_what_was_seen_there_and_of_nothing_else(
    folder: StudyFolder, study: Path
) -> None:
    (study / "a.txt").write_bytes(b"ours")
    with pytest.raises(NotPut, match="something else came"):
        put(folder, RelPath("a.txt"), [b"theirs"], None)
    seen = standing(folder, RelPath("a.txt"))
    (study / "a.txt").write_bytes(b"ours, saved again")
    with pytest.raises(NotPut, match="something else came"):
        put(folder, RelPath("a.txt"), [b"theirs"], seen)
    assert below(study) == {"a.txt": b"ours, saved again"}
    put(folder, RelPath("a.txt"), [b"theirs"], standing(folder, RelPath("a.txt")))
    assert below(study) == {"a.txt": b"theirs"}


def test_a_download_that_breaks_off_leaves_nothing(folder: StudyFolder, study: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield b"the first half"
        raise KeyError("the connection broke")

    with pytest.raises(KeyError):
        put(folder, RelPath("a.txt"), broken(), None)
    assert below(study) == {}


PART = ".jatossync-0123456789abcdef.part"


def test_what_a_killed_one_left_is_swept_away_and_nothing_else(
    folder: StudyFolder, study: Path
) -> None:
    (study / "a").mkdir()
    (study / "a" / PART).write_bytes(b"half of it")
    others = ["a/.jatossync-mine.part", f"a/not{PART}", "a/.jatossync-0123456789abcdef.part.txt"]
    for name in others:
        (study / name).write_bytes(b"a person's")
    (study / PART).mkdir()
    sweep(folder, [RelPath("a/b.txt"), RelPath("c.txt"), RelPath("missing/d.txt")])
    assert sorted(below(study)) == sorted(others)
    assert (study / PART).is_dir()


@pytest.mark.skipif(os.name == "nt", reason="symlinks need rights there")
def test_a_symlink_of_such_a_name_is_not_followed(folder: StudyFolder, study: Path) -> None:
    (study / "mine.txt").write_bytes(b"mine")
    (study / PART).symlink_to("mine.txt")
    sweep(folder, [RelPath("a.txt")])
    assert (study / PART).is_symlink()


def test_what_is_being_written_is_not_swept_away(folder: StudyFolder, study: Path) -> None:
    def slow() -> Iterator[bytes]:
        yield b"on"
        sweep(folder, [RelPath("a.txt")])
        yield b"e"

    put(folder, RelPath("a.txt"), slow(), None)
    assert below(study) == {"a.txt": b"one"}


@pytest.mark.skipif(os.name == "nt", reason="symlinks need rights there")
def test_nothing_arrives_through_a_symlink(folder: StudyFolder, study: Path) -> None:
    outside = study.parent / "outside"
    outside.mkdir()
    (outside / "a.txt").write_bytes(b"not of the study")
    (study / "link").symlink_to(outside)
    (study / "a.txt").symlink_to(outside / "a.txt")
    with pytest.raises(NotPut, match="link is in the way: a symlink"):
        put(folder, RelPath("link/new.txt"), [b"x"], None)
    with pytest.raises(NotPut, match="a symlink stands there"):
        put(folder, RelPath("a.txt"), [b"x"], None)
    assert below(outside) == {"a.txt": b"not of the study"}


def test_a_file_in_the_way_of_a_directory_is_left(folder: StudyFolder, study: Path) -> None:
    (study / "a").write_bytes(b"ours")
    with pytest.raises(NotPut, match="a is in the way"):
        put(folder, RelPath("a/b.txt"), [b"x"], None)
    assert below(study) == {"a": b"ours"}


def test_a_name_that_the_disk_cannot_hold_is_reported(folder: StudyFolder, study: Path) -> None:
    with pytest.raises(NotPut, match=r"(?i)name too long"):
        put(folder, RelPath("x" * 300), [b"x"], None)
    assert below(study) == {}


def test_nothing_arrives_in_a_folder_that_is_gone(folder: StudyFolder, study: Path) -> None:
    study.rename(study.parent / "elsewhere")
    with pytest.raises(NotPut, match="is gone"):
        put(folder, RelPath("a.txt"), [b"x"], None)


def test_only_what_was_seen_is_taken_away(folder: StudyFolder, study: Path) -> None:
    (study / "a.txt").write_bytes(b"ours")
    seen = standing(folder, RelPath("a.txt"))
    assert seen is not None
    (study / "a.txt").write_bytes(b"ours, saved again")
    with pytest.raises(NotPut, match="changed"):
        take_away(folder, RelPath("a.txt"), seen)
    seen = standing(folder, RelPath("a.txt"))
    assert seen is not None
    take_away(folder, RelPath("a.txt"), seen)
    assert below(study) == {}
    assert standing(folder, RelPath("a.txt")) is None
