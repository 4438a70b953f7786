"""Changes that nothing told of: found all the same, and taken as a sign that something is blind."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from jatossync.core.actions import Hash
from jatossync.core.jobs import Scan
from jatossync.core.model import Entry, Kind, Snapshot
from jatossync.core.paths import ROOT, RelPath
from jatossync.core.plan import Policy
from jatossync.core.ports import Settings
from jatossync.core.rereading import BYTES, DAY_S, FILES, FIRST_S, PAUSE_S, ROUND_S
from jatossync.state.store import Store
from tests.engine.world import World

WEEK_S = 7 * DAY_S


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """One whose store has the same clock, and which is never rescanned."""
    worlds: list[World] = []
    store = Store(str(tmp_path / "state"), clock=lambda: worlds[0].now_s)
    worlds.append(restarted(store))
    yield worlds[0]
    store.close()


def restarted(store: Store, now_s: float = 1000.0) -> World:
    world = World(store, Settings(rescan_s=WEEK_S, verify_s=WEEK_S))
    world.now_s = now_s
    world.wall_s = lambda: world.now_s
    return world


def corrupt(world: World, path: str, data: bytes) -> None:
    """Other bytes, and nothing that shows it."""
    assert len(data) == len(world.local[path])
    world.local[path] = data


def settle(world: World) -> None:
    """Come into step, and forget what that took."""
    world.settle()
    world.jobs.clear()


def rereads(world: World) -> list[frozenset[RelPath]]:
    """The scopes of the scans that took nothing for granted."""
    return [job.scope for job in world.jobs if isinstance(job, Scan) and not job.known]


# --- a look at everything finds what was not hinted at --------------------------------------------


@pytest.mark.parametrize("change", ["new", "changed", "gone"])
def test_a_change_found_by_a_rescan_alone_is_mirrored_and_reported(
    store: Store, change: str
) -> None:
    world = World(store, Settings(rescan_s=60))
    world.save("a", b"1")
    world.save("z", b"stays")
    world.settle()
    if change == "gone":
        world.remove("a", hint=False)
    else:
        world.save("a" if change == "changed" else "b", b"2", hint=False)
    world.wait(70)
    assert world.engine.report.unheard
    assert world.remote == world.local


def test_what_a_hint_told_of_and_what_a_loss_made_us_look_for_is_not_unheard(store: Store) -> None:
    world = World(store, Settings(rescan_s=60))
    world.save("a", b"1", hint=False)  # before the start
    world.settle()
    world.save("a", b"2")
    world.wait(59.9)
    world.save("d/b", b"hinted just before the rescan", hint=False)
    world.engine.hint(RelPath("d"), world.now_s)
    world.wait(30)
    world.save("c", b"3", hint=False)
    world.engine.lost(world.now_s)
    world.wait(60)
    assert world.remote == world.local
    assert not world.engine.report.unheard


def test_a_change_on_jatos_is_no_change_of_the_folder(store: Store) -> None:
    world = World(store, Settings(rescan_s=60, verify_s=60, policy=Policy(drift="restore")))
    world.save("a", b"1")
    world.settle()
    world.remote["a"] = b"theirs"
    world.wait(600)
    assert world.remote == world.local
    assert not world.engine.report.unheard


# --- every file is read once a day ---------------------------------------------------------------


def test_other_bytes_behind_an_unchanged_stat_are_found_within_a_day(world: World) -> None:
    world.save("a", b"1")
    world.save("b", b"1")
    settle(world)
    corrupt(world, "a", b"2")
    world.wait(DAY_S - ROUND_S)
    assert world.remote["a"] == b"1"
    world.wait(3 * ROUND_S)
    assert world.remote == world.local
    assert world.sent == [("upload", "a"), ("upload", "b"), ("upload", "a")]
    assert world.engine.report.unheard


def test_large_files_too(world: World) -> None:
    world.large = {"a"}
    world.save("a", b"1")
    settle(world)
    corrupt(world, "a", b"2")
    world.wait(DAY_S + 2 * ROUND_S)
    assert world.remote == world.local
    assert sum(isinstance(job, Hash) for job in world.jobs) == 1


def test_each_file_is_read_once_a_day_and_no_more(world: World) -> None:
    for number in range(3):
        world.save(f"{number}", b"x")
    settle(world)
    world.wait(3 * DAY_S + 4 * ROUND_S)
    assert len(rereads(world)) == 3


def test_restarts_do_not_put_it_off(world: World) -> None:
    world.save("a", b"1")
    settle(world)
    corrupt(world, "a", b"2")
    store = world.engine._store
    assert isinstance(store, Store)
    remote = world.remote
    for _ in range(60):  # a computer that is on for half an hour at a time
        again = restarted(store, world.now_s)
        again.local, again.stats, again.remote = world.local, world.stats, remote
        again.wait(1800)
        world.now_s = again.now_s
    assert remote == world.local


def test_it_is_spread_and_begins_with_the_longest_unread(world: World) -> None:
    for number in range(FILES + 20):
        world.save(f"{number:03}", b"x")
    settle(world)
    world.wait(DAY_S + ROUND_S + PAUSE_S)
    first, second = rereads(world)
    assert (len(first), len(second)) == (FILES, 20)
    assert not first & second


def test_many_bytes_are_spread_as_well(world: World) -> None:
    size = BYTES // 2
    for name in "abc":
        world.save(name, name.encode() * size)
    settle(world)
    world.wait(DAY_S + ROUND_S + PAUSE_S)
    assert [len(scope) for scope in rereads(world)] == [2, 1]


def test_files_that_cannot_be_read_do_not_keep_others_from_their_turn(world: World) -> None:
    for number in range(FILES):
        world.save(f"a{number:03}", b"x")
    world.save("z", b"1")
    settle(world)
    corrupt(world, "z", b"2")

    def unreadable(job: object) -> Snapshot | None:
        if not isinstance(job, Scan) or ROOT in job.scope:
            return None
        seen = world._scan(job)
        lost = {p: Entry(Kind.UNKNOWN, "broken disk") for p in job.scope if p.startswith("a")}
        return Snapshot(job.scope, {**seen.entries, **lost})

    world.trouble = unreadable
    world.wait(DAY_S + ROUND_S + 2 * PAUSE_S)
    assert world.remote["z"] == b"2"


def test_a_clock_that_was_set_back_makes_files_due_and_not_safe_for_ever(world: World) -> None:
    world.wall_s = lambda: world.now_s + 10 * DAY_S
    world.save("a", b"1")
    settle(world)
    world.wall_s = lambda: world.now_s
    corrupt(world, "a", b"2")
    world.wait(FIRST_S + PAUSE_S)
    assert world.remote == world.local


def test_it_waits_until_the_start_is_done(world: World) -> None:
    world.wall_s = lambda: world.now_s - 2 * DAY_S
    world.save("a", b"1")
    settle(world)
    assert rereads(world) == []
    world.wait(FIRST_S - 2)
    assert rereads(world) == []
    world.wait(PAUSE_S)
    assert rereads(world) == [{RelPath("a")}]
