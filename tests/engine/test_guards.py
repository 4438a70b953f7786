"""Deletes that wait for a person: too many at once, everything, the page of a component."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from jatossync.core.actions import Delete, HoldKind, Upload
from jatossync.core.guard import Guard
from jatossync.core.holds import Holds, chosen_list
from jatossync.core.jobs import (
    Ask,
    Job,
    Refused,
    Result,
    RootGone,
    Scan,
    StateChanged,
    Unavailable,
)
from jatossync.core.limits import WINDOW_S, Limits
from jatossync.core.order import Item, Queue
from jatossync.core.paths import RelPath
from jatossync.core.plan import Policy
from jatossync.core.ports import Settings
from jatossync.state.store import Store
from tests.engine.world import SERVER, World


class Clock:
    """The wall clock that the state has."""

    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[Store]:
    opened = Store(str(tmp_path / "state"), clock=clock)
    yield opened
    opened.close()


def filled(world: World, count: int, settled: bool = True) -> World:
    """A study of so many files, in step."""
    for n in range(count):
        world.save(f"{n:03}.png", b"picture %d" % n, hint=False)
    if settled:
        world.settle()
        world.sent.clear()
    return world


def remove(world: World, *numbers: int) -> None:
    for n in numbers:
        world.remove(f"{n:03}.png")


def approve_all(world: World, store: Store) -> None:
    for held in store.holds.lists():
        store.holds.approve(chosen_list([held], held.id))
    world.engine.command(StateChanged(), world.now_s)


def restarted(world: World, store: Store, settings: Settings | None = None) -> World:
    again = World(store, settings)
    again.local, again.stats, again.remote = world.local, world.stats, world.remote
    return again


def test_twenty_deletes_go_and_twenty_one_wait(world: World) -> None:
    filled(world, 100)
    remove(world, *range(20))
    world.settle()
    assert len(world.remote) == 80


def test_more_than_twenty_deletes_wait_in_one_list_and_uploads_go_on(world: World) -> None:
    filled(world, 100)
    remove(world, *range(21))
    world.settle()
    world.save("new.png", b"new")
    world.settle()
    assert world.sent == [("upload", "new.png")]
    (held,) = world.engine.report.held
    assert (held.kind, len(held.paths)) == (HoldKind.DELETES, 21)
    assert "deletes.max_files (20)" in held.reason


def test_deletes_that_come_one_by_one_are_counted_over_ten_minutes(
    world: World, clock: Clock
) -> None:
    filled(world, 100)
    for n in range(22):
        remove(world, n)
        world.wait(10)
        clock.now_s += 10
    assert len(world.remote) == 80
    assert [set(held.paths) for held in world.engine.report.held] == [{"020.png"}, {"021.png"}]
    clock.now_s += WINDOW_S
    remove(world, 30)
    world.settle()
    assert "030.png" not in world.remote


def test_deletes_are_counted_over_a_restart(world: World, store: Store) -> None:
    filled(world, 100)
    remove(world, *range(15))
    world.settle()
    again = restarted(world, store)
    remove(again, *range(15, 30))
    again.settle()
    assert len(again.remote) == 85
    assert [len(held.paths) for held in again.engine.report.held] == [15]


def test_an_emptied_folder_is_held_however_small_the_study(world: World) -> None:
    filled(world, 3)
    remove(world, 0, 1, 2)
    world.settle()
    assert len(world.remote) == 3
    (held,) = world.engine.report.held
    assert "nothing would be left" in held.reason


def test_a_held_list_outlives_a_restart_and_greater_limits(world: World, store: Store) -> None:
    filled(world, 10)
    remove(world, *range(6))
    world.settle()
    (before,) = world.engine.report.held
    again = restarted(world, store)
    again.settle()
    assert [(held.id, len(held.paths)) for held in again.engine.report.held] == [(before.id, 6)]
    assert again.sent == []


def test_an_approved_list_is_deleted_and_does_not_count(world: World, store: Store) -> None:
    filled(world, 100)
    remove(world, *range(30))
    world.settle()
    approve_all(world, store)
    world.settle()
    assert len(world.remote) == 70
    assert not world.engine.report.held
    remove(world, *range(30, 40))
    world.settle()
    assert len(world.remote) == 60


def test_what_is_back_when_it_is_approved_is_not_deleted(world: World, store: Store) -> None:
    filled(world, 10)
    remove(world, *range(6))
    world.settle()
    world.save("000.png", b"picture 0", hint=False)
    approve_all(world, store)
    world.settle()
    assert len(world.remote) == 5
    assert "000.png" in world.remote
    assert store.holds.approvals() == {}


def test_files_that_come_back_leave_the_list_and_an_empty_list_is_gone(world: World) -> None:
    filled(world, 10)
    remove(world, *range(6))
    world.settle()
    for n in range(5):
        world.save(f"{n:03}.png", b"picture %d" % n)
    world.settle()
    assert [set(held.paths) for held in world.engine.report.held] == [{"005.png"}]
    world.save("005.png", b"picture 5")
    world.settle()
    assert not world.engine.report.held
    assert world.sent == []


def move_into_a_folder(world: World, count: int) -> None:
    for n in range(count):
        world.save(f"pictures/{n}.png", world.local[f"{n:03}.png"])
        remove(world, n)


def test_a_renamed_folder_is_no_loss(world: World) -> None:
    filled(world, 100)
    move_into_a_folder(world, 60)
    world.settle()
    assert world.remote == world.local
    assert not world.engine.report.held


def test_files_that_are_renamed_and_then_edited_are_no_loss(world: World) -> None:
    filled(world, 100)
    move_into_a_folder(world, 60)
    world.settle()
    for n in range(60):
        world.save(f"pictures/{n}.png", b"edited %d" % n)
    world.settle()
    remove(world, 70)
    world.settle()
    assert world.remote == world.local
    assert not world.engine.report.held


def test_a_rename_of_which_one_half_cannot_be_stored_is_a_loss(world: World) -> None:
    filled(world, 100)
    world.trouble = lambda job: (
        Refused("too large") if isinstance(job, Upload) and "pictures" in job.path else None
    )
    move_into_a_folder(world, 60)
    world.wait(30)
    assert len(world.remote) == 100
    assert [len(held.paths) for held in world.engine.report.held] == [60]


def test_deletes_that_turn_out_to_be_renames_later_are_released(world: World) -> None:
    filled(world, 100)
    remove(world, *range(30))
    world.settle()
    assert [len(held.paths) for held in world.engine.report.held] == [30]
    for n in range(30):
        world.save(f"pictures/{n}.png", b"picture %d" % n)
    world.settle()
    assert world.remote == world.local
    assert not world.engine.report.held


def test_the_share_is_of_what_is_gone_and_what_is_left_and_never_over_all(world: World) -> None:
    filled(world, 8)

    def stored_without_an_answer(job: Job) -> Result | None:
        if not isinstance(job, Upload):
            return None
        world.act(job)
        return Unavailable("the connection broke")

    world.trouble = stored_without_an_answer
    for n in range(20):
        world.save(f"new/{n}.png", b"new %d" % n)
    world.wait(1)
    for n in range(18):
        world.remove(f"new/{n}.png")
    remove(world, 0, 1)
    world.wait(0.5)
    world.trouble = lambda job: None
    world.settle()
    (held,) = world.engine.report.held
    gone, of = map(int, re.findall(r"\d+", held.reason)[:2])
    assert of - gone == len(world.local) == 8


def test_files_that_only_moved_are_no_part_of_what_is_gone_but_of_what_is_left(
    world: World,
) -> None:
    filled(world, 40)
    for n in range(24):
        world.save(f"pictures/{n}.png", world.local[f"{n:03}.png"])
    remove(world, *range(24 + 13))
    world.settle()
    (held,) = world.engine.report.held
    assert held.reason.startswith("13 of 40 files are gone here")
    assert len(held.paths) == 13
    assert len(world.remote) == 40


def test_the_last_file_is_held_also_while_the_others_go_because_a_person_said_so(
    world: World, store: Store
) -> None:
    filled(world, 30)
    remove(world, *range(29))
    world.settle()
    world.latency_s = lambda job: 5.0 if isinstance(job, Delete) else 0.0
    approve_all(world, store)
    remove(world, 29)
    world.wait(1)
    world.settle()
    assert world.remote.keys() == {"029.png"}
    (held,) = world.engine.report.held
    assert "nothing would be left" in held.reason


def test_a_yes_to_overwriting_is_no_yes_to_deleting(store: Store) -> None:
    world = filled(World(store, Settings(policy=Policy(conflict="hold"))), 60)
    world.trouble = lambda job: Unavailable("away") if isinstance(job, Upload) else None
    for n in range(30):
        world.remote[f"{n:03}.png"] = b"theirs %d" % n
        world.save(f"{n:03}.png", b"edited %d" % n)
    world.trouble = lambda job: None
    world.settle()
    (held,) = world.engine.report.held
    assert (held.kind, len(held.paths)) == (HoldKind.CONFLICT, 30)
    store.holds.approve(held.paths.values())
    remove(world, *range(30))
    world.engine.command(StateChanged(), world.now_s)
    world.settle()
    assert len(world.remote) == 60
    assert not any(verb == "delete" for verb, _ in world.sent)
    assert {held.kind for held in world.engine.report.held} == {HoldKind.DELETES}


def test_deletes_are_counted_though_the_clock_was_wrong_for_a_moment(
    world: World, clock: Clock
) -> None:
    filled(world, 100)
    remove(world, *range(15))
    world.settle()
    clock.now_s += 10 * WINDOW_S
    remove(world, 15)
    world.settle()
    clock.now_s -= 10 * WINDOW_S
    remove(world, *range(16, 30))
    world.settle()
    assert len(world.remote) == 84
    assert [len(held.paths) for held in world.engine.report.held] == [14]


def test_a_builders_output_comes_and_goes_without_asking(world: World) -> None:
    world.save("index.html", b"page")
    for n in range(8):
        world.save(f"assets/part{n}-{n}aaaaaa.js", b"first %d" % n)
    world.settle()
    for n in range(8):
        world.remove(f"assets/part{n}-{n}aaaaaa.js")
        world.save(f"assets/part{n}-{n}bbbbbb.js", b"second %d" % n)
    world.settle()
    assert world.remote == world.local


def test_keep_never_deletes_and_says_what_is_left(store: Store) -> None:
    world = filled(World(store, Settings(policy=Policy(deletes="keep"))), 10)
    remove(world, *range(10))
    world.settle()
    assert len(world.remote) == 10
    assert len(world.engine.report.notes) == 10
    assert not world.engine.report.held


def test_a_rehearsal_tells_what_would_wait_and_keeps_nothing(world: World, store: Store) -> None:
    filled(world, 10)
    remove(world, *range(6))
    plan = restarted(world, store, Settings(dry_run=True))
    plan.settle()
    assert plan.engine.rehearsed() == []
    assert [(held.id, len(held.paths)) for held in plan.engine.report.held] == [("", 6)]
    assert store.holds.lists() == []


# --- pages ---------------------------------------------------------------------------------------


def with_pages(world: World, *pages: str) -> None:
    world.server = replace(SERVER, pages=frozenset(map(RelPath, pages)))


@pytest.fixture
def paged(world: World) -> World:
    """A study whose component shows `index.html`, in step."""
    with_pages(world, "index.html")
    world.save("index.html", b"page")
    world.save("style.css", b"style")
    world.settle()
    return world


def test_the_page_of_a_component_is_never_deleted_without_a_person(
    paged: World, store: Store
) -> None:
    paged.remove("index.html")
    paged.remove("style.css")
    paged.save("other.css", b"other")
    paged.settle()
    assert set(paged.remote) == {"index.html", "other.css"}
    (held,) = paged.engine.report.held
    assert (held.kind, set(held.paths)) == (HoldKind.PAGE, {"index.html"})
    approve_all(paged, store)
    paged.settle()
    assert set(paged.remote) == {"other.css"}


def test_a_page_that_no_component_shows_any_more_goes(paged: World) -> None:
    paged.remove("index.html")
    paged.settle()
    with_pages(paged, "other.html")
    paged.engine.link.refresh(paged.now_s)
    paged.settle()
    assert set(paged.remote) == {"style.css"}


def test_a_page_that_a_component_was_just_given_stays(paged: World) -> None:
    paged.save("other.html", b"other")
    paged.settle()
    paged.wait(60)
    with_pages(paged, "index.html", "other.html")
    paged.remove("other.html")
    paged.settle()
    assert "other.html" in paged.remote


def test_no_page_is_deleted_while_it_is_not_known_what_the_pages_are(paged: World) -> None:
    paged.save("other.html", b"other")
    paged.settle()
    paged.wait(60)
    asked: list[Job] = []

    def in_order(job: Job) -> Result | None:
        asked.extend([job] if isinstance(job, Ask | Delete) else [])
        return None

    paged.trouble = in_order
    paged.remove("other.html")
    paged.settle()
    assert [type(job) for job in asked] == [Ask, Delete]


def test_an_emptied_folder_with_a_page_is_held_whole(paged: World) -> None:
    paged.remove("index.html")
    paged.remove("style.css")
    paged.settle()
    assert len(paged.remote) == 2
    assert {held.kind for held in paged.engine.report.held} == {HoldKind.PAGE, HoldKind.DELETES}


def test_what_is_missing_at_the_first_look_at_a_folder_that_may_be_another_one_waits(
    world: World, store: Store
) -> None:
    filled(world, 10)
    world.save("index-4f3a9c.js", b"built")
    world.settle()
    again = restarted(world, store, Settings(doubtful=True))
    again.remove("001.png", hint=False)
    again.save("moved.png", again.local["002.png"], hint=False)
    again.remove("002.png", hint=False)
    again.remove("index-4f3a9c.js", hint=False)
    again.save("index-77aa12.js", b"built anew", hint=False)
    again.settle()
    assert {path for verb, path in again.sent if verb == "delete"} == {"002.png", "index-4f3a9c.js"}
    [held] = store.holds.lists()
    assert "another folder" in held.reason
    again.remove("003.png")
    again.settle()
    assert "003.png" not in again.remote
    assert "001.png" in again.remote
    again.wait(3600)
    assert "001.png" in again.remote
    approve_all(again, store)
    again.settle()
    assert "001.png" not in again.remote


def test_a_doubtful_folder_whose_first_look_failed_is_looked_at_with_the_same_doubt(
    world: World, store: Store
) -> None:
    filled(world, 10)
    again = restarted(world, store, Settings(doubtful=True))
    again.remove("001.png", hint=False)
    lost = iter([RootGone("it is gone")])
    again.trouble = lambda job: next(lost, None) if isinstance(job, Scan) else None
    again.settle()
    again.wait(60)
    assert "001.png" in again.remote


def test_a_delete_is_not_counted_before_its_whole_burst_is_known(store: Store) -> None:
    guard = Guard(store, Holds(store.holds), Limits(max_files=0))
    queue = waiting_deletes("old.mp4", "gone.png")
    held = guard.too_many(queue, lambda burst: burst == 0)
    assert [hold.path for hold in held] == ["gone.png"]


def test_a_delete_that_is_under_way_counts(world: World, store: Store) -> None:
    filled(world, 5)
    guard = Guard(store, Holds(store.holds), Limits(max_files=1))
    queue = waiting_deletes("000.png", "001.png")
    assert queue.take(0.0, lambda item: item.path == "000.png")
    held = guard.too_many(queue, lambda burst: False)
    assert [hold.path for hold in held] == ["001.png"]


def test_a_delete_does_not_go_before_what_may_be_its_new_name_is_looked_at(store: Store) -> None:
    world = filled(World(store, Settings(limits=Limits(max_files=0))), 5)
    remove(world, 0)
    world.wait(1.0)
    world.latency_s = lambda job: 5.0 if isinstance(job, Scan) else 0.0
    world.save("moved.png", b"picture 0")
    world.wait(3.0)
    assert not world.engine.report.held
    world.settle()
    assert set(world.remote) == {*world.local}


def waiting_deletes(*paths: str) -> Queue:
    """Each of a burst of its own."""
    queue = Queue(workers=8)
    for burst, path in enumerate(paths):
        queue.put(Item(Delete(RelPath(path), frozenset()), burst, 0.0, 0.0))
    return queue


def test_a_yes_to_a_delete_ends_when_the_file_is_back(world: World, store: Store) -> None:
    filled(world, 5)
    remove(world, *range(5))
    world.settle()
    (held,) = world.engine.report.held
    world.engine.paused = True
    store.holds.approve(held.paths.values())
    world.engine.command(StateChanged(), world.now_s)
    world.wait(5)
    world.save("000.png", b"back again")
    world.wait(5)
    assert RelPath("000.png") not in store.holds.approvals()


def test_a_listing_is_no_look_any_more_once_there_is_a_newer_one(world: World) -> None:
    """Law 4: what waits for its class has other bytes on JATOS by the listing of the next burst."""
    many = [f"{number}.png" for number in range(51)]
    world.settle()
    world.latency_s = lambda job: 0.4 if isinstance(job, Upload) else 0.0
    for path in (*many, "style.css"):
        world.save(path, b"ours")
    world.wait(1.0)
    world.remote["style.css"] = b"theirs"
    for path in many:
        world.save("more/" + path, b"ours")
    world.settle()
    assert world.remote["style.css"] == b"ours"
    assert world.trash == [b"theirs"]


def test_nothing_goes_out_from_the_moment_in_which_the_folder_is_gone(world: World) -> None:
    """Law 2: the look that finds it gone comes later."""
    filled(world, 5)
    remove(world, 0)
    world.wait(1.0)
    world.latency_s = lambda job: 5.0 if isinstance(job, Scan) else 0.0
    world.engine.root_lost("it is gone", world.now_s)
    world.wait(4.0)
    assert world.sent == []
