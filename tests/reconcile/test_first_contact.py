"""First contact with a study that has files: adopted, replaced or held, and nothing is deleted."""

from __future__ import annotations

import pytest

from jatossync.core.actions import HoldKind, Keep
from jatossync.core.holds import chosen_list
from jatossync.core.jobs import StateChanged
from jatossync.core.ports import Settings
from jatossync.state.store import Store
from tests.engine.world import World
from tests.scenarios.conftest import Jatos
from tests.scenarios.harness import Study


def meeting(world: World, *, equal: int, differ: int, only_there: int = 0, new: int = 0) -> World:
    """So many files of each kind."""
    for number in range(equal):
        world.save(f"equal/{number}", b"%d" % number, hint=False)
        world.remote[f"equal/{number}"] = b"%d" % number
    for number in range(differ):
        world.save(f"differ/{number}", b"ours %d" % number, hint=False)
        world.remote[f"differ/{number}"] = b"theirs %d" % number
    for number in range(only_there):
        world.remote[f"theirs/{number}"] = b"x"
    for number in range(new):
        world.save(f"new/{number}", b"n", hint=False)
    return world


def said(world: World) -> list[object]:
    events = world.engine.report.events
    return [event.fields["reason"] for event in events if event.name == "first contact"]


@pytest.mark.parametrize("lists", [True, False], ids=["lists", "cannot list"])
def test_equal_files_are_adopted_and_a_few_others_are_kept_and_replaced(
    world: World, lists: bool
) -> None:
    meeting(world, equal=12, differ=3, only_there=5, new=40)
    world.can_list = lists
    world.settle()
    theirs = {f"theirs/{number}": b"x" for number in range(5)}
    assert world.remote == world.local | theirs
    assert sorted(world.trash) == [b"theirs 0", b"theirs 1", b"theirs 2"]
    assert {verb for verb, _ in world.sent} == {"upload"}
    assert len(world.sent) == 43
    foreign = "5 only on JATOS (left alone), " if lists else ""
    assert said(world) == [f"12 equal, 3 different (theirs go to the trash), {foreign}40 to upload"]


@pytest.mark.parametrize("lists", [True, False], ids=["lists", "cannot list"])
@pytest.mark.parametrize(
    ("equal", "differ"),
    [(100, 21), (5, 5), (0, 5)],
    ids=["more than max_files", "more than max_share", "all of them"],
)
def test_many_that_differ_wait_for_a_person(
    world: World, store: Store, equal: int, differ: int, lists: bool
) -> None:
    meeting(world, equal=equal, differ=differ, new=3)
    before = dict(world.remote)
    world.can_list = lists
    world.settle()
    (held,) = world.engine.report.held
    assert held.kind is HoldKind.OVERWRITES
    assert len(held.paths) == differ
    assert world.remote == before | {f"new/{n}": b"n" for n in range(3)}
    assert not world.trash
    world.wait(1300)
    assert [each.id for each in world.engine.report.held] == [held.id], "one list, one decision"
    assert len(world.sent) == 3
    store.holds.approve(chosen_list(world.engine.report.held, held.id))
    world.engine.command(StateChanged(), world.now_s)
    world.settle()
    assert world.remote == world.local
    assert len(world.trash) == differ
    assert not world.engine.report.held


@pytest.mark.parametrize(("equal", "differ"), [(0, 4), (100, 20), (20, 6)])
def test_few_go_without_asking(world: World, equal: int, differ: int) -> None:
    meeting(world, equal=equal, differ=differ)
    world.settle()
    assert not world.engine.report.held
    assert world.remote == world.local
    assert len(world.trash) == differ


def test_a_yes_does_not_cover_what_somebody_wrote_since(world: World, store: Store) -> None:
    meeting(world, equal=0, differ=6)
    world.settle()
    (held,) = world.engine.report.held
    store.holds.approve(held.paths.values())
    world.remote["differ/0"] = b"theirs, newer"
    world.engine.command(StateChanged(), world.now_s)
    world.settle()
    assert world.remote["differ/0"] == b"theirs, newer"
    assert len(world.trash) >= 5
    (again,) = world.engine.report.held
    assert set(again.paths) == {"differ/0"}


def test_what_waits_is_remembered_by_a_restart(world: World, store: Store) -> None:
    meeting(world, equal=2, differ=6)
    world.settle()
    (held,) = world.engine.report.held
    again = World(store)
    again.local, again.stats, again.remote = world.local, world.stats, world.remote
    again.settle()
    assert [(each.id, len(each.paths)) for each in again.engine.report.held] == [(held.id, 6)]
    assert again.sent == []
    assert not any(isinstance(job, Keep) for job in again.jobs)


def test_a_rehearsal_says_what_would_wait(store: Store) -> None:
    world = World(store, Settings(dry_run=True))
    meeting(world, equal=2, differ=6)
    world.settle()
    changes = world.engine.rehearsed()
    assert {type(change).__name__ for change in changes} == {"Adopt"}
    assert [len(each.paths) for each in world.engine.report.held] == [6]


# --- through the program --------------------------------------------------------------------------


@pytest.mark.parametrize("dialect", ["3.8", "3.9", "3.10"])
def test_sync_sums_up_what_it_found(jatos: Jatos, tmp_path: object, dialect: str) -> None:
    study = Study(tmp_path, jatos(dialect))  # type: ignore[arg-type]
    for number in range(6):
        study.write(f"equal{number}.txt", f"{number}")
        study.put_on_jatos(f"equal{number}.txt", b"%d" % number)
    for number in range(2):
        study.write(f"differ{number}.txt", f"ours {number}")
        study.put_on_jatos(f"differ{number}.txt", b"theirs %d" % number)
    study.put_on_jatos("theirs.png", b"png")
    study.write("new.html", "<!doctype html>")
    said = study.cli("sync")
    assert said.code == 0
    foreign = "" if dialect == "3.8" else "1 only on JATOS (left alone), "
    assert f"6 equal, 2 different (theirs go to the trash), {foreign}1 to upload" in said.text
    assert study.remote() == study.local() | {"theirs.png": b"png"}
    assert sorted(study.trash()) == [b"theirs 0", b"theirs 1"]
    assert "only on JATOS (left alone)" not in study.cli("sync").text


def test_run_without_a_terminal_holds_too(study: Study) -> None:
    for number in range(8):
        study.write(f"differ{number}.txt", f"ours {number}")
        study.put_on_jatos(f"differ{number}.txt", b"theirs %d" % number)
    study.configure(deletes={"max_files": 5})
    before = study.remote()
    with study.run() as daemon:
        daemon.await_log("held")
        study.await_rest()
    assert study.remote() == before
    assert not study.sent()
    assert not study.trash()
