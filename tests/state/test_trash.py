"""state/trash.py: kept before it is destroyed (law 4)."""

from __future__ import annotations

import hashlib
import os
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from jatossync.core.model import Content
from jatossync.state.trash import Trash, TrashFull

DATA = b"somebody's edit"
DAY_S = 86400.0


class Clock:
    now_s = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def trash(tmp_path: Path, clock: Clock) -> Trash:
    return Trash(str(tmp_path / "trash"), 100, clock)


def evict_for_two_days(trash: Trash, clock: Clock) -> None:
    for _ in range(48):
        trash.evict(30 * DAY_S)
        clock.now_s += 3600


def kept_files(directory: Path) -> list[Path]:
    return [path for path in directory.rglob("*") if path.is_file()]


def test_kept_bytes_are_found_by_their_digest(trash: Trash, tmp_path: Path) -> None:
    content = trash.keep(iter([DATA[:4], DATA[4:]]))
    assert content == Content(len(DATA), hashlib.sha256(DATA).hexdigest(), zlib.adler32(DATA))
    kept = tmp_path / "trash" / content.sha256[:2] / content.sha256
    assert kept.read_bytes() == DATA
    assert trash.has(content.sha256)
    assert b"".join(trash.read(content.sha256)) == DATA


def test_the_same_bytes_are_kept_once(trash: Trash, tmp_path: Path) -> None:
    assert trash.keep(iter([DATA])) == trash.keep(iter([DATA]))
    assert len(kept_files(tmp_path)) == 1
    assert trash.used_bytes() == len(DATA)


def test_a_download_that_breaks_off_keeps_nothing(trash: Trash, tmp_path: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield DATA
        raise ConnectionError

    with pytest.raises(ConnectionError):
        trash.keep(broken())
    assert kept_files(tmp_path) == []


def test_a_full_trash_says_so_and_keeps_what_it_has(trash: Trash, tmp_path: Path) -> None:
    first = trash.keep([b"a" * 60])
    for chunks in ([b"b" * 60], [b"c" * 60, b"c" * 60]):
        with pytest.raises(TrashFull, match="trash full"):
            trash.keep(chunks)
    assert [path.name for path in kept_files(tmp_path)] == [first.sha256]
    assert trash.keep([b"a" * 60]) == first, "what is kept already needs no room"


def test_room_that_others_made_is_seen(trash: Trash, tmp_path: Path, clock: Clock) -> None:
    first = trash.keep([b"a" * 60])
    clock.now_s += 3600
    Trash(str(tmp_path / "trash"), 100, clock).drop([first.sha256])
    trash.keep([b"b" * 60])


def test_only_age_evicts_and_it_counts_from_the_last_time(trash: Trash, clock: Clock) -> None:
    old, again = trash.keep([b"old"]), trash.keep([b"again"])
    clock.now_s += 20 * DAY_S
    trash.keep([b"again"])
    clock.now_s += 15 * DAY_S
    evict_for_two_days(trash, clock)
    assert not trash.has(old.sha256)
    assert trash.has(again.sha256)


def test_a_clock_that_runs_ahead_for_a_while_evicts_nothing(trash: Trash, clock: Clock) -> None:
    """Law 4: computers without a battery for it begin with any time."""
    content = trash.keep([DATA])
    for _ in range(3):
        clock.now_s += 400 * DAY_S
        trash.evict(30 * DAY_S)
        clock.now_s -= 400 * DAY_S
        evict_for_two_days(trash, clock)
        assert trash.has(content.sha256)


def test_what_was_kept_before_the_clock_was_set_is_kept_for_a_day_at_least(
    trash: Trash, clock: Clock
) -> None:
    content = trash.keep([DATA])
    clock.now_s += 400 * DAY_S
    for _ in range(23):
        trash.evict(30 * DAY_S)
        assert trash.has(content.sha256)
        clock.now_s += 3600
    evict_for_two_days(trash, clock)
    assert not trash.has(content.sha256)


def test_what_a_crash_left_half_written_goes_once_nothing_more_comes(
    trash: Trash, tmp_path: Path, clock: Clock
) -> None:
    left: list[Path] = []

    def arriving() -> Iterator[bytes]:
        yield DATA
        [half] = kept_files(tmp_path)
        left.append(half.with_name(half.name + "-of-a-crash"))
        left[0].write_bytes(b"half")
        os.utime(left[0], (clock.now_s, clock.now_s))

    content = trash.keep(arriving())
    trash.evict(30 * DAY_S)
    assert left[0].exists()
    clock.now_s += 2 * 3600
    trash.evict(30 * DAY_S)
    assert not left[0].exists()
    assert trash.has(content.sha256)


def test_what_was_kept_a_moment_ago_is_not_dropped(trash: Trash, clock: Clock) -> None:
    content = trash.keep([DATA])
    trash.drop([content.sha256])
    assert trash.has(content.sha256)
    clock.now_s += 3600
    trash.drop([content.sha256])
    assert not trash.has(content.sha256)


def test_an_unwritable_trash_keeps_nothing_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OSError, match=r"(?i)not a directory|exists"):
        Trash(str(tmp_path / "file" / "trash"), 100).keep([DATA])
