"""The demo from its first line to its last, with both programs running beside it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path

from jatossync.cli.demo.children import Child, told
from jatossync.cli.demo.edits import Edit, edits
from jatossync.cli.demo.sides import Comparison, Sides
from jatossync.cli.demo.stage import Jatos, Workplace
from jatossync.cli.demo.tour import Tour
from jatossync.cli.demo.view import TIMES, View
from jatossync.cli.words import SHOWN, plural
from jatossync.core.model import Entry
from jatossync.core.paths import RelPath
from jatossync.log import escaped, human_size

POLL_S = 0.01
FOLLOW_S = 0.1


class Interrupted(Exception):  # noqa: N818  (named for what happened)
    """Ctrl-C, or whatever else asks a program to end."""


class Show:
    """
    Runs once.

    Args:
        check: Raises `Interrupted` as soon as the demo is to end.
    """

    def __init__(self, place: Workplace, view: View, check: Callable[[], None]) -> None:
        self._place = place
        self._view = view
        self._interrupted = check
        self._programs = ExitStack()
        self._running: list[Child] = []

    def run(self, origin: Mapping[RelPath, Entry], keep: bool) -> None:
        """
        The tour, the comparison and, if wanted, time to play.

        Args:
            origin: What was found where the study was copied from.

        Raises:
            Interrupted: Before the tour was over.
            JatossyncError: Both sides are not equal in the end, or a program failed.
        """
        with self._programs:
            self._start(self._place.start_emulator())
            jatos = self._place.introduced(self._pause)
            self._place.configure(jatos)
            sides = Sides(self._place.study, jatos.folder, jatos.target)
            self._introduce(sides, jatos, origin)
            self._conclude(*self._tour(sides, jatos))
            if not keep:
                return
            changed = self._play(jatos)
        if changed:
            self._place.keep(self._place.study)
            self._view.say(f"Stopped. You changed files, so they stay: {self._place.study}")
        else:
            self._view.say(f"Stopped, and removed {self._place.root}")

    def _start(self, program: Child) -> None:
        self._running.append(self._programs.enter_context(program))

    def _check(self) -> None:
        self._interrupted()
        for program in self._running:
            program.check()

    def _pause(self) -> None:
        self._check()
        for line in self._running[-1].new_lines():
            self._view.hear(told(line))
        self._view.tick()
        time.sleep(POLL_S)

    # --- what is told, from top to bottom ------------------------------------------------------

    def _introduce(self, sides: Sides, jatos: Jatos, origin: Mapping[RelPath, Entry]) -> None:
        self._view.say(f"  the folder  {self._place.study}")
        self._view.say(f"  the server  {jatos.page}  (a look-alike of JATOS)")
        reasons = ((path, sides.why_not(path, entry)) for path, entry in sorted(origin.items()))
        stays = [f"  {escaped(path)}: {escaped(why)}" for path, why in reasons if why]
        if stays:
            self._view.say("These of your files are not mirrored:")
            self._view.say("\n".join(stays[:SHOWN]))
        if len(stays) > SHOWN:
            self._view.say(f"  and {len(stays) - SHOWN} more")
        self._view.say(f"{TIMES}\n")

    def _tour(self, sides: Sides, jatos: Jatos) -> tuple[Comparison, int]:
        wanted = sides.wanted()

        def start_daemon() -> list[RelPath]:
            self._start(self._place.start_daemon())
            return list(wanted)

        amount = human_size(sum(each.size for each in wanted.values()))
        first = Edit("first sync", f"{plural(len(wanted), 'file')}, {amount}", start_daemon)
        plan = [first, *edits(self._place.study, _page_of(wanted))]
        self._view.plan(plan)
        tour = Tour(sides, self._view, self._pause)
        for edit in plan:
            tour.make(edit)
        result = tour.compare(jatos.uploads)
        self._view.finish()
        return result

    def _conclude(self, comparison: Comparison, uploads: int) -> None:
        amount = f"{plural(comparison.files, 'file')}, {human_size(comparison.bytes)}"
        self._view.say(f"\nBoth sides are equal: {amount}, byte for byte.", "bold green")
        self._view.say(
            f"{plural(uploads, 'upload')}: every save went up once, "
            "no file twice with the same bytes."
        )

    def _play(self, jatos: Jatos) -> bool:
        """Let the user edit until Ctrl-C; whether anything in the folder was changed."""
        before = _state_of(self._place.study)
        self._view.say("\nIt goes on running: change files, and see what happens.")
        self._view.say(f"  the folder  {self._place.study}")
        self._view.say(f"  the server  {jatos.page}  (its files open with a click)")
        self._view.say(f"  a command   jatossync status --config {self._place.config}")
        self._view.say("Ctrl-C ends it.\n")
        try:
            while True:
                self._check()
                for line in self._running[-1].new_lines():
                    self._view.say(told(line))
                time.sleep(FOLLOW_S)
        except Interrupted:
            return _state_of(self._place.study) != before


def _page_of(paths: Iterable[RelPath]) -> RelPath | None:
    """The page that a person would edit."""
    pages = [path for path in paths if path.endswith((".html", ".htm"))]
    return min(pages, key=lambda path: (path.count("/"), path != "index.html", path), default=None)


def _state_of(folder: Path) -> dict[Path, tuple[int, int]]:
    found = ((file, file.lstat()) for file in folder.rglob("*"))
    return {file: (stat.st_size, stat.st_mtime_ns) for file, stat in found}
