"""
Hints for where the system tells nothing: our own looks at the folder, again and again.

What differs between two looks is a hint as one of the watcher's is; a file that grows is given a
while, as there: it counts once two looks agree. Not watchdog's polling: that follows symlinks,
calls a directory that could not be looked at deleted, and overlooks files whose time was set back.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping

from jatossync.core.model import Entry
from jatossync.core.paths import RelPath
from jatossync.core.watching import FASTEST_S, pause_s

LONGEST_S = 10.0
"""A file that never rests counts after so long all the same."""


class Poller:
    """Looks until it is stopped, less often the longer a look takes."""

    def __init__(
        self,
        look: Callable[[], Mapping[RelPath, Entry] | None],
        hint: Callable[[RelPath, bool], None],
        began: Callable[[], None],
    ) -> None:
        """
        Args:
            look: All that is there, by its stat; None where that cannot be told now.
            hint: As the watcher's. Called in a thread of the poller, as `began`.
            began: The first look was made: changes from now on are noticed, earlier ones not.
        """
        self.interval_s = FASTEST_S
        """How far apart the looks are."""
        self._look = look
        self._hint = hint
        self._began = began
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="poll", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether it looks."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """Look no more; a look under way comes to its end."""
        self._stopped.set()

    def _loop(self) -> None:
        last: Mapping[RelPath, Entry] | None = None
        moving: dict[RelPath, float] = {}
        while not self._stopped.is_set():
            began_s = time.monotonic()
            now = self._look()
            took_s = time.monotonic() - began_s
            if now is not None and last is None:
                self._began()
            elif now is not None and last is not None:
                moved = {path: moving.pop(path, began_s) for path in _differing(last, now)}
                for path in moving:
                    self._hint(path, False)
                moving = {path: at_s for path, at_s in moved.items() if began_s - at_s < LONGEST_S}
                for path in moved.keys() - moving.keys():
                    self._hint(path, False)
            last = now if now is not None else last
            self.interval_s = pause_s(took_s, moving=bool(moving))
            self._stopped.wait(self.interval_s)


def _differing(last: Mapping[RelPath, Entry], now: Mapping[RelPath, Entry]) -> Iterator[RelPath]:
    for path, entry in now.items():
        if last.get(path) != entry:
            yield path
    for path in last:
        if path not in now:
            yield path
