"""
What must be found out about single paths before anything can be decided about them.

Looks and keeps go to JATOS, some at a time; hashes of large files go to the folder, one at a time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from jatossync.core.model import Entry, Hash, Keep, Look
from jatossync.core.paths import RelPath


class Questions:
    """
    At most one question per path, waiting or under way, with the local entry it is about.

    Args:
        at_once: How many requests may ask JATOS at once.
    """

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._waiting: dict[RelPath, tuple[Look | Keep, Entry | None]] = {}
        self._asked: dict[RelPath, Entry | None] = {}
        self._hashes: deque[Hash] = deque()
        self._hashing: set[RelPath] = set()

    def __len__(self) -> int:
        return len(self._waiting) + len(self._asked) + len(self._hashes) + len(self._hashing)

    @property
    def under_way(self) -> set[RelPath]:
        """The paths that are being asked for or hashed."""
        return self._asked.keys() | self._hashing

    @property
    def open(self) -> Iterator[RelPath]:
        """The paths about which JATOS is being asked, or is to be."""
        yield from self._waiting
        yield from self._asked

    def put(self, question: Look | Keep | Hash, entry: Entry | None) -> None:
        """Let `question` wait for its turn."""
        if isinstance(question, Hash):
            self._hashes.append(question)
        else:
            self._waiting[question.path] = (question, entry)

    def take_hash(self) -> list[Hash]:
        """The next file to hash, unless one is being hashed."""
        if self._hashing or not self._hashes:
            return []
        job = self._hashes.popleft()
        self._hashing.add(job.path)
        return [job]

    def take_requests(self) -> list[Look | Keep]:
        """The next questions for JATOS, as many as may be asked at once."""
        jobs = []
        while self._waiting and len(self._asked) < self._at_once:
            path = next(iter(self._waiting))
            job, self._asked[path] = self._waiting.pop(path)
            jobs.append(job)
        return jobs

    def hashed(self, job: Hash) -> None:
        """The hash has ended."""
        self._hashing.discard(job.path)

    def answered(self, job: Look | Keep) -> Entry | None:
        """The request has ended; what the path was here when it was asked."""
        return self._asked.pop(job.path)
