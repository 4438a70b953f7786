"""What a person sees: a live table on a terminal, plain lines elsewhere."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from jatossync.cli.demo.edits import Edit
from jatossync.config.model import Deletes, Watch
from jatossync.log import escaped

# The demo's configuration leaves these two waits as they are.
LONGER = f"deletes wait {Deletes().delay_s:g} s longer"
DELETES_WAIT = f"{LONGER}, in case the file comes back"
TIMES = (
    "Times run from the end of the saving until both sides are equal.\n"
    f"{Watch().quiet_s:g} s of each is the wait for the file to be at rest."
)


@dataclass(frozen=True)
class Arrival:
    """An edit that has reached the other side; seconds since it was saved."""

    title: str
    what: str
    there_s: float | None
    """Until all that was written was there; None where nothing of it takes part."""
    gone_s: float | None
    """Until all that was removed was gone; None where nothing was."""


def latency(arrival: Arrival) -> str:
    """The number that matters: `0.41 s`."""
    seconds = arrival.gone_s if arrival.there_s is None else arrival.there_s
    return "" if seconds is None else f"{seconds:.2f} s"


def remark(arrival: Arrival) -> str:
    """What the number alone would not tell, or nothing."""
    if arrival.there_s is None and arrival.gone_s is None:
        return "stays here: the study's own rules leave it out"
    if arrival.gone_s is None:
        return ""
    if arrival.there_s is None:
        return DELETES_WAIT
    return f"old name gone after {arrival.gone_s:.2f} s: {LONGER}"


def plain(arrival: Arrival) -> str:
    """One line for an edit: `picture     smile.png                0.41 s`."""
    line = f"{arrival.title:<11} {escaped(arrival.what):<28} {latency(arrival):>8}"
    return f"{line}  {remark(arrival)}".rstrip()


class View(Protocol):
    """Where the demo tells what it does."""

    pace_s: float
    """A rest before each edit, so that a person can follow."""

    def say(self, text: str, style: str = "") -> None:
        """A statement; `style` is one of rich's."""

    def plan(self, edits: Sequence[Edit]) -> None:
        """This is what will be made."""

    def begin(self, edit: Edit) -> None:
        """It is being made."""

    def saved(self, total: int) -> None:
        """It was made, and touched so many files."""

    def progress(self, there: int) -> None:
        """So many of them have arrived."""

    def end(self, arrival: Arrival) -> None:
        """All of it has."""

    def hear(self, text: str) -> None:
        """The daemon said something."""

    def tick(self) -> None:
        """Time has passed."""

    def finish(self) -> None:
        """No edit comes any more."""


class PlainView:
    """A line for each edit once it is there."""

    pace_s = 0.0

    def say(self, text: str, style: str = "") -> None:  # noqa: ARG002
        print(text, flush=True)

    def end(self, arrival: Arrival) -> None:
        print(plain(arrival), flush=True)

    def plan(self, edits: Sequence[Edit]) -> None: ...
    def begin(self, edit: Edit) -> None: ...
    def saved(self, total: int) -> None: ...
    def progress(self, there: int) -> None: ...
    def hear(self, text: str) -> None: ...
    def tick(self) -> None: ...
    def finish(self) -> None: ...


@contextmanager
def opened_view() -> Iterator[View]:
    """The view that suits where the output goes."""
    if not sys.stdout.isatty() or os.environ.get("TERM") in ("dumb", "unknown"):
        yield PlainView()
        return
    from jatossync.cli.demo.live import LiveView

    view = LiveView()
    try:
        yield view
    finally:
        view.finish()
