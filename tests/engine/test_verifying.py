"""When JATOS is asked for a listing again, and how a listing that takes long changes that."""

from __future__ import annotations

from jatossync.core.jobs import Job, List
from jatossync.core.ports import Settings
from jatossync.state.store import Store
from tests.engine.world import World


def test_one_slow_listing_does_not_put_off_the_next_verification(store: Store) -> None:
    world = World(store, Settings(verify_s=60.0))
    world.settle()
    held_up = [200.0]

    def latency_s(job: Job) -> float:
        return held_up.pop() if isinstance(job, List) and held_up else 1.0

    world.latency_s = latency_s
    world.wait(300.0)  # begins after a minute, ends 200 s later
    world.save("index.html", b"one")
    world.settle()
    world.remote["index.html"] = b"somebody else's"
    world.wait(200.0)
    assert world.engine.report.held


def test_where_listings_always_take_long_they_are_asked_for_rarely(store: Store) -> None:
    world = World(store, Settings(verify_s=60.0))
    world.latency_s = lambda job: 100.0 if isinstance(job, List) else 0.0
    world.wait(10_000.0)
    assert sum(isinstance(job, List) for job in world.jobs) <= 6
