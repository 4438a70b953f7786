"""state/holds.py: lists and approvals outlive the process and pass between processes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jatossync.core.actions import Approval, Hold, HoldKind
from jatossync.core.holds import Holds, chosen_all, chosen_list, chosen_path
from jatossync.core.model import Seen
from jatossync.core.paths import RelPath
from jatossync.state.store import Store

THEIRS = Seen(3, 7, "a" * 64, 99, looked=True)


def hold(path: str, kind: HoldKind = HoldKind.DRIFT, seen: Seen | None = THEIRS) -> Hold:
    return Hold(RelPath(path), kind, "changed on JATOS", seen)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(str(tmp_path / "state"), clock=lambda: 1234.5)
    yield store
    store.close()


@pytest.fixture
def other(store: Store, tmp_path: Path) -> Iterator[Store]:
    """The same state as another process has it open."""
    other = Store(str(tmp_path / "state"), clock=lambda: 2345.6)
    yield other
    other.close()


def test_a_list_comes_back_as_it_was(store: Store, other: Store) -> None:
    holds = Holds(store.holds)
    holds.hold(hold("dir/ä.txt"), burst=1, now_s=0.0)
    holds.hold(hold("gone.txt", seen=Seen(None, looked=True)), burst=1, now_s=1.0)
    holds.hold(hold("unseen.txt", seen=None), burst=1, now_s=1.0)
    store.commit()
    assert other.holds.lists() == list(holds)
    (held,) = holds
    assert (held.at, len(held.id)) == (1234.5, 4)


def test_what_waits_for_something_else_now_is_in_another_list(store: Store) -> None:
    holds = Holds(store.holds)
    holds.hold(hold("a.txt"), burst=1, now_s=0.0)
    holds.hold(hold("a.txt", HoldKind.CONFLICT), burst=2, now_s=0.0)
    assert [held.kind for held in holds] == [HoldKind.CONFLICT]
    assert store.holds.lists() == list(holds)


def test_a_list_is_gone_with_its_last_path(store: Store) -> None:
    holds = Holds(store.holds)
    holds.hold(hold("a.txt"), burst=1, now_s=0.0)
    holds.hold(hold("b.txt"), burst=1, now_s=0.0)
    holds.release(RelPath("a.txt"))
    assert len(holds) == 1
    holds.release(RelPath("b.txt"))
    assert not holds
    assert store.holds.lists() == []


def test_what_comes_after_a_list_is_gone_is_a_new_list(store: Store) -> None:
    holds = Holds(store.holds)
    holds.hold(hold("a.txt"), burst=1, now_s=0.0)
    (first,) = holds
    holds.release(RelPath("a.txt"))
    holds.hold(hold("b.txt"), burst=1, now_s=0.0)
    (second,) = holds
    assert first.id != second.id


def test_an_approval_passes_between_processes_and_is_noticed(store: Store, other: Store) -> None:
    holds = Holds(store.holds)
    holds.hold(hold("a.txt"), burst=1, now_s=0.0)
    holds.hold(hold("b.txt"), burst=1, now_s=0.0)
    store.commit()
    assert not store.changed_elsewhere()
    other.holds.approve(chosen_path(other.holds.lists(), RelPath("a.txt")))
    assert store.changed_elsewhere()
    assert holds.reread() == ["a.txt"]
    assert holds.paths == ["b.txt"]
    approval = holds.approval(RelPath("a.txt"))
    assert approval == Approval(RelPath("a.txt"), HoldKind.DRIFT, THEIRS)
    holds.settle(RelPath("a.txt"))
    store.commit()
    assert other.holds.approvals() == {}


def test_what_joins_a_list_while_it_is_approved_waits_on(store: Store, other: Store) -> None:
    holds = Holds(store.holds)
    holds.hold(hold("a.txt"), burst=1, now_s=0.0)
    store.commit()
    other.holds.approve(other.holds.lists()[0].paths.values())
    holds.hold(hold("b.txt"), burst=1, now_s=0.0)
    holds.reread()
    store.commit()
    assert [set(held.paths) for held in other.holds.lists()] == [{"b.txt"}]


def test_all_means_deletes_and_overwrites_and_a_directory_all_below_it(store: Store) -> None:
    holds = Holds(store.holds)
    for number, kind in enumerate(HoldKind):
        holds.hold(hold(f"dir/{kind.value}", kind), burst=number, now_s=0.0)
    assert {chosen.path for chosen in chosen_all(holds)} == {"dir/deletes", "dir/overwrites"}
    assert len(chosen_path(holds, RelPath("dir"))) == len(HoldKind)
    assert chosen_path(holds, RelPath("dir/dri")) == []
    (first, *_) = holds
    assert chosen_list(holds, first.id) == list(first.paths.values())
    assert chosen_list(holds, "") == []
