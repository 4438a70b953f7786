"""
What JATOS takes in, or takes away, later than anybody looks (law 15).

An upload or a delete without an answer may take effect when its file was written again, deleted or
brought back long since, and even when the program that sent it was killed.
"""

from __future__ import annotations

import pytest

from jatossync.core.actions import Delete, Look, Upload
from jatossync.core.jobs import Ask, Job, Result, Unavailable
from jatossync.core.late import LATE_S
from jatossync.core.paths import ROOT, RelPath
from jatossync.core.plan import Policy
from jatossync.core.ports import Settings
from jatossync.state.store import Store
from tests.engine.world import World, asks_jatos

A = RelPath("a")
A_WHILE_S = LATE_S / 2


def lose_one(world: World, kind: type[Job]) -> None:
    """The next request of this kind has no answer, and JATOS has not acted on it yet."""

    def answer(job: Job) -> Result | None:
        if not isinstance(job, kind):
            return None
        world.trouble = lambda job: None
        return Unavailable("cut")

    world.trouble = answer


def save_twice_and_lose_the_first(world: World) -> None:
    """`a` has newer bytes, and JATOS has not acted on the older ones yet."""
    lose_one(world, Upload)
    world.save("a", b"old")
    world.wait(0.5)
    world.save("a", b"new")


def killed_while(store: Store, kind: type[Job], data: bytes | None) -> World:
    """
    A program was killed after it had sent `a`, or its delete, and before JATOS acted on it.

    Returns:
        The world of the next one, with what else was there.
    """
    before = World(store)
    before.save("b", b"stays")
    if data is None:
        before.save("a", b"to be deleted")
    before.settle()
    before.latency_s = lambda job: 1000.0 if isinstance(job, kind) else 0.0
    before.remove("a") if data is None else before.save("a", data)
    before.wait(10)
    assert any(isinstance(job, kind) for _, _, job in before.running)
    before.local.pop("a", None)
    return started_after(before, store)


def started_after(before: World, store: Store) -> World:
    """What is there stays; the program, and what it was about to do, is gone."""
    world = World(store)
    world.local, world.remote, world.stats = before.local, before.remote, before.stats
    world.ticks = before.ticks
    return world


def with_a_file(world: World) -> None:
    """One that stays: the last one would not be deleted without a person."""
    world.save("b", b"stays")
    world.settle()


def at_rest(world: World) -> bool:
    return world.engine.settled and not world.running


# --- a program was killed -------------------------------------------------------------------------


@pytest.mark.parametrize("can_list", [True, False])
def test_an_upload_that_comes_after_the_next_start_has_looked_is_ours(
    store: Store, can_list: bool
) -> None:
    world = killed_while(store, Upload, b"1")
    world.can_list = can_list
    world.wait(A_WHILE_S)
    assert not at_rest(world)
    world.remote["a"] = b"1"
    world.settle()
    assert world.remote == world.local
    assert not world.engine.report.notes
    assert world.trash == []


def test_one_that_comes_although_newer_bytes_were_acknowledged_is_overwritten(store: Store) -> None:
    world = killed_while(store, Upload, b"old")
    world.save("a", b"new", hint=False)
    for _ in range(2):  # the second one is started after newer bytes were acknowledged
        world = started_after(world, store)
        world.wait(A_WHILE_S)
        assert world.remote == world.local
        assert not at_rest(world)
    world.remote["a"] = b"old"
    world.settle()
    assert world.remote == world.local
    assert world.trash == []


def test_a_delete_that_comes_although_the_file_is_back_is_mended(store: Store) -> None:
    world = killed_while(store, Delete, None)
    world.save("a", b"back", hint=False)
    world.wait(A_WHILE_S)
    del world.remote["a"]
    world.settle()
    assert world.remote == world.local
    assert not world.engine.report.held


def test_a_start_that_finds_what_was_sent_has_nothing_to_wait_for(store: Store) -> None:
    world = killed_while(store, Upload, b"1")
    world.save("a", b"1", hint=False)
    world.remote["a"] = b"1"
    world.wait(1)
    assert at_rest(world)
    requests = sum(map(asks_jatos, world.jobs))
    world.wait(2 * LATE_S)
    assert sum(map(asks_jatos, world.jobs)) == requests
    assert store.attempts([ROOT]) == {}


def test_what_never_came_is_forgotten(store: Store) -> None:
    world = killed_while(store, Upload, b"1")
    world.settle()
    assert store.attempts([ROOT]) == {}
    assert world.sent == []
    assert world.now_s < 1000.0 + LATE_S + 10


# --- within one life ------------------------------------------------------------------------------


@pytest.mark.parametrize("can_list", [True, False])
@pytest.mark.parametrize("look_small", [True, False])
@pytest.mark.parametrize("drift", ["hold", "restore"])
def test_older_bytes_that_come_late_are_not_somebody_elses(
    store: Store, drift: str, look_small: bool, can_list: bool
) -> None:
    world = World(store, Settings(policy=Policy(drift=drift)))  # type: ignore[arg-type]
    world.can_list, world.look_small = can_list, look_small
    world.settle()
    save_twice_and_lose_the_first(world)
    world.wait(10)
    assert world.remote == world.local
    world.wait(A_WHILE_S)
    world.remote["a"] = b"old"
    world.settle()
    assert world.remote == world.local
    assert not world.engine.report.held
    assert not world.engine.report.others
    assert not store.rows([A])[A].put_back
    assert world.trash == []
    assert store.attempts([ROOT]) == {}


def test_a_verification_that_sees_them_mends_them_at_once(store: Store) -> None:
    world = World(store, Settings(verify_s=10.0))
    world.settle()
    save_twice_and_lose_the_first(world)
    world.wait(10)
    world.remote["a"] = b"old"
    world.wait(25)
    assert world.remote == world.local
    assert not world.engine.report.held


def test_an_upload_that_comes_after_its_file_was_deleted_is_deleted(world: World) -> None:
    with_a_file(world)
    for _ in range(2):  # JATOS has listed twice that there is no such file
        world.settle()
        world.wait(700)
    lose_one(world, Upload)
    world.save("a", b"1")
    world.wait(0.5)
    world.remove("a")
    world.wait(A_WHILE_S)
    assert not at_rest(world)
    world.remote["a"] = b"1"
    world.settle()
    assert world.remote == world.local


def test_a_delete_that_comes_after_the_file_was_sent_anew_is_mended(world: World) -> None:
    with_a_file(world)
    world.save("a", b"1")
    world.settle()
    lose_one(world, Delete)
    world.remove("a")
    world.wait(2.5)
    world.save("a", b"2")
    world.wait(A_WHILE_S)
    assert world.remote == world.local
    del world.remote["a"]
    world.settle()
    assert world.remote == world.local
    assert not world.engine.report.held


@pytest.mark.parametrize("kind", [Upload, Delete])
def test_what_is_done_again_with_the_same_end_holds_nothing_up(
    world: World, kind: type[Job]
) -> None:
    with_a_file(world)
    world.save("a", b"1")
    world.settle()
    lose_one(world, kind)
    world.save("a", b"2") if kind is Upload else world.remove("a")
    world.wait(10)
    assert at_rest(world)
    assert world.remote == world.local
    looks = sum(map(asks_jatos, world.jobs))
    world.wait(2 * LATE_S)
    assert sum(map(asks_jatos, world.jobs)) == looks


def test_a_jatos_that_stood_still_is_waited_for_when_it_is_back(world: World) -> None:
    with_a_file(world)
    lose_one(world, Upload)
    world.save("a", b"1")
    world.wait(0.4)
    world.remove("a")
    world.trouble = lambda job: Unavailable("away") if isinstance(job, Ask) else None
    world.wait(1000)
    world.trouble = lambda job: None
    world.wait(70)
    world.remote["a"] = b"1"
    world.settle()
    assert world.remote == world.local


def test_what_others_did_meanwhile_is_kept(world: World) -> None:
    world.settle()
    save_twice_and_lose_the_first(world)
    world.wait(10)
    world.remote["a"] = b"theirs"
    world.settle()
    assert b"theirs" in [*world.trash, *world.remote.values()]


def test_nobody_who_waits_for_a_save_waits_for_what_may_come_late(world: World) -> None:
    world.settle()
    save_twice_and_lose_the_first(world)
    wait = world.engine.wait([A], world.now_s)
    world.wait(5)
    assert world.engine.waited(wait)


def test_looks_are_made_only_where_something_may_have_come(world: World) -> None:
    for name in "abcdef":
        world.save(name, b"1")
    world.settle()
    save_twice_and_lose_the_first(world)
    world.settle()
    assert [job.path for job in world.jobs if isinstance(job, Look)] == ["a"]


# --- what was never sent --------------------------------------------------------------------------


def test_a_start_does_not_wait_for_what_was_never_sent(store: Store) -> None:
    world = World(store)
    with_a_file(world)
    world.engine.paused = True
    world.save("a", b"old")
    world.wait(5)
    assert store.attempts([A])
    world.engine.end()
    assert store.attempts([ROOT]) == {}
    world.save("a", b"new", hint=False)
    world = started_after(world, store)
    world.wait(5)
    assert world.remote == world.local
    assert at_rest(world)


@pytest.mark.parametrize("again", [False, True], ids=["under way", "lost, and waits again"])
@pytest.mark.parametrize("kind", [Upload, Delete])
def test_what_was_sent_is_still_an_attempt_when_the_program_ends(
    store: Store, kind: type[Job], again: bool
) -> None:
    """Law 7. Nobody waits for the answer any more, and JATOS may act all the same."""
    world = World(store)
    world.save("a", b"old")
    with_a_file(world)
    if again:
        world.trouble = lambda job: Unavailable("cut") if isinstance(job, kind | Ask) else None
    else:
        world.latency_s = lambda job: 1000.0 if isinstance(job, kind) else 0.0
    world.remove("a") if kind is Delete else world.save("a", b"new")
    sent = len(world.jobs)
    world.wait(10)
    assert any(isinstance(job, kind) for job in world.jobs[sent:])
    attempts = store.attempts([A])
    assert attempts
    world.engine.end()
    assert store.attempts([A]) == attempts


def test_a_start_does_not_wait_for_a_delete_that_waits_for_a_person(store: Store) -> None:
    world = World(store)
    for name in "abcdef":
        world.save(name, name.encode())
    world.settle()
    for name in "abcde":
        world.remove(name)
    world.settle()
    assert len(world.engine.report.held.paths) == 5
    world = started_after(world, store)
    world.wait(5)
    assert at_rest(world)
    assert len(world.engine.report.held.paths) == 5
