"""
What must be found out about single paths before anything can be decided about them.

Looks and keeps go to JATOS, some at a time; hashes of large files go to the folder, one at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from jatossync.core.actions import Hash, Keep, Look
from jatossync.core.model import Entry
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

    def put(self, question: Open) -> None:
        """Let `question` wait for its turn, instead of what waited for its path."""
        path = question.job.path
        before = self._looks.get(path)
        if before is not None:
            question = replace(question, losses=max(before.losses, question.losses))
        self.drop(path)
        waiting = self._hashes if isinstance(question.job, Hash) else self._looks
        waiting[path] = question

    def drop(self, path: RelPath) -> None:
        """Forget what waits for `path`; what is under way goes on."""
        self._looks.pop(path, None)
        self._hashes.pop(path, None)

    def clear(self) -> None:
        """Forget all that waits."""
        self._looks.clear()
        self._hashes.clear()

    def take(self) -> list[Look | Keep | Hash]:
        """The questions that may be asked now."""
        return [
            *_move(self._looks, self._looking, self._at_once),
            *_move(self._hashes, self._hashing, 1),
        ]

    def answered(self, job: Look | Keep | Hash) -> Open:
        """The question is answered, or was in vain."""
        return (self._hashing if isinstance(job, Hash) else self._looking).pop(job.path)

    def _all(self) -> tuple[dict[RelPath, Open], ...]:
        return self._looks, self._hashes, self._looking, self._hashing


def _move(
    waiting: dict[RelPath, Open], asked: dict[RelPath, Open], room: int
) -> Iterator[Look | Keep | Hash]:
    while waiting and len(asked) < room:
        path = next(iter(waiting))
        asked[path] = waiting.pop(path)
        yield asked[path].job
