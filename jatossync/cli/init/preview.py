"""What would happen at first contact, found out without changing anything."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence

from jatossync.cli.setup import opened
from jatossync.config import load
from jatossync.core.model import Adopt, Change, Keep, Stop, Stopped, Topic, Unavailable, Upload
from jatossync.core.report import Report
from jatossync.daemon import UNREACHABLE_HINT, Daemon, refusal
from jatossync.errors import ConfigError, Unreachable
from jatossync.remote.token import Token


def first_contact(text: str, token: Token) -> str:
    """
    One line on what the first `sync` with this configuration would do.

    Raises:
        JatossyncError: It would not even begin.
    """
    with tempfile.TemporaryDirectory(prefix="jatossync-") as place:
        path = os.path.join(place, "jatossync.yaml")
        with open(path, "x", encoding="utf-8") as file:
            file.write(text)
        config = load(path)
        state = os.path.join(place, "state")
        with opened(config, alone=False, state=state, token=token) as sides:
            daemon = Daemon(sides, lambda _: None, dry_run=True)
            daemon.run(watch=False, until=lambda: daemon.engine.finished)
            engine = daemon.engine
            planned = engine.rehearsed()
    trouble = engine.link.trouble
    if isinstance(trouble, Unavailable):
        raise Unreachable(trouble.reason, UNREACHABLE_HINT)
    if isinstance(trouble, Stopped) and trouble.stop is not Stop.LOCKED:
        raise refusal(trouble, config)
    if engine.report.root_trouble:
        raise ConfigError(engine.report.root_trouble)
    return f"first contact: {_summary(planned, engine.report)}"


def _summary(planned: Sequence[Change], report: Report) -> str:
    """`12 equal, 3 differ (theirs is kept in the trash), 5 only on JATOS (left alone), …`."""
    counts = {
        "equal": sum(isinstance(change, Adopt) for change in planned),
        "to upload": sum(isinstance(change, Upload) for change in planned),
        "that differ (theirs is kept in the trash)": sum(
            isinstance(change, Keep) for change in planned
        ),
        "only on JATOS (left alone)": sum(
            note.topic is Topic.FOREIGN for note in report.notes.values()
        ),
        "kept back, may be secret": sum(
            note.topic is Topic.QUARANTINED for note in report.notes.values()
        ),
        "waiting for your decision": sum(len(held.paths) for held in report.held),
    }
    told = [f"{count} {what}" for what, count in counts.items() if count]
    return ", ".join(told) or "nothing to do: there are no files on either side"
