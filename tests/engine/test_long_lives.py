"""What days of work, of idleness and of trouble leave behind: nothing that grows."""

from __future__ import annotations

import gc
from collections import Counter
from types import FunctionType, ModuleType
from weakref import ReferenceType

import pytest

from jatossync.core.actions import Upload
from jatossync.core.jobs import Ask, Job, List, Result, Scan, Unavailable
from jatossync.state.store import Store
from tests.engine.world import World

HOUR_S = 3600.0
DAY_S = 24 * HOUR_S


def held_objects(world: World) -> int:
    """How many objects the engine holds on to; not SQLite's own notes of what it let go of."""
    seen: set[int] = set()
    to_see: list[object] = [world.engine]
    while to_see:
        each = to_see.pop()
        if id(each) in seen or isinstance(each, type | ModuleType | FunctionType | ReferenceType):
            continue
        seen.add(id(each))
        to_see += gc.get_referents(each)
    return len(seen)


def work(world: World, times: int) -> None:
    for n in range(times):
        world.save("page.html", b"%d" % n)
        world.save(f"build/{n % 7}.js", b"%d" % n)
        world.wait(60)
        world.sent.clear()
        world.jobs.clear()
        world.engine.report.events.clear()


@pytest.mark.parametrize("can_list", [False, True])
def test_a_working_day_leaves_nothing_in_memory(store: Store, can_list: bool) -> None:
    world = World(store)
    world.can_list = can_list
    work(world, 30)
    before = held_objects(world)
    work(world, 300)
    assert held_objects(world) < before + 100


def test_three_idle_days_cost_a_look_now_and_then_and_no_word(store: Store) -> None:
    world = World(store)
    for n in range(50):
        world.save(f"{n}.png", b"%d" % n)
    world.settle()
    world.wait(HOUR_S)
    before = held_objects(world)
    world.engine.report.events.clear()
    world.jobs.clear()
    world.wait(3 * DAY_S)
    asked = Counter(type(job) for job in world.jobs)
    assert asked[List] == pytest.approx(3 * DAY_S / 600, rel=0.1)
    assert asked[Scan] <= 3 * DAY_S / 300 + 3 * DAY_S / 600 + 3 * 50
    assert not asked[Upload]
    assert list(world.engine.report.events) == []
    assert held_objects(world) < before + 30


@pytest.mark.parametrize("edits", [0, 500])
def test_a_server_that_is_down_for_a_weekend_is_told_of_once(store: Store, edits: int) -> None:
    world = World(store)
    for n in range(20):
        world.save(f"{n}.png", b"%d" % n)
    world.settle()
    world.engine.report.events.clear()
    world.jobs.clear()
    down = Unavailable("Nothing answers")
    world.trouble = lambda job: down if isinstance(job, Ask | List | Upload) else None
    for n in range(edits):
        world.save(f"{n % 20}.png", b"edit %d" % n)
        world.wait(2.5 * DAY_S / edits)
    world.wait(0 if edits else 2.5 * DAY_S)
    told = [event.name for event in world.engine.report.events if event.level != "debug"]
    assert told == ["JATOS is unavailable"]
    asked = Counter(type(job) for job in world.jobs)
    assert asked[Ask] == pytest.approx(2.5 * DAY_S / 60, rel=0.1)
    assert asked[List] + asked[Upload] <= 10, "only the probe asks"
    world.trouble = lambda job: None
    world.wait(120)
    assert world.remote == world.local


def test_a_server_that_comes_and_goes_as_something_else_is_not_told_of_each_time(
    store: Store,
) -> None:
    """A router's page one moment, nothing the next: one outage."""
    world = World(store)
    world.save("a.png", b"1")
    world.settle()
    world.engine.report.events.clear()
    answers = 0

    def now_this_now_that(job: Job) -> Result | None:
        nonlocal answers
        if not isinstance(job, Ask | List | Upload):
            return None
        answers += 1
        return Unavailable("an HTML page", not_jatos=True) if answers % 2 else Unavailable("away")

    world.trouble = now_this_now_that
    world.wait(DAY_S)
    assert answers > 1000
    told = [event.name for event in world.engine.report.events if event.level != "debug"]
    assert len(told) <= 2
