"""How far long work has come: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from jatossync.cli.options import Volume
from jatossync.cli.terminal import can_redraw, silence
from jatossync.log import human_size

if TYPE_CHECKING:  # rich takes longer to import than most commands to run
    from rich.progress import Progress as RichProgress
    from rich.progress import ProgressColumn, Task, TaskID

BAR_WIDTH = 20

LINES = 50
"""So many files get a line of their own; of more only the numbers are told."""


@dataclass(frozen=True)
class Amount:
    """How much is done, of how much as far as that is known yet."""

    files: int
    of_files: int = 0
    """0: nobody knows yet."""
    bytes: int = 0
    of_bytes: int = 0
    """0: the files are what counts, or nobody knows yet."""
    doing: str = ""
    """In one word or two, where it is not what was said at the beginning."""


class Progress(Protocol):
    """Where a command tells what it does while it does it."""

    def say(self, line: str) -> None:
        """A line that stays, already escaped for a terminal."""

    def show(self, amount: Amount) -> None:
        """So far we have come; may be called as often as one likes."""


class FileLines:
    """A line for each file that something was done to: the first ones or, with `-v`, all."""

    def __init__(self, shown: Progress, volume: Volume) -> None:
        self._shown = shown
        self._volume = volume
        self._files = 0

    def say(self, line: str) -> None:
        """What was done to one file."""
        self._files += 1
        if self._volume == "verbose" or (self._volume == "normal" and self._files <= LINES):
            self._shown.say(line)
        elif self._volume == "normal" and self._files == LINES + 1:
            self._shown.say("… and more; --verbose shows every file")


class Tally:
    """Adds up the files and bytes that pass; may be used by several threads."""

    def __init__(self, shown: Progress, of_files: int, of_bytes: int = 0) -> None:
        self._shown = shown
        self._lock = threading.Lock()
        self._amount = Amount(0, of_files, 0, of_bytes)

    def passing(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """The same chunks; those of a file that does not arrive do not count."""
        passed = 0
        try:
            for chunk in chunks:
                passed += len(chunk)
                self._add(0, len(chunk))
                yield chunk
        except BaseException:
            self._add(0, -passed)
            raise

    def done(self) -> None:
        """One file is over, whatever came of it."""
        self._add(1, 0)

    def _add(self, files: int, count: int) -> None:
        with self._lock:
            amount = self._amount
            self._amount = replace(amount, files=amount.files + files, bytes=amount.bytes + count)
            self._shown.show(self._amount)


@contextmanager
def progress(doing: str, *, bar: bool = True) -> Iterator[Progress]:
    """
    Show progress on standard output as it suits what that is.

    Args:
        doing: What takes long, in one word or two: `uploading`.
        bar: False where only lines are wanted, for `--quiet` and `--json`.

    Raises:
        OSError: In the end, where standard output did not take all: the work is done nevertheless.
    """
    if not (bar and can_redraw(sys.stdout)):
        lines = _Lines()
        yield lines
        if lines.lost is not None:
            raise lines.lost
        return
    from rich.console import Console
    from rich.progress import BarColumn, SpinnerColumn, TextColumn
    from rich.progress import Progress as RichProgress

    console = Console(highlight=False, emoji=False, markup=False)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(BAR_WIDTH))
    drawn = RichProgress(*columns, _numbers(), console=console, transient=True)
    with drawn:
        yield _Bar(drawn, drawn.add_task(doing, total=None), doing)


class _Lines:
    """For files, pipes and simple terminals."""

    def __init__(self) -> None:
        self.lost: OSError | None = None
        """Why lines were lost that somebody may want to read."""

    def say(self, line: str) -> None:
        if self.lost is not None:
            return
        try:
            print(line, flush=True)
        except BrokenPipeError:  # nobody reads on
            silence()
        except OSError as exc:  # its disk is full: the work goes on all the same
            self.lost = exc

    def show(self, amount: Amount) -> None:
        """Nothing: what is done has a line of its own."""


class _Bar:
    """Below the lines, and gone in the end."""

    def __init__(self, drawn: RichProgress, task: TaskID, doing: str) -> None:
        self._drawn = drawn
        self._doing = doing
        self._task = task
        self._last: Amount | None = None

    def say(self, line: str) -> None:
        self._drawn.console.print(line, soft_wrap=True)

    def show(self, amount: Amount) -> None:
        if amount == self._last:
            return
        self._last = amount
        by_bytes = amount.of_bytes > 0 or not amount.of_files
        self._drawn.update(
            self._task,
            completed=amount.bytes if by_bytes else amount.files,
            total=(amount.of_bytes if by_bytes else amount.of_files) or None,
            amount=amount,
            description=amount.doing or self._doing,
        )


def _numbers() -> ProgressColumn:
    """The column with what the bar cannot say."""
    from rich.progress import ProgressColumn
    from rich.text import Text

    class Numbers(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text(numbers(task.fields.get("amount"), task.speed, task.time_remaining))

    return Numbers()


def numbers(amount: Amount | None, speed: float | None, left_s: float | None) -> str:
    """
    `12/40 files  3.4/120 MB  12 MB/s  0:09 left`

    Args:
        speed: Bytes (or files) a second; None while it is not known.
        left_s: Seconds until all is done; None while it is not known.
    """
    if amount is None:
        return ""
    of_files = f"/{amount.of_files}" if amount.of_files else ""
    parts = [f"{amount.files}{of_files} files"]
    if amount.bytes or amount.of_bytes:
        of_bytes = f" of {human_size(amount.of_bytes)}" if amount.of_bytes else ""
        parts.append(f"{human_size(amount.bytes)}{of_bytes}")
        if speed and (amount.of_bytes or not amount.of_files):
            parts.append(f"{human_size(int(speed))}/s")
    if left_s:
        minutes, seconds = divmod(round(left_s), 60)
        parts.append(f"{minutes}:{seconds:02} left")
    return "  ".join(parts)
