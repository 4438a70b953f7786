"""The rules that hold now: the configuration's and those of the folder's `.jatosignore`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing

from jatossync.core.ignore import IGNORE_FILE, Rules
from jatossync.core.paths import ROOT
from jatossync.local.directory import stat_of
from jatossync.local.files import Changed, OpenFile, open_in, why_not
from jatossync.local.root import Blocked, StudyFolder

IGNORE_FILE_BYTES = 1024 * 1024
"""More is no list of patterns."""

GRACE_NS = 10_000_000_000
"""So long a `.jatosignore` may be missing, empty or unreadable before that counts: editors and
checkouts drop it for a moment, and what it hides must not go out in that moment (law 10)."""


class RuleBook:
    """Reads `.jatosignore` anew for each pass."""

    def __init__(
        self,
        folder: StudyFolder,
        ignore: Sequence[str],
        publish: Sequence[str],
        clock_ns: Callable[[], int],
    ) -> None:
        self._folder = folder
        self._ignore = ignore
        self._publish = publish
        self._clock_ns = clock_ns
        self._text = ""
        self._missed_ns: int | None = None
        """Since when no good file was found."""
        self._rules = Rules.build(ignore, "", publish)
        self.in_doubt = False
        """Whether the last reading found no good file, and the rules of before hold for now."""

    @property
    def last(self) -> Rules:
        """The rules as they were last read."""
        return self._rules

    def read(self) -> Rules:
        """
        The rules that hold now.

        Raises:
            Changed: `.jatosignore` is there and cannot be read.
            ValueError: A line of it is broken.
        """
        self.in_doubt = False
        try:
            text = self._read_ignore_file()
        except Changed:
            if not self._in_grace():
                raise
            text = ""
        if text.strip():
            self._missed_ns = None
        elif self._in_grace():
            self.in_doubt = True
            return self._rules
        if text != self._text:
            self._rules = Rules.build(self._ignore, text, self._publish)
            self._text = text
        return self._rules

    def _in_grace(self) -> bool:
        """Whether there was a good file before, and not for long none."""
        now_ns = self._clock_ns()
        if self._missed_ns is None:
            self._missed_ns = now_ns
        return bool(self._text) and abs(now_ns - self._missed_ns) < GRACE_NS

    def _read_ignore_file(self) -> str:
        try:
            with closing(self._folder.directory(ROOT)) as top:
                found = top.lstat(IGNORE_FILE)
                with open_in(top, IGNORE_FILE, stat_of(found)) as file:
                    return _text_of(file)
        except FileNotFoundError:
            return ""
        except OSError as exc:
            raise Changed(why_not(exc)) from exc
        except Blocked as block:
            raise Changed(block.reason) from block


def _text_of(file: OpenFile) -> str:
    if file.size > IGNORE_FILE_BYTES:
        raise Changed("it is too large")
    data = file.read(IGNORE_FILE_BYTES)
    if not file.is_as_opened():
        raise Changed("it is being written")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise Changed("it is not UTF-8 text") from None
