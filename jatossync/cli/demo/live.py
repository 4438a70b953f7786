"""The live view: what was done and what is next, how long each took, and what the daemon says."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from jatossync.cli.demo.edits import Edit
from jatossync.cli.demo.view import DELETES_WAIT, Arrival, latency, remark
from jatossync.log import escaped

FRAME_S = 0.06
HEARD_LINES = 4
MOST_COLUMNS = 92


class LiveView:
    """Draws when it is told that time has passed; it has no thread of its own."""

    pace_s = 0.7

    def __init__(self) -> None:
        self._console = Console(highlight=False)
        self._live = Live(console=self._console, auto_refresh=False)
        self._edits: Sequence[Edit] = ()
        self._arrivals: list[Arrival] = []
        self._spinner = Spinner("dots", style="cyan")
        self._saved_s: float | None = None
        self._there = 0
        self._total = 0
        self._heard: deque[str] = deque(maxlen=HEARD_LINES)
        self._drawn_s = 0.0

    def say(self, text: str, style: str = "") -> None:
        """Print a statement."""
        self._console.print(Text(text, style), soft_wrap=True)

    def plan(self, edits: Sequence[Edit]) -> None:
        """Begin to draw."""
        self._edits = edits
        self._live.start()

    def begin(self, edit: Edit) -> None:  # noqa: ARG002  (always the next one)
        """Show it as being made."""
        self._saved_s = None
        self._there = self._total = 0

    def saved(self, total: int) -> None:
        """Let the clock run."""
        self._saved_s = time.monotonic()
        self._total = total

    def progress(self, there: int) -> None:
        """Show how many have arrived."""
        self._there = there

    def end(self, arrival: Arrival) -> None:
        """Show it as done."""
        self._arrivals.append(arrival)
        self._draw()

    def hear(self, text: str) -> None:
        """Show it below the table, with the last ones before it."""
        self._heard.append(text)

    def tick(self) -> None:
        """Draw the next frame when it is time."""
        if self._live.is_started and time.monotonic() - self._drawn_s >= FRAME_S:
            self._draw()

    def finish(self) -> None:
        """Leave the table as it is; what the daemon said goes."""
        if self._live.is_started:
            self._live.update(self._table())
            self._live.stop()

    def _draw(self) -> None:
        self._drawn_s = time.monotonic()
        self._live.update(Group(self._table(), "", self._panel()), refresh=True)

    def _panel(self) -> Panel:
        """The daemon's last lines, the newest of them in full light."""
        lines = Text(no_wrap=True, overflow="ellipsis")
        for place, line in enumerate(self._heard):
            lines.append(line + "\n", "" if place == len(self._heard) - 1 else "dim")
        return Panel(
            lines,
            title="jatossync says",
            title_align="left",
            border_style="dim",
            width=min(self._console.width, MOST_COLUMNS),
            height=HEARD_LINES + 2,
        )

    def _table(self) -> Table:
        table = Table.grid(padding=(0, 1))
        table.width = min(self._console.width, MOST_COLUMNS)
        table.add_column(width=1)
        table.add_column(width=11)
        table.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
        table.add_column(width=8, justify="right")
        for arrival in self._arrivals:
            _add_arrived(table, arrival)
        for place, edit in enumerate(self._edits[len(self._arrivals) :]):
            if place == 0:
                self._add_current(table, edit)
            else:
                table.add_row("", Text(edit.title, "dim"), Text(escaped(edit.what), "dim"), "")
        return table

    def _add_current(self, table: Table, edit: Edit) -> None:
        if self._saved_s is None:
            table.add_row(Text("✎", "yellow"), Text(edit.title, "bold"), escaped(edit.what), "")
            return
        elapsed = Text(f"{time.monotonic() - self._saved_s:.1f} s", "cyan")
        table.add_row(self._spinner, Text(edit.title, "bold"), self._under_way(edit), elapsed)
        if edit.removes:
            table.add_row("", "", Text(DELETES_WAIT, "dim"), "")

    def _under_way(self, edit: Edit) -> RenderableType:
        what = Text(escaped(edit.what))
        if edit.removes or self._total <= 1:
            return what
        parts = Table.grid(padding=(0, 1))
        bar = ProgressBar(self._total, self._there, width=20)
        parts.add_row(what, bar, Text(f"{self._there} of {self._total}", "dim"))
        return parts


def _add_arrived(table: Table, arrival: Arrival) -> None:
    what, seconds = Text(escaped(arrival.what)), Text(latency(arrival), "green")
    table.add_row(Text("✓", "green"), arrival.title, what, seconds)
    if why := remark(arrival):
        table.add_row("", "", Text(why, "dim"), "")
