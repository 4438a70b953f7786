"""local/scan.py: files that are hashed apart, for it takes long."""

import errno
import hashlib
import os
import zlib
from pathlib import Path

import pytest

from jatossync.core.actions import Hash
from jatossync.core.jobs import Overtaken
from jatossync.core.model import LARGE_BYTES, Entry, Kind
from jatossync.core.paths import RelPath
from jatossync.local.directory import stat_of
from tests.local.looker import OTHER, Clock, Looker, fill, row

TOKEN = b"jap_OeYwru727YeLzxcHSvIFlTQ52Ud03wo7cd41f"


@pytest.fixture
def large(study: Path) -> Path:
    path = study / "film.mp4"
    with path.open("wb") as file:
        file.truncate(LARGE_BYTES + 1)
    return path


def never() -> bool:
    return False


def test_a_large_file_is_left_for_later_and_then_hashed_in_one_go(
    looker: Looker, large: Path
) -> None:
    entry = looker.at(large.name)
    assert (entry.kind, entry.content) == (Kind.FILE, None)
    assert entry.stat is not None
    hashed = looker.scanner.hash(Hash(RelPath(large.name), entry.stat), never)
    assert isinstance(hashed, Entry)
    data = large.read_bytes()
    assert hashed.content == (len(data), hashlib.sha256(data).hexdigest(), zlib.adler32(data))
    assert hashed.stat == entry.stat


def test_a_large_file_that_did_not_move_is_not_hashed_again(
    looker: Looker, study: Path, large: Path, clock: Clock
) -> None:
    known = row(study, large.name, OTHER, clock.now_ns)
    assert looker.look(known=known).entries[RelPath(large.name)].content == OTHER


def test_hashing_stops_when_it_is_told_to(looker: Looker, large: Path) -> None:
    job = Hash(RelPath(large.name), stat_of(os.lstat(large)))
    answers = iter([False, False, True])
    assert isinstance(looker.scanner.hash(job, lambda: next(answers)), Overtaken)


def test_a_large_file_that_changes_is_overtaken(looker: Looker, large: Path) -> None:
    job = Hash(RelPath(large.name), stat_of(os.lstat(large)))
    with large.open("r+b") as file:
        file.write(b"x")

    assert isinstance(looker.scanner.hash(job, never), Overtaken)

    def write() -> bool:
        with large.open("ab") as file:
            file.write(b"x")
        return False

    job = Hash(job.path, stat_of(os.lstat(large)))
    assert isinstance(looker.scanner.hash(job, write), Overtaken)
    large.unlink()
    assert isinstance(looker.scanner.hash(job, never), Overtaken)


@pytest.mark.parametrize("blocked", ["d/film.mp4", "d"])
def test_a_large_file_that_may_not_be_read_is_unknown(
    common_looker: Looker, common_study: Path, blocked: str
) -> None:
    fill(common_study, d__film=b"x" * (LARGE_BYTES + 1))
    (common_study / "d/film").rename(common_study / "d/film.mp4")
    path = RelPath("d/film.mp4")
    job = Hash(path, stat_of(os.lstat(common_study / path)))
    (common_study / blocked).chmod(0o000)
    entry = common_looker.scanner.hash(job, never)
    assert isinstance(entry, Entry)
    assert entry.kind is Kind.UNKNOWN
    assert "permission denied" in entry.reason


def test_a_large_file_whose_disk_fails_is_unknown(
    looker: Looker, large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(descriptor: int, count: int) -> bytes:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    job = Hash(RelPath(large.name), stat_of(os.lstat(large)))
    monkeypatch.setattr(os, "read", broken)
    entry = looker.scanner.hash(job, never)
    assert entry == Entry(Kind.UNKNOWN, os.strerror(errno.EIO).lower())


def test_a_large_file_that_became_something_else_is_overtaken(
    looker: Looker, study: Path, large: Path
) -> None:
    job = Hash(RelPath(large.name), stat_of(os.lstat(large)))
    large.unlink()
    large.symlink_to(study)
    assert isinstance(looker.scanner.hash(job, never), Overtaken)


def test_a_large_file_that_was_excluded_meanwhile_is_not_hashed(
    looker: Looker, study: Path, large: Path
) -> None:
    job = Hash(RelPath(large.name), stat_of(os.lstat(large)))
    (study / ".jatosignore").write_text("*.mp4\n")
    entry = looker.scanner.hash(job, never)
    assert isinstance(entry, Entry)
    assert entry.kind is Kind.EXCLUDED


def test_a_token_at_the_end_of_a_large_file_is_found(looker: Looker, large: Path) -> None:
    with large.open("ab") as file:
        file.write(TOKEN)
    entry = looker.scanner.hash(Hash(RelPath(large.name), stat_of(os.lstat(large))), never)
    assert isinstance(entry, Entry)
    assert entry.quarantined
