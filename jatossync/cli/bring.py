"""Bringing bytes into the study folder, with what stands there kept in the trash first."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from jatossync.cli.asking import answer
from jatossync.config import Places
from jatossync.core.model import Content, Stat
from jatossync.core.passing import Passing
from jatossync.core.paths import RelPath
from jatossync.errors import JatossyncError
from jatossync.jobs import set_aside
from jatossync.local.arrivals import NotPut, put, standing, sweep, take_away
from jatossync.local.files import Changed
from jatossync.local.root import StudyFolder
from jatossync.state.store import Store
from jatossync.state.trash import Trash

SILENCE_S = 600.0
"""So long a daemon may take to copy a file that is to be replaced."""

Aside = Callable[[RelPath, Stat], None]
"""Puts the file that stands at a path into the trash; NotPut or Changed where it cannot."""


class NotDone(JatossyncError):  # noqa: N818  (named for what happened)
    """One file could not be brought in, or taken away."""


def by_daemon(where: Places, why: str) -> Aside:
    """The daemon that runs keeps it: its state is its own."""

    def aside(path: RelPath, stat: Stat) -> None:
        asked = {"do": "set aside", "path": path, "stat": stat, "why": why}
        told = answer(where, silence_s=SILENCE_S, **asked)
        if "fault" in told:
            raise NotPut(f"what stands there cannot be kept: {told['fault']}")

    return aside


def by_us(folder: StudyFolder, store: Store, trash: Trash, why: str) -> Aside:
    """No daemon runs."""

    def aside(path: RelPath, stat: Stat) -> None:
        try:
            content = set_aside(folder, trash, path, stat)
        except OSError as exc:
            raise NotPut(f"what stands there cannot be kept: {exc.strerror}") from exc
        store.kept(path, content, store.binding().get("study", ""), why)

    return aside


class Bringer:
    """Brings files into `folder`, as the user; a daemon sees them come, and sends them."""

    def __init__(self, folder: StudyFolder, aside: Aside) -> None:
        self._folder = folder
        self._aside = aside

    def sweep(self, paths: Iterable[RelPath]) -> None:
        """Remove what was left behind when one that brought in these files was killed."""
        sweep(self._folder, paths)

    def bring(self, path: RelPath, chunks: Iterable[bytes]) -> Content:
        """
        Write these bytes at `path`; what they were.

        Raises:
            NotDone: It was not possible; nothing was changed.
        """
        try:
            passing = Passing(chunks)
            put(self._folder, path, passing, self._kept(path))
            return passing.content
        except (NotPut, Changed) as exc:
            raise NotDone(f"not written: {exc}") from exc

    def take_away(self, path: RelPath) -> None:
        """
        Remove the file at `path`, if there is one.

        Raises:
            NotDone: It was not possible; nothing was changed.
        """
        try:
            seen = self._kept(path)
            if seen is not None:
                take_away(self._folder, path, seen)
        except (NotPut, Changed) as exc:
            raise NotDone(f"not removed: {exc}") from exc

    def _kept(self, path: RelPath) -> Stat | None:
        """What stands at `path`, once its bytes are in the trash."""
        seen = standing(self._folder, path)
        if seen is not None and seen.size:
            self._aside(path, seen)
        return seen
