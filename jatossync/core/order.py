"""
The queue of uploads and deletes that are decided and not yet done, and who waits for whom in it.

Law 14: a page never arrives before what it needs. Other files go first, then CSS, then JS and JSON,
then HTML, and the deletes of a burst after its uploads. Only what stands in the way of a directory
(or of a file) goes before its turn. Told the time; holds no clock.
"""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Callable, Iterator, KeysView
from dataclasses import dataclass, replace
from typing import TypeVar

from jatossync.core.actions import Delete, Upload
from jatossync.core.model import LARGE_BYTES
from jatossync.core.paths import RelPath, below, fold, parents

K = TypeVar("K")

PATIENCE_S = 60.0
"""So long a class waits for the ones before it."""

NOT_WAITED_FOR_BYTES = 32 * 1024 * 1024
"""Nobody waits for a file larger than this, but the deletes of its burst."""

SMALL_ONLY_WORKERS = 2
"""Workers that never take a file over LARGE_BYTES, so that a saved page is never stuck behind."""

_RANKS = {"css": 1, "js": 2, "mjs": 2, "cjs": 2, "json": 2, "html": 3, "htm": 3, "xhtml": 3}
PAGE_RANK = 3
LAST_RANK = 4
"""Deletes."""


def rank(path: RelPath) -> int:
    """The class of an upload: 0 other files, 1 CSS, 2 JS and JSON, 3 HTML."""
    return _RANKS.get(path.rpartition(".")[2].lower(), 0)


@dataclass(frozen=True, slots=True)
class Item:
    """One decided request."""

    action: Upload | Delete
    burst: int
    since_s: float
    not_before_s: float
    listed_s: float = -math.inf
    """When JATOS was asked for the listing that stands for a look at this path."""
    paced: bool = False
    """Of a file that never rests, such as a log: nobody waits for it."""
    refusals: int = 0
    losses: int = 0
    """Tries since the last refusal that ended without an answer."""
    ever_lost: bool = False
    """Whether any try ended without an answer: JATOS may have acted."""

    @property
    def path(self) -> RelPath:
        return self.action.path

    @property
    def large(self) -> bool:
        return isinstance(self.action, Upload) and self.action.content.size > LARGE_BYTES

    @property
    def rank(self) -> int:
        return rank(self.path) if isinstance(self.action, Upload) else LAST_RANK

    @property
    def awaited(self) -> bool:
        """Whether later classes wait for it. A refused file holds nobody up."""
        return (
            isinstance(self.action, Upload)
            and not (self.refusals or self.paced)
            and self.action.content.size <= NOT_WAITED_FOR_BYTES
        )

    @property
    def open_upload(self) -> bool:
        """Whether the deletes of its burst wait for it: however large, for a rename's sake."""
        return isinstance(self.action, Upload) and not (self.refusals or self.paced)


class Queue:
    """At most one item per path, waiting or under way."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._waiting: list[dict[RelPath, Item]] = [{} for _ in range(LAST_RANK + 1)]
        self._running: dict[RelPath, Item] = {}
        self._awaited: Counter[int] = Counter()
        self._open_uploads: Counter[int] = Counter()
        self._unrefused = 0
        # Moments at which an item may become startable; those of items that are gone do no harm.
        self._moments: list[float] = []
        # How many deletes lie below a path, to find what stands in the way of an upload.
        self._delete_dirs: Counter[RelPath] = Counter()
        self._upload_dirs: Counter[RelPath] = Counter()

    def __len__(self) -> int:
        return sum(map(len, self._waiting)) + len(self._running)

    def __contains__(self, path: RelPath) -> bool:
        return path in self._running or self.waiting(path) is not None

    def __iter__(self) -> Iterator[Item]:
        yield from self._running.values()
        for items in self._waiting:
            yield from items.values()

    @property
    def under_way(self) -> KeysView[RelPath]:
        """The paths with a request under way."""
        return self._running.keys()

    @property
    def unrefused(self) -> int:
        """How many items wait or are under way that JATOS has not refused twice."""
        return self._unrefused

    @property
    def upload_bytes(self) -> int:
        """How much there is to upload, with all of what is under way."""
        uploads = (item.action for item in self if isinstance(item.action, Upload))
        return sum(upload.content.size for upload in uploads)

    @property
    def idle_workers(self) -> int:
        """How many more requests may start."""
        return self._workers - len(self._running)

    def waiting(self, path: RelPath) -> Item | None:
        """The item that waits for `path`, if one does."""
        return next((items[path] for items in self._waiting if path in items), None)

    def ready_deletes(self) -> list[Item]:
        """The deletes that wait for nothing but their delay, and those that stand in the way."""
        deletes = self._waiting[LAST_RANK].values()
        return [
            item
            for item in deletes
            if not self._open_uploads[item.burst] or self._is_in_the_way(item.path)
        ]

    def _is_in_the_way(self, path: RelPath) -> bool:
        """Whether an upload needs a directory at `path`, or a file in the place of one above."""
        uploads = self._waiting[:LAST_RANK]
        return self._upload_dirs[path] > 0 or any(
            up in items for up in parents(path) for items in uploads
        )

    def put(self, item: Item) -> None:
        """Let `item` wait, instead of what waited for its path."""
        self.drop(item.path)
        self._waiting[item.rank][item.path] = item
        self._count(item, +1)
        heapq.heappush(self._moments, item.not_before_s)
        heapq.heappush(self._moments, item.since_s + PATIENCE_S)

    def hasten(self, path: RelPath, now_s: float) -> None:
        """What was refused may be taken now: it is tried again soon, and waited for."""
        item = self.waiting(path)
        if item is not None and item.refusals:
            self.put(replace(item, refusals=1, not_before_s=min(item.not_before_s, now_s)))

    def follow(self, waited_for: Callable[[RelPath], bool], now_s: float) -> None:
        """Uploads that were put off because their file is saved so often go now."""
        uploads = [item for items in self._waiting[:LAST_RANK] for item in items.values()]
        for item in uploads:
            if item.not_before_s > now_s and not item.refusals and waited_for(item.path):
                self.put(replace(item, not_before_s=now_s, paced=False))

    def drop(self, path: RelPath) -> None:
        """Forget what waits for `path`; what is under way goes on."""
        for items in self._waiting:
            item = items.pop(path, None)
            if item is not None:
                self._count(item, -1)

    def clear(self) -> None:
        """Forget all that waits."""
        for items in self._waiting:
            for path in list(items):
                self.drop(path)

    def take(
        self,
        now_s: float,
        may: Callable[[Item], bool] = lambda _: True,
        settling: int = LAST_RANK,
    ) -> Item | None:
        """
        The next item that may start, which then is under way until `finish`.

        Args:
            may: The last word on one that could start now.
            settling: The lowest class of which more may come in a moment: later ones wait.
        """
        if self.idle_workers <= 0:
            return None
        # A JATOS that ignores case may take two names for one: the second looks at the first.
        folded = {fold(path) for path in self._running}
        startable = (i for i in self._startable(now_s, settling) if fold(i.path) not in folded)
        item = next(filter(may, startable), None)
        if item is not None:
            assert item.path not in self._running, "two requests for one path"
            del self._waiting[item.rank][item.path]
            self._running[item.path] = item
        return item

    def finish(self, path: RelPath) -> Item:
        """The request for `path` ended; its item is no longer in the queue."""
        item = self._running.pop(path)
        self._count(item, -1)
        return item

    def wake_s(self, now_s: float) -> float | None:
        """When an item may start merely because time passes; at times nothing does then."""
        while self._moments and self._moments[0] <= now_s:
            heapq.heappop(self._moments)
        return self._moments[0] if self._moments and len(self) else None

    def _startable(self, now_s: float, settling: int) -> Iterator[Item]:
        for turn, items in enumerate(self._waiting[:LAST_RANK]):
            waits = turn > settling or any(self._awaited[before] for before in range(turn))
            yield from self._startable_uploads(items, waits, now_s)
        for item in self._waiting[LAST_RANK].values():
            if item.not_before_s <= now_s and not self._open_uploads[item.burst]:
                yield item

    def _startable_uploads(
        self, items: dict[RelPath, Item], waits: bool, now_s: float
    ) -> Iterator[Item]:
        for item in items.values():
            if waits and now_s - item.since_s < PATIENCE_S:
                return  # the oldest stands first
            if item.not_before_s > now_s or (item.large and not self._room_for_large()):
                continue
            obstacles = self._obstacles(item.path)
            if not obstacles:
                yield item
            for obstacle in obstacles:
                if obstacle.not_before_s <= now_s and obstacle.path not in self._running:
                    yield obstacle

    def _obstacles(self, path: RelPath) -> list[Item]:
        """Deletes to come of files where `path` needs a directory, or below it.

        One that JATOS refuses holds nobody up: the upload will be refused too, and say why."""
        deletes = self._waiting[LAST_RANK]
        running = (item for item in self._running.values() if isinstance(item.action, Delete))
        found = [deletes[up] for up in parents(path) if up in deletes]
        if self._delete_dirs[path]:
            found += [item for item in deletes.values() if below(item.path, path)]
        found += [item for item in running if below(path, item.path) or below(item.path, path)]
        return [item for item in found if not item.refusals]

    def _room_for_large(self) -> bool:
        large = sum(item.large for item in self._running.values())
        return large < max(1, self._workers - SMALL_ONLY_WORKERS)

    def _count(self, item: Item, by: int) -> None:
        self._unrefused += by * (item.refusals < 2)
        self._awaited[item.rank] += by * item.awaited
        _add(self._open_uploads, item.burst, by * item.open_upload)
        dirs = self._delete_dirs if isinstance(item.action, Delete) else self._upload_dirs
        for up in parents(item.path):
            _add(dirs, up, by)


def _add(counter: Counter[K], key: K, by: int) -> None:
    """Count, and forget what is counted down to nothing: a daemon lives for months."""
    counter[key] += by
    if not counter[key]:
        del counter[key]
