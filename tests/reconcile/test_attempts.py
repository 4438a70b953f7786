"""
Requests without an answer: whatever happened meanwhile on either side, it ends in step.

Every interleaving of "sent, answer lost, crash, changed or deleted here, changed there": what was
attempted is ours, and is never called foreign or drift.
"""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from jatossync.core.actions import Delete, Topic, Upload
from jatossync.core.jobs import Ask, Done, Job, Result, Unavailable
from jatossync.core.paths import ROOT
from jatossync.state.store import Store
from tests.engine.world import World

PATH = "a.txt"
HERE = ["nothing", "saved", "deleted", "put back"]
THERE = ["nothing", "changed", "removed"]
SECOND = ["answered", "lost once more"]


class Story:
    """One file, one request whose answer is lost, and what happens around it."""

    def __init__(self, place: Path, sent: str, acted: bool, lists: bool) -> None:
        self.place = place
        self.acted = acted
        self.lossy, self.away = 0, False
        self.store = Store(str(place), clock=lambda: 0.0)
        self.world = World(self.store)
        self.world.can_list = lists
        self.world.save("index.html", b"the rest of the study")  # an emptied folder would be held
        if sent != "a new file":
            self.world.save(PATH, b"version 1")
        self.world.settle()
        self.world.trouble = self.trouble
        self.lossy, self.away = 1, True
        if sent == "a delete":
            self.world.remove(PATH)
        else:
            self.world.save(PATH, b"version 2")
        self.world.wait(2.7)
        assert not self.lossy, "the request went out"

    def trouble(self, job: Job) -> Result | None:
        """The connection breaks once the request is sent, and JATOS stays away for a while."""
        if self.away and isinstance(job, Ask):
            return Unavailable("no connection")
        if not self.lossy or not isinstance(job, Upload | Delete):
            return None
        self.lossy -= 1
        result = self.world.act(job) if self.acted else Done()
        return Unavailable("the connection broke") if isinstance(result, Done) else result

    def crash(self) -> None:
        self.store._db._connection.rollback()
        self.store.close()
        self.store = Store(str(self.place), clock=lambda: 0.0)
        before, self.world = self.world, World(self.store)
        self.world.local, self.world.stats = before.local, before.stats
        self.world.remote, self.world.trash = before.remote, before.trash
        self.world.now_s, self.world.ticks = before.now_s, before.ticks
        self.world.can_list, self.world.trouble = before.can_list, self.trouble

    def here(self, what: str) -> None:
        match what:
            case "saved":
                self.world.save(PATH, b"version 3")
            case "deleted" if PATH in self.world.local:
                self.world.remove(PATH)
            case "put back":
                self.world.save(PATH, b"version 1")

    def there(self, what: str) -> None:
        match what:
            case "changed":
                self.world.remote[PATH] = b"theirs"
            case "removed":
                self.world.remote.pop(PATH, None)

    def end(self) -> None:
        """JATOS is back; time for everything, a verification included."""
        self.away = False
        self.world.wait(700)
        self.world.settle()


@pytest.mark.parametrize("lists", [True, False], ids=["lists", "cannot list"])
@pytest.mark.parametrize("acted", [True, False], ids=["JATOS acted", "JATOS did not"])
@pytest.mark.parametrize("sent", ["a new file", "an overwrite", "a delete"])
def test_every_interleaving_ends_in_step(
    tmp_path: Path, sent: str, acted: bool, lists: bool
) -> None:
    many = product([False, True], HERE, THERE, SECOND)
    for number, (crash, here, there, second) in enumerate(many):
        story = Story(tmp_path / str(number), sent, acted, lists)
        story.lossy = int(second == "lost once more")
        told = (sent, acted, lists, crash, here, there, second)
        story.here(here)
        story.there(there)
        if crash:
            story.crash()
        story.end()
        world = story.world
        assert not world.engine.report.held, told
        assert not [
            note for note in world.engine.report.notes.values() if note.topic is Topic.FOREIGN
        ], told
        assert world.remote == world.local, told
        assert story.store.attempts([ROOT]) == {}, told
        theirs = {b"theirs"} if there == "changed" else set()
        assert set(world.trash) == theirs, told
        story.store.close()
