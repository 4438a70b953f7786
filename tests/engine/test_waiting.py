"""`jatossync wait` returns when all that was saved before is on JATOS: never sooner, and soon."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from jatossync.core.actions import Delete, Hash, Upload
from jatossync.core.jobs import Done, Job, Result, Scan
from jatossync.core.limits import Limits
from jatossync.core.paths import ROOT, RelPath
from jatossync.core.ports import Settings
from jatossync.core.waits import Wait
from jatossync.state.store import Store
from tests.engine.world import World

STEP_S = 0.05


def waited(world: World, *paths: str, at_most_s: float = 60.0) -> float:
    """Wait as the command does; how long it took."""
    wait = world.engine.wait([RelPath(path) for path in paths] or [ROOT], world.now_s)
    return ended(world, wait, at_most_s)


def ended(world: World, wait: Wait, at_most_s: float = 60.0) -> float:
    began_s = world.now_s
    while not world.engine.waited(wait):
        world.wait(STEP_S)
        assert world.now_s - began_s < at_most_s, f"it still waits for {wait.left}"
    world.engine.waits.end(wait)
    return world.now_s - began_s


def takes(**seconds: float) -> Callable[[Job], float]:
    return lambda job: seconds.get(type(job).__name__, 0.0)


@pytest.fixture
def calm(store: Store) -> World:
    """All is in step, and the quiet window is long."""
    world = World(store, Settings(quiet_s=3.0, max_wait_s=10.0))
    world.save("index.html", b"1")
    world.save("other.html", b"1")
    world.settle()
    return world


def test_it_skips_the_quiet_window(calm: World) -> None:
    calm.save("index.html", b"2")
    assert waited(calm) <= STEP_S
    assert calm.remote["index.html"] == b"2"


def test_a_save_whose_event_has_not_come_yet_counts(calm: World) -> None:
    calm.save("index.html", b"2", hint=False)
    assert waited(calm) <= STEP_S
    assert calm.remote["index.html"] == b"2"


def test_an_event_that_comes_during_the_look_does_not_let_it_return_too_early(calm: World) -> None:
    calm.save("index.html", b"2", hint=False)
    calm.latency_s = takes(Scan=1.0)
    with calm.happening(
        lambda job: (
            calm.engine.hint(RelPath("index.html"), calm.now_s) if isinstance(job, Scan) else None
        )
    ):
        waited(calm)
    assert calm.remote["index.html"] == b"2"


def test_a_look_that_began_before_does_not_count(calm: World) -> None:
    calm.latency_s = takes(Scan=1.0)
    calm.engine.lost(calm.now_s)
    calm.wait(0.5)
    (scanning,) = [job for _, _, job in calm.running if isinstance(job, Scan)]
    before = dict(calm.local), dict(calm.stats)
    calm.save("index.html", b"2", hint=False)
    after = calm.local, calm.stats
    calm.local, calm.stats = before  # the look under way passed the file before it was saved

    def look_on(job: Job) -> None:
        if job is scanning:
            calm.local, calm.stats = after

    with calm.happening(look_on):
        waited(calm)
    assert calm.remote["index.html"] == b"2"


def test_an_upload_under_way_with_older_bytes_does_not_count(calm: World) -> None:
    calm.latency_s = takes(Upload=5.0)
    calm.save("index.html", b"2")
    calm.wait(4.0)
    (sending,) = [job for _, _, job in calm.running if isinstance(job, Upload)]

    def all_was_read_before(job: Job) -> Result | None:
        if job is not sending:
            return None
        calm.remote["index.html"] = b"2"
        return Done()

    calm.trouble = all_was_read_before
    calm.save("index.html", b"3")
    waited(calm)
    assert calm.remote["index.html"] == b"3"


def test_it_waits_for_deletes_and_their_delay(calm: World) -> None:
    calm.remove("other.html", hint=False)
    assert waited(calm) >= Settings().delete_delay_s
    assert calm.remote.keys() == {"index.html"}


def test_one_path_is_not_held_up_by_another(calm: World) -> None:
    calm.latency_s = lambda job: 30.0 if isinstance(job, Upload) and job.path == "big.bin" else 0.0
    calm.save("big.bin", b"b" * 1000)
    calm.wait(5.0)
    calm.save("index.html", b"2")
    assert waited(calm, "index.html") > 10  # a page waits for what it may need (law 14)
    calm.save("other.css", b"2")
    assert waited(calm, "other.css") < 1


def test_a_file_that_never_rests_does_not_keep_it(calm: World) -> None:
    calm.latency_s = takes(Upload=0.2)

    def scribble(job: Job) -> None:
        if isinstance(job, Upload):
            calm.save("log.txt", str(calm.ticks).encode())

    calm.save("log.txt", b"0")
    with calm.happening(scribble):
        assert waited(calm, at_most_s=30) < 30


@pytest.mark.parametrize("path", ["run.log", "page.html"])
def test_what_was_put_off_for_being_saved_often_goes_up_at_once(store: Store, path: str) -> None:
    world = World(store)
    for n in range(4):
        world.save(path, b"%d" % n)
        world.wait(0.5)
    assert world.remote[path] == b"2", "the fourth in a row is put off"
    assert waited(world) <= STEP_S
    assert world.remote[path] == b"3"


def test_what_nobody_waits_for_stays_put_off(store: Store) -> None:
    world = World(store)
    for n in range(4):
        world.save("run.log", b"%d" % n)
        world.save("index.html", b"%d" % n)
        world.wait(0.5)
    assert waited(world, "index.html") <= STEP_S
    assert world.remote == {"run.log": b"2", "index.html": b"3"}


def test_what_pause_keeps_is_known(calm: World) -> None:
    calm.engine.paused = True
    calm.save("index.html", b"2")
    wait = calm.engine.wait([ROOT], calm.now_s)
    calm.wait(60)
    assert calm.engine.kept_waiting(wait)
    assert not calm.engine.waited(wait)
    assert calm.remote["index.html"] == b"1", "paused: nothing is written"
    calm.engine.paused = False
    assert ended(calm, wait) <= STEP_S
    assert calm.remote["index.html"] == b"2"


def test_paused_with_nothing_piled_up_is_no_reason_to_wait(calm: World) -> None:
    calm.engine.paused = True
    assert waited(calm) <= STEP_S


def test_a_paused_sync_ends(calm: World) -> None:
    calm.engine.paused = True
    calm.save("index.html", b"2")
    calm.wait(5)
    assert calm.engine.finished
    assert calm.engine.pending == 1


@pytest.mark.parametrize("seed", range(30))
def test_whatever_happens_it_never_returns_too_early(store: Store, seed: int) -> None:
    chance = random.Random(seed)
    settings = Settings(quiet_s=0.5, max_wait_s=2.0, limits=Limits(max_files=1000, max_share=1.0))
    world = World(store, settings)
    world.save("stays.png", b"so that never all is gone, which would wait for a person")
    names = ["a.png", "b/c.js", "b/d.html"]
    versions: dict[str, list[bytes | None]] = {name: [None] for name in names}
    waits: list[tuple[Wait, dict[str, int]]] = []
    world.latency_s = lambda job: (
        chance.choice([0.0, 0.3, 1.2]) if isinstance(job, Scan | Hash | Upload | Delete) else 0.0
    )
    world.large = {name for name in names if chance.random() < 0.3}
    world.settle()

    def check() -> None:
        for wait, since in [*waits]:
            if not world.engine.waited(wait):
                continue
            waits.remove((wait, since))
            world.engine.waits.end(wait)
            for name in filter(wait.covers, map(RelPath, names)):
                assert world.remote.get(name) in versions[name][since[name] :], (name, world.now_s)

    for n in range(150):
        name = chance.choice(names)
        match chance.randrange(5):
            case 0 | 1:
                world.save(name, b"%d" % n, hint=chance.random() < 0.7)
                versions[name].append(b"%d" % n)
            case 2 if name in world.local:
                world.remove(name, hint=chance.random() < 0.7)
                versions[name].append(None)
            case 3:
                scope = [chance.choice([ROOT, RelPath("b"), RelPath(name)])]
                now = {name: len(seen) - 1 for name, seen in versions.items()}
                waits.append((world.engine.wait(scope, world.now_s), now))
            case _:
                world.wait(chance.choice([0.05, 0.4, 1.5]))
        check()
    for _ in range(1200):
        world.wait(STEP_S)
        check()
    assert not waits, "it never returned"
