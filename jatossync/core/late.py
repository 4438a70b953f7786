"""
What was sent and had no answer: JATOS may still act on it, later than anybody looks.

The body may lie in a buffer, in a proxy or in JATOS's own queue when the connection ends, or when
the program that sent it dies. So an attempt without an answer is settled only by a look that is
made when nothing can come of it any more. That holds up nothing: what is newer is sent meanwhile.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Set
from dataclasses import dataclass

from jatossync.core.model import Content, Unanswered
from jatossync.core.paths import RelPath

LATE_S = 60.0
"""What JATOS has not done after so long it never will: longer it is not waited for an answer."""

_BYTES_PER_S = 4 * 1024 * 1024
"""How fast JATOS may be storing what it has got, at least."""


@dataclass(slots=True)
class _Open:
    contents: set[Content | None]
    """Of uploads; None: a delete."""
    until_s: float


class Late:
    """The unanswered requests on which JATOS may still act; all times of one monotonic clock."""

    def __init__(self) -> None:
        self._paths: dict[RelPath, _Open] = {}
        self.awaited: set[RelPath] = set()
        """Where what comes would change what is agreed."""
        self._not_before_s = math.inf

    def sent(self, path: RelPath, contents: Iterable[Content | None], now_s: float) -> None:
        """These had no answer; `acknowledged` has to follow."""
        found = self._paths.setdefault(path, _Open(set(), now_s))
        found.contents.update(contents)
        found.until_s = now_s + _longest_s(found.contents)
        self._not_before_s = min(self._not_before_s, found.until_s)

    def back(self, now_s: float) -> None:
        """JATOS was away and is there again: it may have stood still with what it had got."""
        for found in self._paths.values():
            found.until_s = now_s + _longest_s(found.contents)

    def acknowledged(self, path: RelPath, content: Content | None) -> None:
        """What is agreed now: the same as what may come late changes nothing."""
        found = self._paths.get(path)
        if found is not None and not found.contents <= {content}:
            self.awaited.add(path)
        else:
            self.awaited.discard(path)

    @property
    def paths(self) -> Set[RelPath]:
        """Where something may still come."""
        return self._paths.keys()

    def of(self, path: RelPath) -> Unanswered:
        """What may still come of it; None stands for a delete."""
        found = self._paths.get(path)
        return found.contents if found is not None else ()

    @property
    def next_s(self) -> float | None:
        """When something may be over."""
        return self._not_before_s if self._paths else None

    def over(self, now_s: float) -> list[RelPath]:
        """The paths for which nothing comes any more."""
        if now_s < self._not_before_s or not self._paths:
            return []
        paths = [path for path, found in self._paths.items() if found.until_s <= now_s]
        left = (found.until_s for found in self._paths.values() if found.until_s > now_s)
        self._not_before_s = min(left, default=math.inf)
        return paths

    def put_off(self, path: RelPath, until_s: float) -> None:
        """Nothing can be found out just now."""
        self._paths[path].until_s = until_s
        self._not_before_s = min(self._not_before_s, until_s)

    def end(self, path: RelPath) -> None:
        """It is over."""
        del self._paths[path]
        self.awaited.discard(path)


def _longest_s(contents: Iterable[Content | None]) -> float:
    sizes = (content.size for content in contents if content is not None)
    return LATE_S + max(sizes, default=0) // _BYTES_PER_S
