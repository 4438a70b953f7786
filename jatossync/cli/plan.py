"""`jatossync plan`: what would happen, with nothing sent."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace

import click

from jatossync.cli import exits
from jatossync.cli.meet import rehearse
from jatossync.cli.options import Volume, config_option, json_option, volume_options
from jatossync.cli.paths import Standing
from jatossync.cli.progress import progress
from jatossync.cli.saying import tell_json
from jatossync.cli.setup import opened, read_config
from jatossync.cli.telling import View, concerns, headline, show
from jatossync.core.actions import Adopt, Change, Delete, Forget, Keep, Upload
from jatossync.core.status import State, Status
from jatossync.log import escaped, human_size
from jatossync.state.store import FILE_NAME

_UNCOMPARED: tuple[State, ...] = ("locked", "folder")
"""Where it stands so, an empty plan says nothing."""


@click.command("plan")
@config_option
@volume_options
@json_option
def command(config_path: str | None, volume: Volume, as_json: bool) -> int:
    """Show what `sync` would do, without doing it.

    Exits with 0 where both sides are in step, with 2 where something would be done.

    \b
    Example:
      jatossync plan
    """
    config = read_config(config_path)
    with ExitStack() as stack:
        state = None
        if not os.path.exists(os.path.join(config.state, FILE_NAME)):
            state = stack.enter_context(tempfile.TemporaryDirectory())
        sides = stack.enter_context(opened(config, alone=False, state=state))
        shown = stack.enter_context(progress("comparing", bar=volume != "quiet" and not as_json))
        daemon = rehearse(sides, shown)
        changes = sorted(daemon.engine.rehearsed(), key=lambda change: change.path)
        view = View(Standing(sides.folder.path), volume)
        status = _with(daemon.status, changes)
    if as_json:
        tell_json({"changes": [_told(each) for each in changes], "status": status.to_json()})
    else:
        show(_lines(changes, status, view))
    return 0 if status.in_sync else exits.DIFFERENCES


def _with(status: Status, changes: Sequence[Change]) -> Status:
    """How it stands, with what would be done as still to do."""
    return replace(
        status,
        state="working" if changes and status.state == "in sync" else status.state,
        in_sync=status.in_sync and not changes,
        pending=len(changes),
        unanswered=0,
        pending_bytes=sum(each.content.size for each in changes if isinstance(each, Upload)),
    )


def _lines(changes: Sequence[Change], status: Status, view: View) -> Iterator[str]:
    if view.volume != "quiet":
        for change in changes:
            amount = f"  {human_size(change.content.size)}" if isinstance(change, Upload) else ""
            why = ""
            if isinstance(change, Keep):
                why = f"  (theirs goes to the trash: {escaped(change.why)})"
            yield f"{_verb(change):<7} {view.path(change.path)}{amount}{why}"
    verbs = [_verb(change) for change in changes]
    counts = [f"{verbs.count(verb)} to {verb}" for verb in sorted(set(verbs))]
    planned = ", ".join(counts).replace("to keep", "to keep in the trash")
    yield headline(status, planned if status.state == "working" else None)
    if status.state in _UNCOMPARED and not changes:
        yield "  compared  not at all, so what `sync` would do is not known yet"
    yield from concerns(status, view)


def _told(change: Change) -> dict[str, object]:
    size = change.content.size if isinstance(change, Upload | Adopt) else None
    return {"verb": _verb(change), "path": change.path, "size": size}


def _verb(change: Change) -> str:
    match change:
        case Upload():
            return "upload"
        case Keep():
            return "keep"
        case Delete():
            return "delete"
        case Adopt():
            return "adopt"
        case Forget():
            return "forget"
