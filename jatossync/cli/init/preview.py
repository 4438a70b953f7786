"""What would happen at first contact, found out without changing anything."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from jatossync.cli.meet import rehearse
from jatossync.cli.progress import progress
from jatossync.cli.setup import opened
from jatossync.config import load
from jatossync.core.actions import Adopt, Change, HoldKind, Keep, Topic, Upload
from jatossync.core.contact import summed_up
from jatossync.core.jobs import Unavailable
from jatossync.core.report import Report
from jatossync.daemon import UNREACHABLE_HINT
from jatossync.errors import ConfigError, Unreachable
from jatossync.remote.token import Token


class Preview(NamedTuple):
    """What the first `sync` would do."""

    told: str
    """In one line."""
    only_there: bool
    """Whether JATOS has files and the folder has none: a second computer."""


def first_contact(text: str, token: Token) -> Preview:
    """
    What the first `sync` with this configuration would do.

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
            with progress("comparing") as shown:
                engine = rehearse(sides, shown).engine
            planned = engine.rehearsed()
    if isinstance(trouble := engine.link.trouble, Unavailable):
        raise Unreachable(trouble.reason, UNREACHABLE_HINT)
    if engine.report.root_trouble:
        raise ConfigError(engine.report.root_trouble)
    foreign = any(note.topic is Topic.FOREIGN for note in engine.report.notes.values())
    only_there = foreign and not planned and not len(engine.report.held)
    return Preview(f"first contact: {_summary(planned, engine.report)}", only_there)


def _summary(planned: Sequence[Change], report: Report) -> str:
    """In the words of the first `sync`; then what else a person should know."""
    topics = Counter(note.topic for note in report.notes.values())
    held = sum(len(each.paths) for each in report.held if each.kind is HoldKind.OVERWRITES)
    others = sum(len(each.paths) for each in report.held) - held
    told = summed_up(
        sum(isinstance(change, Adopt) for change in planned),
        sum(isinstance(change, Keep) for change in planned) + held,
        topics[Topic.FOREIGN],
        sum(isinstance(change, Upload) for change in planned),
        held=held > 0,
    )
    if topics[Topic.QUARANTINED]:
        told += f", {topics[Topic.QUARANTINED]} kept back, may be secret"
    return told + (f", {others} waiting for your decision" if others else "")
