"""How far a daemon has come that works until it has finished."""

from __future__ import annotations

import time
from collections.abc import Callable

from jatossync.cli.progress import Amount, Progress
from jatossync.daemon import Daemon
from jatossync.jobs import Sides

REDRAW_S = 0.1
"""It has to be added up, so not at every step."""


def until_finished(daemon: Daemon, sides: Sides, shown: Progress) -> Callable[[], bool]:
    """For `Daemon.run`: whether it has finished; shows how far it is."""
    drawn_s = 0.0

    def finished() -> bool:
        nonlocal drawn_s
        if time.monotonic() - drawn_s >= REDRAW_S:
            drawn_s = time.monotonic()
            shown.show(_so_far(daemon, sides))
        return daemon.engine.finished

    return finished


def _so_far(daemon: Daemon, sides: Sides) -> Amount:
    engine, totals = daemon.engine, daemon.engine.report.totals
    done = totals.uploaded + totals.deleted + totals.adopted + len(engine.planned)
    if engine.work.comparing and not done:
        looked = sides.scanner.looked
        return Amount(looked.entries, bytes=looked.bytes, doing="comparing")
    sent = totals.uploaded_bytes + sum(list(daemon.sending.values()))
    to_send = totals.uploaded_bytes + engine.pending_bytes
    doing = "waiting for what had no answer" if engine.pending == engine.unanswered > 0 else ""
    return Amount(done, done + engine.pending, sent, to_send, doing)
