"""state/store.py: what survives a crash."""

from __future__ import annotations

import itertools
import os
import resource
import sqlite3
import stat
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from jatossync.core.actions import Delete, Hold, HoldKind, Upload
from jatossync.core.jobs import GitState
from jatossync.core.model import Attempt, Content, Entry, Kind, Row, Stat, Verb
from jatossync.core.paths import ROOT, RelPath
from jatossync.errors import StateDiskError, StateError
from jatossync.state.store import FILE_NAME, Store, start_over

CONTENT = Content(3, "a" * 64, 7)

Open = Callable[[], Store]


@pytest.fixture
def open_store(tmp_path: Path) -> Iterator[Open]:
    """Opens the same state as often as asked, as after a crash: nothing is closed in between."""
    opened: list[Store] = []

    def open_again() -> Store:
        opened.append(Store(str(tmp_path / "state"), clock=lambda: 1234.5))
        return opened[-1]

    yield open_again
    for store in reversed(opened):
        store.close()


def row(path: str, **changes: object) -> Row:
    values = {"content": CONTENT, "stat": Stat(3, 1, 2, 3), "hashed_at_ns": 9, **changes}
    return Row(RelPath(path), **values)  # type: ignore[arg-type]


def upload(path: str) -> Upload:
    return Upload(RelPath(path), Entry(Kind.FILE, content=CONTENT), CONTENT)


def test_a_row_comes_back_as_it_was(open_store: Open) -> None:
    stored = row("dir/ä.txt", proven=False, remote_ms=99)
    store = open_store()
    store.adopted(stored)
    store.commit()
    assert open_store().rows([ROOT]) == {stored.path: stored}


def test_what_is_not_committed_is_lost_in_a_crash_and_what_is_begun_is_not(
    open_store: Open,
) -> None:
    store = open_store()
    store.begin([upload("a.txt"), Delete(RelPath("b.txt"), frozenset())])
    store.uploaded(row("a.txt"), 1, 0.1)
    crashed = open_store()
    assert crashed.rows([ROOT]) == {}
    assert crashed.attempts([ROOT]) == {
        "a.txt": [Attempt(RelPath("a.txt"), Verb.UPLOAD, CONTENT)],
        "b.txt": [Attempt(RelPath("b.txt"), Verb.DELETE, None)],
    }


def test_an_acknowledged_upload_settles_all_attempts_for_its_path(open_store: Open) -> None:
    store = open_store()
    burst = store.begin([upload("a.txt")])
    store.begin([Delete(RelPath("a.txt"), frozenset())])
    store.uploaded(row("a.txt"), burst, 0.1)
    assert store.attempts([ROOT]) == {}
    assert store.known(RelPath("a.txt"))


def test_a_refreshed_row_settles_no_attempt(open_store: Open) -> None:
    store = open_store()
    store.begin([upload("a.txt")])
    store.refreshed(row("a.txt"))
    assert RelPath("a.txt") in store.attempts([ROOT])


def test_an_acknowledged_delete_leaves_nothing(open_store: Open) -> None:
    store = open_store()
    store.adopted(row("a.txt"))
    burst = store.begin([Delete(RelPath("a.txt"), frozenset())])
    store.deleted(RelPath("a.txt"), burst, 0.1, approved=False)
    assert store.rows([ROOT]) == {}
    assert store.attempts([ROOT]) == {}
    assert not store.known(RelPath("a.txt"))


def test_a_scope_is_its_paths_and_what_lies_below_them(open_store: Open) -> None:
    store = open_store()
    for path in ("a", "a/b", "a/b/c", "a-b", "a0", "ab", "z"):
        store.adopted(row(path))
    assert set(store.rows([RelPath("a")])) == {"a", "a/b", "a/b/c"}
    assert set(store.rows([RelPath("a/b"), RelPath("z")])) == {"a/b", "a/b/c", "z"}
    assert len(store.rows([ROOT])) == 7


def test_bytes_that_were_put_back_are_known_until_others_come(open_store: Open) -> None:
    store = open_store()
    found = []
    for sha256 in ("a", "a", "b"):
        burst = store.begin([upload("a.txt")])
        content = Content(3, sha256 * 64, 7)
        store.uploaded(row("a.txt", content=content), burst, 0.1)
        found.append(store.rows([ROOT])[RelPath("a.txt")].put_back)
    assert found == [False, True, False]


def test_the_history_says_which_commit_a_participant_saw(open_store: Open) -> None:
    store = open_store()
    burst = store.begin([upload("a.txt")])
    store.uploaded(row("a.txt"), burst, 0.25)
    store.provenance(burst, GitState("abc123", True))
    store.commit()
    with sqlite3.connect(store.path) as db:
        found = db.execute(
            "SELECT path, verb, size, seconds, git_commit, git_dirty FROM history "
            "JOIN bursts ON bursts.id = burst"
        ).fetchall()
    db.close()
    assert found == [(b"a.txt", "upload", 3, 0.25, "abc123", 1)]


def binding(**changes: str) -> dict[str, str]:
    known = {"server": "https://one.example", "study": "uuid-1", "folder": "/f", "number": "1"}
    return {**known, "dirName": "d", **changes}


def test_a_state_belongs_to_one_study(open_store: Open) -> None:
    assert open_store().bind(**binding()) == []
    with pytest.raises(StateError, match=r"another study: uuid-1, now it is uuid-2") as caught:
        open_store().bind(**binding(study="uuid-2"))
    assert caught.value.exit_code == 78
    assert "check --rebind" in caught.value.hint
    assert open_store().binding()["study"] == "uuid-1"


def test_a_study_that_was_imported_anew_is_noted_once(open_store: Open) -> None:
    open_store().bind(**binding())
    assert len(open_store().bind(**binding(number="7"))) == 1
    assert open_store().bind(**binding(number="7")) == []


def test_a_state_that_starts_over_keeps_history_and_trash_alone(open_store: Open) -> None:
    store = open_store()
    store.bind(**binding())
    burst = store.begin([upload("a.txt")])
    store.uploaded(row("a.txt"), burst, 0.1)
    store.begin([upload("b.txt")])
    store.kept(RelPath("a.txt"), CONTENT, "uuid-1", "overwritten")
    store.holds.put(
        store.holds.open(HoldKind.DRIFT, "changed"),
        Hold(RelPath("a.txt"), HoldKind.DRIFT, "changed"),
    )
    store.start_over()
    again = open_store()
    assert (again.rows([ROOT]), again.attempts([ROOT]), again.holds.lists()) == ({}, {}, [])
    assert again.binding() == {}
    assert [kept.path for kept in again.trash_index()] == ["a.txt"]
    again.bind(**binding(study="uuid-2"))


def test_bytes_that_are_kept_again_have_one_line_which_is_young_again(tmp_path: Path) -> None:
    """A delete that waits for a person keeps what others put there at each verification."""
    path, now_s = RelPath("a.txt"), itertools.count(1000.0)
    with closing(Store(str(tmp_path), clock=lambda: next(now_s))) as store:
        assert store.kept(path, CONTENT, "uuid-1", "overwritten")
        assert store.kept(RelPath("b.txt"), CONTENT, "uuid-1", "overwritten")
        first, other = store.trash_index()
        assert not store.kept(path, CONTENT, "uuid-1", "deleted")
        again, same = store.trash_index()
        assert (again.number, again.why, same) == (first.number, "deleted", other)
        assert again.at_s > other.at_s
        assert store.kept(path, Content(3, "b" * 64, 7), "uuid-1", "overwritten")
        assert store.kept(path, CONTENT, "uuid-1", "overwritten")


def test_a_state_that_several_make_at_once_is_made_once(tmp_path: Path) -> None:
    """A daemon starts for the first time, and somebody asks for the status."""
    together = threading.Barrier(4)

    def make(directory: Path) -> None:
        together.wait()
        Store(str(directory)).close()

    with ThreadPoolExecutor(4) as pool:
        for number in range(20):
            list(pool.map(make, [tmp_path / str(number)] * 4))


@pytest.mark.skipif(os.name == "nt", reason="a file that is in use stays in its place")
@pytest.mark.parametrize("instead", ["nothing", "another", "a file"])
def test_nothing_is_begun_in_a_state_that_is_not_in_its_place_any_more(
    open_store: Open, tmp_path: Path, instead: str
) -> None:
    """An attempt that the next start cannot find is none (law 7)."""
    store = open_store()
    (tmp_path / "state").rename(tmp_path / "away")
    if instead == "another":
        Store(str(tmp_path / "state")).close()
    elif instead == "a file":
        (tmp_path / "state").touch()
    with pytest.raises(StateDiskError, match="removed or replaced"):
        store.begin([upload("a.txt")])
    with pytest.raises(StateDiskError, match="removed or replaced"):
        store.changed_elsewhere()


@pytest.mark.skipif(os.name == "nt", reason="a file that is in use stays in its place")
def test_a_state_that_cannot_be_looked_at_any_more_is_named(
    open_store: Open, tmp_path: Path
) -> None:
    store = open_store()
    (tmp_path / "state").rename(tmp_path / "away")
    (tmp_path / "state").symlink_to("state")
    with pytest.raises(StateDiskError, match="cannot be used"):
        store.changed_elsewhere()


def test_a_damaged_state_is_named_and_left_as_it_is(tmp_path: Path) -> None:
    damaged = tmp_path / FILE_NAME
    damaged.write_bytes(b"this is no database, and was never one" * 100)
    with pytest.raises(StateError, match="cannot be used") as caught:
        Store(str(tmp_path))
    assert "check --rebind" in caught.value.hint
    assert damaged.read_bytes().startswith(b"this is no database")


def test_a_damaged_state_is_moved_aside_only_when_a_person_says_so(tmp_path: Path) -> None:
    damaged = tmp_path / FILE_NAME
    damaged.write_bytes(b"this is no database, and was never one" * 100)
    moved = start_over(str(tmp_path))
    assert moved is not None
    assert Path(moved).read_bytes().startswith(b"this is no database")
    Store(str(tmp_path)).close()
    assert start_over(str(tmp_path)) is None


@pytest.mark.long
def test_a_state_that_is_in_use_is_not_moved_aside(tmp_path: Path) -> None:
    Store(str(tmp_path)).close()
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StateError, match="locked"):
            start_over(str(tmp_path))
    assert [path.name for path in tmp_path.glob("*.sqlite3*")] == [FILE_NAME]


@pytest.fixture
def no_room() -> Iterator[Callable[[], None]]:
    """From its call on, no file can grow beyond a little."""
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (64 * 1024, usual[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, usual)


def test_a_state_without_room_is_worth_another_start(
    tmp_path: Path, no_room: Callable[[], None]
) -> None:
    store = Store(str(tmp_path))
    no_room()
    many = [Delete(RelPath(f"{number:0200}.png"), frozenset()) for number in range(2000)]
    with pytest.raises(StateDiskError) as caught:
        store.begin(many)
    assert caught.value.exit_code == 1
    assert "Make room" in caught.value.hint


@pytest.fixture
def no_descriptors() -> Iterator[Callable[[], None]]:
    """From when it is called on, nothing more can be opened."""
    usual = resource.getrlimit(resource.RLIMIT_NOFILE)

    def take() -> None:
        free = os.dup(0)
        os.close(free)
        resource.setrlimit(resource.RLIMIT_NOFILE, (free, usual[1]))

    yield take
    resource.setrlimit(resource.RLIMIT_NOFILE, usual)


@pytest.mark.parametrize("new", [True, False])
def test_a_state_that_lacks_but_a_descriptor_is_worth_another_start(
    tmp_path: Path, new: bool, no_descriptors: Callable[[], None]
) -> None:
    if not new:
        Store(str(tmp_path)).close()
    no_descriptors()
    with pytest.raises(StateDiskError):
        Store(str(tmp_path))


def test_of_the_history_the_newest_is_kept(open_store: Open) -> None:
    store = open_store()
    for number in range(5):
        burst = store.begin([upload(f"{number}")], None)
        store.uploaded(row(f"{number}"), burst, 0.1)
    store.history.let_go(keep=5)
    assert store.history.begins is None
    assert len(list(store.history.newest())) == 5
    store.history.let_go(keep=2)
    store.commit()
    assert [each.path for each in open_store().history.newest()] == ["4", "3"]
    assert open_store().history.begins == 1234.5
    assert len(store.rows([ROOT])) == 5


def test_what_was_done_while_the_clock_ran_far_ahead_is_not_of_the_last_minutes(
    tmp_path: Path,
) -> None:
    """Law 11: else each delete of that day would count until the calendar has caught up."""
    now_s = 5000.0
    with closing(Store(str(tmp_path), clock=lambda: now_s)) as store:
        for path, done_s in (("before", 5000.0), ("ahead", 9e8), ("since", 5001.0), ("ago", 1e8)):
            now_s = done_s
            store.deleted(RelPath(path), store.begin([]), 0.1, approved=False)
        now_s = 5100.0
        assert [each.path for each in store.past(600)] == ["before", "since"]
        now_s = 5650.0
        assert [each.path for each in store.past(600)] == []


def test_a_state_of_another_version_is_refused(tmp_path: Path) -> None:
    Store(str(tmp_path)).close()
    db = sqlite3.connect(tmp_path / FILE_NAME)
    with db:
        db.execute("UPDATE binding SET value = '99' WHERE key = 'schema'")
    db.close()
    with pytest.raises(StateError, match="another version"):
        Store(str(tmp_path))


@pytest.mark.skipif(os.name == "nt", reason="Windows has no permission bits")
def test_others_cannot_read_the_state(open_store: Open) -> None:
    store = open_store()
    assert stat.S_IMODE(os.stat(store.path).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(os.path.dirname(store.path)).st_mode) == 0o700


def test_the_files_are_counted_along_whoever_writes(open_store: Open) -> None:
    store, other = open_store(), open_store()
    assert store.files == 0
    for path in ("a", "b", "a"):
        store.adopted(row(path))
    assert store.files == 2
    store.refreshed(row("a", hashed_at_ns=10))
    store.forgotten(RelPath("b"))
    store.forgotten(RelPath("b"))
    store.commit()
    assert (store.files, other.files) == (1, 1)
    other.adopted(row("c"))
    other.commit()
    assert store.changed_elsewhere()
    assert store.files == 2
    store.start_over()
    assert store.files == 0


def test_what_jatos_may_yet_act_on_outlives_an_acknowledgement(open_store: Open) -> None:
    store = open_store()
    burst = store.begin([upload("a.txt"), Delete(RelPath("a.txt"), frozenset())])
    late = {None}
    store.uploaded(row("a.txt"), burst, 0.1, late)
    (left,) = store.attempts([ROOT])[RelPath("a.txt")]
    assert left.content is None
    store.forgotten(RelPath("a.txt"), late)
    assert store.attempts([ROOT])
    store.settled(RelPath("a.txt"))
    assert store.attempts([ROOT]) == {}
