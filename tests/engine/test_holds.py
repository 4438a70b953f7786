"""Held lists and approvals through the engine: what waits for a person, and what a yes leads to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from jatossync.core.actions import Hold, HoldKind
from jatossync.core.holds import chosen_list
from jatossync.core.jobs import List, StateChanged
from jatossync.core.limits import Limits
from jatossync.core.paths import RelPath
from jatossync.core.plan import Policy
from jatossync.core.ports import Settings
from jatossync.state.store import Store
from tests.engine.world import SERVER, World


def approve(world: World, store: Store, holds: Iterable[Hold]) -> None:
    """What `jatossync approve` does, in another process."""
    store.holds.approve(list(holds))
    world.engine.command(StateChanged(), world.now_s)


def drifted(world: World, *paths: str) -> None:
    """Files that are in step, and then changed on JATOS by somebody else."""
    for path in paths:
        world.save(path, b"ours")
    world.settle()
    world.remote.update(dict.fromkeys(paths, b"theirs"))
    world.wait(601)
    world.settle()


def test_what_is_found_together_is_one_list_and_what_is_found_later_another(world: World) -> None:
    drifted(world, "a.txt", "b.txt", "c.txt")
    drifted(world, "d.txt")
    first, second = world.engine.report.held
    assert set(first.paths) == {"a.txt", "b.txt", "c.txt"}
    assert set(second.paths) == {"d.txt"}
    assert first.id != second.id
    assert {held.kind for held in (first, second)} == {HoldKind.DRIFT}


def test_what_a_second_listing_has_to_confirm_is_found_together_with_the_rest(
    world: World,
) -> None:
    for path in ("a.txt", "b.txt", "c.txt", "d.txt"):
        world.save(path, b"ours")
    world.settle()
    world.latency_s = lambda job: 15.0 if isinstance(job, List) else 0.0
    del world.remote["a.txt"], world.remote["d.txt"]
    world.remote["b.txt"] = b"of another export"
    world.wait(616)
    assert [set(held.paths) for held in world.engine.report.held] == [{"b.txt"}]
    world.settle()
    (one,) = world.engine.report.held
    assert set(one.paths) == {"a.txt", "b.txt", "d.txt"}
    world.remote["c.txt"] = b"much later"
    world.wait(601)
    world.settle()
    assert [len(held.paths) for held in world.engine.report.held] == [3, 1]


def test_an_approved_list_of_drift_is_written_with_our_bytes(world: World, store: Store) -> None:
    drifted(world, "a.txt", "b.txt")
    drifted(world, "c.txt")
    first, second = world.engine.report.held
    approve(world, store, chosen_list(world.engine.report.held, first.id))
    world.settle()
    assert world.remote == {"a.txt": b"ours", "b.txt": b"ours", "c.txt": b"theirs"}
    assert world.trash == [b"theirs", b"theirs"]
    assert [held.id for held in world.engine.report.held] == [second.id]
    assert store.holds.approvals() == {}


def test_an_approval_does_not_cover_what_somebody_wrote_to_jatos_since(
    world: World, store: Store
) -> None:
    drifted(world, "a.txt")
    world.remote["a.txt"] = b"theirs, once more"
    (held,) = world.engine.report.held
    approve(world, store, chosen_list([held], held.id))
    world.settle()
    assert world.remote == {"a.txt": b"theirs, once more"}
    (again,) = world.engine.report.held
    assert again.id != held.id


def test_a_list_outlives_the_process_with_its_id(world: World, store: Store) -> None:
    drifted(world, "a.txt")
    (held,) = world.engine.report.held
    restarted = World(store)
    restarted.local, restarted.stats = world.local, world.stats
    restarted.remote = world.remote
    restarted.settle()
    assert [(h.id, set(h.paths)) for h in restarted.engine.report.held] == [(held.id, {"a.txt"})]


def test_what_is_approved_while_nothing_runs_is_done_at_the_next_start(
    world: World, store: Store
) -> None:
    drifted(world, "a.txt")
    (held,) = world.engine.report.held
    store.holds.approve(held.paths.values())
    restarted = World(store)
    restarted.local, restarted.stats = world.local, world.stats
    restarted.remote = world.remote
    restarted.settle()
    assert restarted.remote == {"a.txt": b"ours"}
    assert not restarted.engine.report.held


def test_an_approval_that_is_no_longer_needed_is_used_up(world: World, store: Store) -> None:
    drifted(world, "a.txt")
    (held,) = world.engine.report.held
    world.remote["a.txt"] = b"ours"
    approve(world, store, held.paths.values())
    world.wait(601)
    world.settle()
    assert store.holds.approvals() == {}
    assert not world.engine.report.held


@pytest.mark.parametrize(
    ("page", "questions"),
    [
        (True, [HoldKind.PAGE, HoldKind.CONFLICT, HoldKind.PAGE]),
        (False, [HoldKind.DELETES, HoldKind.CONFLICT]),
    ],
)
def test_a_delete_and_what_others_wrote_there_are_asked_about_to_an_end(
    store: Store, *, page: bool, questions: list[HoldKind]
) -> None:
    """A yes to deleting a page led to the conflict again, and a yes to that to the page."""
    limits = Limits(max_files=1)
    world = World(store, Settings(policy=Policy(conflict="hold"), limits=limits))
    if page:
        world.server = replace(SERVER, pages=frozenset([RelPath("index.html")]))
    paths = ("index.html", "a.txt", "b.txt", "c.txt")
    for path in paths:
        world.save(path, b"ours")
    world.settle()
    world.remote["index.html"] = b"theirs"
    for path in paths[: 1 if page else 3]:
        world.remove(path)
    asked = []
    for _ in range(5):
        world.settle()
        if held := next(iter(world.engine.report.held), None):
            asked.append(held.kind)
            approve(world, store, held.paths.values())
    assert asked == questions
    assert "index.html" not in world.remote
    assert world.trash == [b"theirs"]


def test_a_rehearsal_shows_what_is_held_and_keeps_nothing(world: World, store: Store) -> None:
    drifted(world, "a.txt")
    (held,) = world.engine.report.held
    world.remote["b.txt"] = b"theirs"
    world.save("b.txt", b"ours")
    plan = World(store, Settings(dry_run=True))
    plan.local, plan.stats, plan.remote = world.local, world.stats, {"a.txt": b"ours"}
    plan.settle()
    assert not plan.engine.report.held
    assert [h.id for h in store.holds.lists()] == [held.id]
