"""
The queue of questions: what must be found out about single paths before they can be decided about.

Looks and keeps go to JATOS, some at a time; hashes of large files go to the folder, one at a time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from jatossync.core.actions import Hash, Keep, Look
from jatossync.core.model import Entry
from jatossync.core.order import NOT_WAITED_FOR_BYTES, rank
from jatossync.core.paths import RelPath


@dataclass(frozen=True, slots=True)
class Open:
    """A question, and what it is about."""

    job: Look | Keep | Hash
    entry: Entry | None
    """What the path is here."""
    burst: int
    """Became due together with these changes."""
    losses: int = 0
    """Tries that ended without an answer."""

    @property
    def awaited(self) -> bool:
        """Whether pages wait for the answer; for huge files nobody does."""
        return not isinstance(self.job, Hash) or self.job.stat.size <= NOT_WAITED_FOR_BYTES


class Questions:
    """
    At most one question per path, waiting or under way.

    Args:
        at_once: How many requests may ask JATOS at once.
    """

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._looks: dict[RelPath, Open] = {}
        self._hashes: dict[RelPath, Open] = {}
        self._looking: dict[RelPath, Open] = {}
        self._hashing: dict[RelPath, Open] = {}
        self._bursts: Counter[int] = Counter()
        self._awaited: Counter[int] = Counter()

    def __len__(self) -> int:
        return sum(map(len, self._all()))

    def __contains__(self, path: RelPath) -> bool:
        return any(path in questions for questions in self._all())

    def __iter__(self) -> Iterator[Open]:
        for questions in self._all():
            yield from questions.values()

    @property
    def under_way(self) -> set[RelPath]:
        """The paths that are being asked for or hashed."""
        return self._looking.keys() | self._hashing.keys()

    def of_burst(self, burst: int) -> bool:
        """Whether something that became due in this burst is among them."""
        return self._bursts[burst] > 0

    @property
    def ranks(self) -> Iterator[int]:
        """The classes of files (`order.rank`) of which some are awaited."""
        return (rank for rank, count in self._awaited.items() if count)

    def about_ignored(self) -> bool:
        """Whether any is about a file that was ignored until now."""
        return any(each.entry is not None and each.entry.was_ignored for each in self)

    def put(self, question: Open) -> None:
        """Let `question` wait for its turn, instead of what waited for its path."""
        path = question.job.path
        before = self._looks.get(path)
        if before is not None:
            question = replace(question, losses=max(before.losses, question.losses))
        self.drop(path)
        waiting = self._hashes if isinstance(question.job, Hash) else self._looks
        waiting[path] = question
        self._count(question, +1)

    def drop(self, path: RelPath) -> None:
        """Forget what waits for `path`; what is under way goes on."""
        for waiting in (self._looks, self._hashes):
            if path in waiting:
                self._count(waiting.pop(path), -1)

    def clear(self) -> None:
        """Forget all that waits."""
        for path in [*self._looks, *self._hashes]:
            self.drop(path)

    def take(self) -> list[Look | Keep | Hash]:
        """The questions that may be asked now."""
        return [
            *_move(self._looks, self._looking, self._at_once),
            *_move(self._hashes, self._hashing, 1),
        ]

    def answered(self, job: Look | Keep | Hash) -> Open:
        """The question is answered, or was in vain."""
        question = (self._hashing if isinstance(job, Hash) else self._looking).pop(job.path)
        self._count(question, -1)
        return question

    def _count(self, question: Open, by: int) -> None:
        self._bursts[question.burst] += by
        self._awaited[rank(question.job.path)] += by * question.awaited

    def _all(self) -> tuple[dict[RelPath, Open], ...]:
        return self._looks, self._hashes, self._looking, self._hashing


def _move(
    waiting: dict[RelPath, Open], asked: dict[RelPath, Open], room: int
) -> Iterator[Look | Keep | Hash]:
    while waiting and len(asked) < room:
        path = next(iter(waiting))
        asked[path] = waiting.pop(path)
        yield asked[path].job
