"""
Random histories: whatever is edited, lost, refused or killed on the way, the end is equal.

Each history is made from a seed, which a failure shows; JATOSSYNC_SEED sets the first one.
"""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from jatossync.core.actions import Delete, Look, Upload
from jatossync.core.holds import chosen_all
from jatossync.core.jobs import (
    Ask,
    Done,
    Job,
    Overtaken,
    Refused,
    Result,
    RootGone,
    Scan,
    StateChanged,
    Unavailable,
)
from jatossync.core.limits import Limits
from jatossync.core.ports import Settings
from jatossync.state.store import Store
from tests.engine.world import World, content_of

FIRST_SEED = int(os.environ.get("JATOSSYNC_SEED", "1"))
NAMES = ["index.html", "task.js", "style.css", "img/a.png", "img/b.png", "data/x/list.json"]


class History:
    """One random history of one study."""

    def __init__(self, seed: int, state: Path) -> None:
        self.random = random.Random(seed)
        self.state = state
        self.chance = self.random.choice([0.0, 0.1, 0.3])
        # Half of them: no hint is lost and nobody kills it, so no rescan may be needed.
        self.tended = self.random.random() < 0.5
        self.ever_here: set[bytes] = set()
        self.store = Store(str(state), clock=lambda: 0.0)
        self.world = self.begin(None)

    def begin(self, before: World | None) -> World:
        workers = self.random.choice([3, 8])
        seldom_s = 1e9 if self.tended else 300.0
        world = World(
            self.store,
            Settings(
                workers=workers,
                rescan_s=seldom_s,
                verify_s=2 * seldom_s,
                limits=Limits(max_files=1000, max_share=1.0),
            ),
        )
        world.can_list = self.random.random() < 0.8
        if before is not None:
            world.local, world.stats, world.remote = before.local, before.stats, before.remote
            world.trash, world.now_s = before.trash, before.now_s
            world.ticks = before.ticks
        world.trouble = self.trouble
        slow_s = self.random.choice([0.0, 0.5, 10.0])
        world.latency_s = lambda _: self.random.random() * slow_s
        world.during = lambda job: self.edit() if self.random.random() < 0.05 else None
        return world

    def trouble(self, job: Job) -> Result | None:
        """What goes wrong with this job, if anything."""
        if self.random.random() >= self.chance:
            return None
        match job:
            case Scan():
                gone = self.random.random() < 0.1 and not self.tended
                return RootGone("unmounted") if gone else None
            case Ask() | Look():
                return Unavailable("nobody answers")
            case Upload() | Delete():
                return self.random.choice([self.lost, self.refused, self.unsent])(job)
        return None

    def lost(self, job: Upload | Delete) -> Result:
        """JATOS acts, and the answer does not arrive."""
        result = self.world.act(job)
        return Unavailable("the connection broke") if isinstance(result, Done) else result

    def unsent(self, job: Upload | Delete) -> Result:
        return Unavailable("no connection")

    def refused(self, job: Upload | Delete) -> Result:
        return Refused("disk trouble") if self.random.random() < 0.5 else Overtaken("it moved")

    def edit(self) -> None:
        """Something that people do."""
        path = self.random.choice(NAMES)
        hint = self.tended or self.random.random() < 0.9
        data = b"%d" % self.random.randrange(6)
        if path in self.world.local and self.random.random() < 0.4:
            self.world.remove(path, hint=hint)
        else:
            self.ever_here.add(data)
            self.world.save(path, data, hint=hint)

    def check_out(self) -> None:
        """Many files at once: more than are looked at one by one."""
        for n in range(60):
            data = b"%d" % self.random.randrange(3)
            self.ever_here.add(data)
            self.world.save(f"many/{n}.png", data)

    def kill(self) -> None:
        """kill -9: what was not committed is gone."""
        self.store._db._connection.rollback()
        self.store.close()
        self.store = Store(str(self.state), clock=lambda: 0.0)
        self.world = self.begin(self.world)

    def step(self) -> None:
        match self.random.randrange(10):
            case 0 | 1 | 2 | 3:
                self.edit()
            case 4 if not self.tended:
                self.kill()
            case 5 if self.random.random() < 0.1:
                self.check_out()
            case _:
                self.world.wait(self.random.choice([0.1, 0.4, 3.0, 40.0]))

    def end(self) -> None:
        """No more faults; time for everything that waits, then a last verification."""
        self.chance = 0.0
        self.world.during = lambda job: None
        self.world.can_list = True
        self.world.latency_s = lambda _: 0.0
        if not self.tended:
            self.world.engine.lost(self.world.now_s)
        self.world.wait(2 * 3600)
        # What would leave nothing on JATOS waits for a person, whatever the limits.
        self.store.holds.approve(chosen_all(self.store.holds.lists()))
        self.world.engine.command(StateChanged(), self.world.now_s)
        self.world.settle()


@pytest.mark.parametrize("seed", range(FIRST_SEED, FIRST_SEED + 60))
def test_after_any_history_both_sides_are_equal(seed: int, tmp_path: Path) -> None:
    history = History(seed, tmp_path / "state")
    for _ in range(40):
        history.step()
        assert set(history.world.remote.values()) <= history.ever_here
    history.end()
    assert history.world.remote == history.world.local
    assert not history.world.engine.report.held
    assert not history.world.trash
    rows = history.store.rows([""])  # type: ignore[list-item]
    assert {path: row.content for path, row in rows.items()} == {
        path: content_of(data) for path, data in history.world.local.items()
    }
    assert history.store.attempts([""]) == {}  # type: ignore[list-item]
    history.store.close()
