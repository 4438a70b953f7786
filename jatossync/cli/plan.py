"""`jatossync plan`: what would happen, with nothing sent."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from contextlib import ExitStack

import click

from jatossync.cli.paths import Standing
from jatossync.cli.setup import config_option, opened, read_config
from jatossync.cli.telling import remarks, shown
from jatossync.core.actions import Adopt, Change, Delete, Forget, Keep, Upload
from jatossync.core.jobs import Stop, Stopped
from jatossync.core.status import Status
from jatossync.daemon import Daemon, refusal
from jatossync.log import human_size
from jatossync.state.store import FILE_NAME

DIFFERENCES_EXIT_CODE = 2


@click.command("plan")
@config_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for scripts.")
def command(config_path: str | None, as_json: bool) -> int:
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
        daemon = Daemon(sides, lambda _: None, dry_run=True)
        engine = daemon.engine
        daemon.run(watch=False, until=lambda: engine.finished)
        changes = sorted(engine.rehearsed(), key=lambda change: change.path)
        standing = Standing(sides.folder.path)
        status = daemon.status
    trouble = engine.link.trouble
    if isinstance(trouble, Stopped) and trouble.stop is not Stop.LOCKED:
        raise refusal(trouble, config)
    if as_json:
        _print_json(daemon, changes)
    else:
        _print(daemon, changes, status, standing)
    unusable = trouble or engine.report.root_trouble
    return DIFFERENCES_EXIT_CODE if changes or engine.report.held or unusable else 0


def _print(daemon: Daemon, changes: list[Change], status: Status, standing: Standing) -> None:
    for change in changes:
        amount = f"  {human_size(change.content.size)}" if isinstance(change, Upload) else ""
        why = f"  (theirs goes to the trash: {change.why})" if isinstance(change, Keep) else ""
        print(f"{_verb(change):<7} {shown(change.path, standing)}{amount}{why}")
    for line in remarks(status, standing):
        click.echo(line)
    trouble = daemon.engine.link.trouble
    if trouble is not None:
        print(f"{trouble.reason}: nothing can be sent now")
    if daemon.engine.report.root_trouble is not None:
        print(f"Nothing can be planned: {daemon.engine.report.root_trouble}")
        return
    verbs = [_verb(change) for change in changes]
    counts = [f"{verbs.count(verb)} to {verb}" for verb in sorted(set(verbs))]
    print(", ".join(counts) if counts else "Nothing to do: both sides are in step.")


def _print_json(daemon: Daemon, changes: list[Change]) -> None:
    engine = daemon.engine
    told = {
        "trouble": engine.report.root_trouble,
        "unavailable": engine.link.trouble.reason if engine.link.trouble else None,
        "changes": [
            {
                "change": _verb(change),
                "path": change.path,
                "size": change.content.size if isinstance(change, Upload | Adopt) else None,
            }
            for change in changes
        ],
        "held": [
            {
                "id": held.id or None,
                "kind": held.kind.value,
                "reason": held.reason,
                "paths": [{"path": hold.path, "reason": hold.why} for hold in held.paths.values()],
            }
            for held in engine.report.held
        ],
        "notes": [
            {"path": note.path, "topic": note.topic.value, "reason": note.why}
            for note in engine.report.notes.values()
        ],
    }
    json.dump(told, sys.stdout, ensure_ascii=False, indent=1)
    print()


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
