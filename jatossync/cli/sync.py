"""`jatossync sync`: bring JATOS up to date once."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable
from dataclasses import asdict

import click

from jatossync.cli.options import json_option
from jatossync.cli.paths import Standing
from jatossync.cli.progress import Amount, Progress, progress
from jatossync.cli.run import stopped_by_signals
from jatossync.cli.setup import config_option, opened, read_config
from jatossync.cli.telling import remarks
from jatossync.cli.terminal import Volume, volume_options
from jatossync.cli.words import in_sync, plural
from jatossync.core.contact import FIRST_CONTACT
from jatossync.core.jobs import Stop, Stopped
from jatossync.core.paths import RelPath
from jatossync.core.report import Event
from jatossync.core.status import Status
from jatossync.daemon import Daemon, refusal
from jatossync.log import escaped, human_size

INTERRUPTED_EXIT_CODE = 130
DIFFERENCES_EXIT_CODE = 2

REDRAW_S = 0.1

LINES = 50
"""So many files get a line of their own; of more only the numbers are told."""


@click.command("sync")
@config_option
@volume_options
@json_option
def command(config_path: str | None, volume: Volume, as_json: bool) -> int:
    """Bring JATOS up to date once, and say what was done.

    \b
    Example:
      jatossync sync
    """
    config = read_config(config_path)
    began_s = time.monotonic()
    with (
        opened(config, alone=True) as sides,
        progress("syncing", bar=volume != "quiet" and not as_json) as shown,
    ):
        standing = Standing(sides.folder.path)
        told = _Told(shown, volume, standing)
        daemon = Daemon(sides, (lambda _: None) if as_json else told.say)
        interrupted = False

        def interrupt() -> None:
            nonlocal interrupted
            interrupted = True
            daemon.stop()

        def finished() -> bool:
            told.update(daemon)
            return daemon.engine.finished

        with stopped_by_signals(interrupt):
            daemon.run(watch=False, until=finished)
        status = daemon.status
    if interrupted:
        print(_left_undone(daemon), file=sys.stderr)
        return INTERRUPTED_EXIT_CODE
    trouble = daemon.engine.link.trouble
    if isinstance(trouble, Stopped) and trouble.stop is not Stop.LOCKED:
        raise refusal(trouble, config)
    seconds = time.monotonic() - began_s
    if as_json:
        return _print_json(daemon, status, seconds)
    return _conclude(daemon, remarks(status, standing), seconds, volume)


def _print_json(daemon: Daemon, status: Status, seconds: float) -> int:
    did = {**asdict(daemon.engine.report.totals), "seconds": round(seconds, 3)}
    click.echo(json.dumps({**did, "status": status.to_json()}, ensure_ascii=False, indent=1))
    return 0 if status.in_sync else DIFFERENCES_EXIT_CODE


def _conclude(daemon: Daemon, told: Iterable[str], seconds: float, volume: Volume) -> int:
    """Say how it ended; the exit code."""
    engine, totals = daemon.engine, daemon.engine.report.totals
    for line in told:
        click.echo(line)
    if isinstance(engine.link.trouble, Stopped):
        print(f"{engine.link.trouble.reason}: nothing was sent; unlock it in JATOS to go on")
        return DIFFERENCES_EXIT_CODE
    if engine.report.root_trouble is not None:
        print(f"nothing was concluded from the folder: {engine.report.root_trouble}")
        return DIFFERENCES_EXIT_CODE
    if engine.paused:
        print(f"paused: {plural(engine.pending, 'change')} to go; `jatossync resume` goes on")
        return DIFFERENCES_EXIT_CODE if engine.pending else 0
    done = [
        f"{plural(totals.uploaded, 'upload')} ({human_size(totals.uploaded_bytes)})",
        plural(totals.deleted, "delete"),
    ]
    if totals.adopted:
        done.append(f"{totals.adopted} equal already")
    if totals.kept:
        done.append(f"{totals.kept} of JATOS's kept in the trash")
    good = in_sync(engine)
    if volume != "quiet" or not good:
        print(f"{'In sync' if good else 'Not in sync'}: {', '.join(done)}; {seconds:.1f} s")
    return 0 if good else DIFFERENCES_EXIT_CODE


def _left_undone(daemon: Daemon) -> str:
    """What an interrupted sync came to."""
    uploaded, left = daemon.engine.report.totals.uploaded, daemon.engine.pending
    return (
        f"jatossync: interrupted after {plural(uploaded, 'upload')}, {left} to go; "
        "no file is half there\n  → run it again to go on"
    )


class _Told:
    """What is told while it goes on."""

    def __init__(self, progress: Progress, volume: Volume, standing: Standing) -> None:
        self._progress = progress
        self._standing = standing
        self._volume = volume
        self._files = 0
        self._updated_s = 0.0

    def say(self, event: Event) -> None:
        """What happened to one file, or what went wrong."""
        fields = dict(event.fields)
        if isinstance(path := fields.get("path"), str):
            fields["path"] = self._standing.shown(RelPath(path))
        if event.level in ("warning", "error"):
            what = (escaped(str(fields[key])) for key in ("path", "reason") if key in fields)
            self._progress.say(f"{event.name}: {' '.join(what)}")
        elif event.name == FIRST_CONTACT and self._volume != "quiet":
            self._progress.say(f"{event.name}: {fields['reason']}")
        elif "path" in fields and self._wants(event):
            amount = fields.get("size")
            tail = f"  {human_size(amount)}" if isinstance(amount, int) else ""
            self._progress.say(f"{event.name:<9} {escaped(str(fields['path']))}{tail}")

    def _wants(self, event: Event) -> bool:
        if self._volume != "normal":
            return self._volume == "verbose"
        if event.level != "info":
            return False
        self._files += 1
        if self._files == LINES + 1:
            self._progress.say("… and more; --verbose shows every file")
        return self._files <= LINES

    def update(self, daemon: Daemon) -> None:
        """How much is done and left; it has to be added up, so not at every step."""
        now_s = time.monotonic()
        if now_s - self._updated_s < REDRAW_S:
            return
        self._updated_s = now_s
        engine, totals = daemon.engine, daemon.engine.report.totals
        done = totals.uploaded + totals.deleted + totals.adopted
        sent = totals.uploaded_bytes + sum(list(daemon.sending.values()))
        to_send = totals.uploaded_bytes + engine.pending_bytes
        self._progress.show(Amount(done, done + engine.pending, sent, to_send))
