"""errands.py: what a command has the engine's owner do, and when it is not done (laws 3 and 4)."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jatossync.core.actions import Delete, Keep
from jatossync.core.jobs import AlreadyThere, Done, Foreign, Job, Overtaken, Result, Unavailable
from jatossync.core.model import Content, Row, Seen, Stat
from jatossync.core.paths import RelPath
from jatossync.errands import remove, run, set_aside
from jatossync.state.store import Store

PATH = RelPath("theirs.html")
DATA = b"somebody's"
CONTENT = Content(len(DATA), hashlib.sha256(DATA).hexdigest(), zlib.adler32(DATA))
KEPT = Seen(CONTENT.size, CONTENT.adler32, CONTENT.sha256, looked=True, kept=True)
STAT = Stat(CONTENT.size, 1, 1, 1)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(str(tmp_path / "state"), clock=lambda: 0.0)
    yield opened
    opened.close()


DONE = Done()


def answering(done: list[Job], keep: Result, delete: Result = DONE) -> Callable[[Job], Result]:
    """Does nothing but note the jobs."""

    def do(job: Job) -> Result:
        done.append(job)
        return delete if isinstance(job, Delete) else keep

    return do


def test_what_only_jatos_has_goes_after_a_copy_of_it_was_kept(store: Store) -> None:
    done: list[Job] = []
    assert run(remove(store, PATH, "pruned"), answering(done, keep=KEPT)) == {"size": CONTENT.size}
    assert done == [Keep(PATH, "pruned"), Delete(PATH, frozenset([CONTENT]))]
    assert [(kept.path, kept.sha256) for kept in store.trash_index()] == [(PATH, CONTENT.sha256)]


def test_a_file_of_ours_is_never_taken_for_one_that_only_jatos_has(store: Store) -> None:
    store.adopted(Row(PATH, CONTENT, STAT, 1))
    done: list[Job] = []
    told = run(remove(store, PATH, ""), answering(done, keep=KEPT))
    assert "this folder has put there" in told["fault"]
    assert done == []


def test_while_paused_nothing_is_removed(store: Store) -> None:
    store.memory.pause()
    done: list[Job] = []
    told = run(remove(store, PATH, ""), answering(done, keep=KEPT))
    assert (told, done) == ({"fault": "nothing is removed until `jatossync resume`"}, [])


def test_what_is_gone_already_is_not_removed_once_more(store: Store) -> None:
    done: list[Job] = []
    told = run(remove(store, PATH, ""), answering(done, keep=Seen(None, looked=True)))
    assert (told, done) == ({"size": None}, [Keep(PATH, "")])


def test_what_cannot_be_kept_is_not_removed(store: Store) -> None:
    done: list[Job] = []
    told = run(remove(store, PATH, ""), answering(done, keep=Unavailable("nobody answers")))
    assert (told, done) == ({"fault": "nobody answers"}, [Keep(PATH, "")])


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (AlreadyThere(), "under another spelling"),
        (Foreign(KEPT), "somebody changed it"),
        (Overtaken("it is here again"), "it is here again"),
    ],
)
def test_what_is_not_removed_after_all_is_told_with_the_reason(
    store: Store, answer: Result, why: str
) -> None:
    told = run(remove(store, PATH, ""), answering([], keep=KEPT, delete=answer))
    assert why in told["fault"]


def test_what_changed_before_it_could_be_set_aside_is_in_no_list_of_the_trash(store: Store) -> None:
    keep = answering([], keep=Overtaken("it is being written"))
    assert run(set_aside(store, PATH, STAT, "pulled"), keep) == {"fault": "it is being written"}
    assert store.trash_index() == []
    assert run(set_aside(store, PATH, STAT, "pulled"), answering([], keep=CONTENT)) == {}
    assert [kept.path for kept in store.trash_index()] == [PATH]
