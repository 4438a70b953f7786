"""What a command does to single files: told while it goes on, or as JSON in the end."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from jatossync.cli import exits
from jatossync.cli.progress import FileLines, Progress
from jatossync.cli.saying import tell_json
from jatossync.cli.telling import View
from jatossync.cli.terminal import fitted
from jatossync.core.paths import RelPath
from jatossync.log import escaped, human_size

WAITING = "waiting"
"""The verb of what waits for a yes, and is told with `-q` too."""


class Deeds:
    """
    Collects what was done and what was not.

    Args:
        verbs: What may be done; in JSON each has a list, and so has `failed`.
    """

    def __init__(self, shown: Progress, view: View, as_json: bool, *verbs: str) -> None:
        self._shown = shown
        self._view = view
        self._as_json = as_json
        self._lines = FileLines(shown, view.volume)
        self._asked = FileLines(shown, "normal" if view.volume == "quiet" else view.volume)
        self._told: dict[str, list[dict[str, object]]] = {verb: [] for verb in (*verbs, "failed")}

    def did(self, verb: str, path: RelPath, size: int | None, **more: object) -> None:
        """Something was done to a file."""
        self._told[verb].append({"path": path, "size": size, **more})
        if not self._as_json:
            tail = f"  {human_size(size)}" if size is not None else ""
            lines = self._asked if verb == WAITING else self._lines
            lines.say(f"{verb:<9} {self._view.path(path)}{tail}")

    def failed(self, path: RelPath, reason: str) -> None:
        """It was not possible with this file; the others go on."""
        self._told["failed"].append({"path": path, "reason": reason})
        if not self._as_json:
            self._shown.say(f"failed    {self._view.path(path)}: {escaped(reason)}")

    def count(self, verb: str) -> int:
        """How often it was done."""
        return len(self._told[verb])

    def conclude(self, *sentences: str) -> int:
        """All in one for scripts, or the last sentences for people; the exit code."""
        return self._end(() if self._view.volume == "quiet" else sentences)

    def unanswered(self, sentence: str) -> int:
        """The same where nothing was done for want of a yes: a person should look at that."""
        return self._end((sentence,)) or exits.DIFFERENCES

    def _end(self, sentences: Iterable[str]) -> int:
        if self._as_json:
            tell_json(self._told)
        else:
            for sentence in sentences:
                self._shown.say(fitted(sentence, sys.stdout, "    "))
        return 1 if self._told["failed"] else 0
