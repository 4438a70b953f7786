"""What others do on JATOS: believed late, held as one list, decided once (on a simulated clock)."""

from __future__ import annotations

import pytest

from jatossync.core.actions import HoldKind, Look
from jatossync.core.holds import HeldList, chosen_list
from jatossync.core.jobs import Ask, Job, List, NoListing, Result, StateChanged, Stop, Stopped
from jatossync.core.model import Listing
from jatossync.core.paths import RelPath
from jatossync.core.ports import Settings
from jatossync.state.store import Store
from tests.engine.world import World

MANY = [f"img/{number}.png" for number in range(70)]


def in_step(world: World, *paths: str) -> World:
    """Both sides have these files."""
    for path in paths:
        world.save(path, b"ours " + path.encode())
    world.settle()
    world.sent.clear()
    world.jobs.clear()
    return world


def verify(world: World) -> None:
    """Let the time of the next verification come."""
    world.wait(601)
    world.settle()


def restarted(world: World, store: Store, settings: Settings | None = None) -> World:
    again = World(store, settings)
    again.local, again.stats, again.remote = world.local, world.stats, world.remote
    again.trash, again.now_s, again.ticks = world.trash, world.now_s, world.ticks
    again.can_list = world.can_list
    return again


def held(world: World) -> dict[str, str]:
    return {
        path: hold.why for each in world.engine.report.held for path, hold in each.paths.items()
    }


def the_list(world: World) -> HeldList:
    (only,) = world.engine.report.held
    return only


def approve(world: World, store: Store, id_: str) -> None:
    store.holds.approve(chosen_list(world.engine.report.held, id_))
    world.engine.command(StateChanged(), world.now_s)
    world.settle()


def asked(world: World, kind: type[Job]) -> int:
    return sum(isinstance(job, kind) for job in world.jobs)


# --- a listing is not an instant ------------------------------------------------------------------


def without_once(world: World, *missing: str) -> None:
    """The next listing does not show these, as while somebody replaces them."""
    left = 1

    def trouble(job: Job) -> Result | None:
        nonlocal left
        if not isinstance(job, List) or not left:
            return None
        left -= 1
        return Listing(
            {RelPath(p): world._listed(d) for p, d in world.remote.items() if p not in missing}
        )

    world.trouble = trouble


def test_what_one_listing_does_not_show_is_not_gone(world: World) -> None:
    in_step(world, "a.txt", "b.txt")
    without_once(world, "a.txt")
    verify(world)
    assert asked(world, List) == 2, "another listing has settled it"
    assert asked(world, Look) == 0
    assert not held(world)
    assert world.sent == []


def test_what_two_listings_do_not_show_is_looked_at_and_then_held(world: World) -> None:
    in_step(world, "a.txt", "b.txt")
    del world.remote["a.txt"]
    verify(world)
    assert (asked(world, List), asked(world, Look)) == (2, 1)
    assert held(world) == {"a.txt": "removed on JATOS"}
    assert world.sent == []


def test_what_is_gone_on_both_sides_is_forgotten_only_then(world: World, store: Store) -> None:
    in_step(world, "a.txt", "b.txt")
    world.remove("a.txt", hint=False)
    without_once(world, "a.txt")
    verify(world)
    assert world.sent == [("delete", "a.txt")]
    assert not store.known(RelPath("a.txt"))


@pytest.mark.parametrize("listing_s", [0.5, 5.0, 60.0])
def test_files_written_while_jatos_lists_are_neither_gone_nor_foreign_nor_drift(
    world: World, listing_s: float
) -> None:
    in_step(world, *(f"old/{n}.txt" for n in range(5)))
    world.latency_s = lambda job: listing_s if isinstance(job, List) else 0.05
    world.wait(599)
    for number in range(40):
        world.save(f"new/{number}.txt", b"new")
        world.save("old/0.txt", b"version %d" % number)
        if number % 10 == 5:
            world.remove(f"old/{number // 10 + 1}.txt")
        world.wait(listing_s / 20)
    verify(world)
    assert not held(world)
    assert not world.trash
    assert not world.engine.report.notes
    assert world.remote == world.local
    verbs = [verb for verb, path in world.sent if path.startswith("new/")]
    assert verbs == ["upload"] * 40


# --- drift ----------------------------------------------------------------------------------------


def test_a_folder_that_somebody_imported_anew_is_one_list_with_one_decision(
    world: World, store: Store
) -> None:
    in_step(world, *MANY, "index.html")
    world.remote = {path: b"imported " + path.encode() for path in MANY[:50]} | {"new.css": b"x"}
    verify(world)
    assert the_list(world).kind is HoldKind.DRIFT
    assert len(held(world)) == 71
    assert world.sent == [], "nothing deleted, nothing uploaded"
    looks = asked(world, Look)
    for _ in range(3):
        verify(world)
    assert asked(world, Look) == looks, "what was seen is remembered"
    assert len(held(world)) == 71
    assert world.sent == []
    approve(world, store, the_list(world).id)
    assert world.remote == world.local | {"new.css": b"x"}
    assert not world.engine.report.held
    assert sorted(world.trash) == sorted(b"imported " + path.encode() for path in MANY[:50])
    assert {verb for verb, _ in world.sent} == {"upload"}
    world.sent.clear()
    verify(world)
    assert world.sent == []


def test_a_folder_that_is_imported_anew_in_the_middle_of_a_listing_is_one_list_too(
    world: World, store: Store
) -> None:
    in_step(world, *MANY)
    world.latency_s = lambda job: 5.0 if isinstance(job, List) else 0.0
    imported = {path: b"imported " + path.encode() for path in MANY}
    left = 1

    def half_of_it(job: Job) -> Result | None:
        nonlocal left
        if not isinstance(job, List) or not left:
            return None
        left -= 1
        before = dict(world.remote)
        world.remote = imported
        seen = {p: d for p, d in before.items() if p in MANY[:30]}
        seen |= {p: d for p, d in imported.items() if p in MANY[50:]}
        return Listing({RelPath(p): world._listed(d) for p, d in seen.items()})

    world.trouble = half_of_it
    verify(world)
    assert len(held(world)) == 70
    assert the_list(world).kind is HoldKind.DRIFT
    assert world.sent == []
    approve(world, store, the_list(world).id)
    assert world.remote == world.local
    assert not world.engine.report.held


def test_held_drift_outlives_a_restart_without_a_new_look(world: World, store: Store) -> None:
    in_step(world, "a.txt", "b.txt")
    world.remote["a.txt"] = b"theirs"
    del world.remote["b.txt"]
    verify(world)
    before = held(world)
    again = restarted(world, store)
    again.settle()
    assert held(again) == before == {"a.txt": "changed on JATOS", "b.txt": "removed on JATOS"}
    assert asked(again, Look) == 0
    assert again.sent == []


def test_held_drift_outlives_a_restart_on_a_jatos_that_cannot_list(
    world: World, store: Store
) -> None:
    in_step(world, "a.txt")
    world.remote["a.txt"] = b"theirs"
    verify(world)
    world.can_list = False
    again = restarted(world, store)
    again.settle()
    assert held(again) == {"a.txt": "changed on JATOS"}
    assert asked(again, Look) == 1


def test_drift_that_somebody_took_back_is_no_longer_held(world: World) -> None:
    in_step(world, "a.txt", "b.txt")
    ours = dict(world.remote)
    world.remote["a.txt"] = b"theirs"
    del world.remote["b.txt"]
    verify(world)
    assert len(held(world)) == 2
    world.remote.update(ours)
    verify(world)
    assert not held(world)
    assert world.sent == []


def test_theirs_in_the_folder_is_agreement(world: World, store: Store) -> None:
    in_step(world, "a.txt")
    world.remote["a.txt"] = b"theirs"
    verify(world)
    world.save("a.txt", b"theirs")
    world.settle()
    assert not held(world)
    assert world.sent == []
    assert not world.trash
    verify(world)
    assert world.sent == []


def test_a_file_removed_on_both_sides_leaves_the_list(world: World, store: Store) -> None:
    in_step(world, "a.txt", "b.txt")
    del world.remote["a.txt"]
    verify(world)
    assert held(world) == {"a.txt": "removed on JATOS"}
    world.remove("a.txt")
    world.settle()
    assert not held(world)
    assert world.sent == []
    assert not store.known(RelPath("a.txt"))


def test_a_held_file_that_is_saved_is_a_conflict_and_theirs_is_kept(world: World) -> None:
    in_step(world, "a.txt")
    world.remote["a.txt"] = b"theirs"
    verify(world)
    world.save("a.txt", b"ours, newer")
    world.settle()
    assert world.remote == {"a.txt": b"ours, newer"}
    assert world.trash == [b"theirs"]
    assert not held(world)


# --- the folder on JATOS as a whole ---------------------------------------------------------------


def test_a_missing_folder_is_said_once_and_ends_by_itself(world: World, store: Store) -> None:
    in_step(world, *MANY)
    gone = Stopped(Stop.FOLDER_GONE, "the folder is missing")

    def missing(job: Job) -> Result | None:
        if isinstance(job, List):
            return NoListing("the folder is missing", folder_gone=True)
        return gone if isinstance(job, Ask) and job.folder else None

    world.remove(MANY[0], hint=False)
    world.save(MANY[1], b"saved", hint=False)
    world = restarted(world, store)
    world.trouble = missing
    world.wait(3600)
    assert world.engine.finished
    assert not world.engine.settled
    assert world.sent == []
    assert not held(world)
    said = [
        event.fields.get("reason") for event in world.engine.report.events if event.level != "info"
    ]
    assert said.count("the folder is missing") == 1
    world.trouble = lambda job: None
    world.wait(61)
    world.settle()
    assert world.sent == [("upload", MANY[1]), ("delete", MANY[0])]
