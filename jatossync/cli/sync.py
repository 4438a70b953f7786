"""`jatossync sync`: bring JATOS up to date once."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import asdict

import click

from jatossync.cli import exits
from jatossync.cli.course import until_finished
from jatossync.cli.options import (
    Volume,
    config_option,
    json_option,
    log_format_option,
    volume_options,
)
from jatossync.cli.paths import Standing
from jatossync.cli.progress import FileLines, Progress, progress
from jatossync.cli.run import logger, stopped_by_signals
from jatossync.cli.saying import tell_json
from jatossync.cli.setup import opened, read_config
from jatossync.cli.telling import View, ending, show
from jatossync.cli.terminal import fitted
from jatossync.cli.words import plural
from jatossync.config import Config
from jatossync.core.contact import FIRST_CONTACT
from jatossync.core.jobs import Stop, Stopped
from jatossync.core.report import Event, Totals
from jatossync.daemon import Daemon, refusal
from jatossync.log import escaped, human_size


@click.command("sync")
@config_option
@log_format_option
@volume_options
@json_option
def command(config_path: str | None, log_format: str | None, volume: Volume, as_json: bool) -> int:
    """Bring JATOS up to date once, and say what was done.

    With --log-format, what happens is told as `run` tells it: for cron and the like.

    \b
    Example:
      jatossync sync
    """
    config = read_config(config_path)
    began_s = time.monotonic()
    with (
        opened(config, alone=True) as sides,
        progress("syncing", bar=not (volume == "quiet" or as_json or log_format)) as shown,
    ):
        view = View(Standing(sides.folder.path), volume)
        told = _Told(shown, view)
        daemon = Daemon(sides, _log(config, log_format, volume, as_json) or told.say)
        interrupted = False

        def interrupt() -> None:
            nonlocal interrupted
            interrupted = True
            daemon.stop()

        with stopped_by_signals(interrupt):
            daemon.run(watch=False, until=until_finished(daemon, sides, shown))
        status = daemon.status
    if interrupted:
        print(_left_undone(daemon), file=sys.stderr)
        return exits.INTERRUPTED
    trouble = daemon.engine.link.trouble
    if isinstance(trouble, Stopped) and trouble.stop is not Stop.LOCKED:
        raise refusal(trouble, config)
    totals, seconds = daemon.engine.report.totals, time.monotonic() - began_s
    if as_json:
        did = {**asdict(totals), "seconds": round(seconds, 3)}
        tell_json({**did, "status": status.to_json()})
    elif volume != "quiet" or not status.in_sync:
        show(ending(status, _did(totals, seconds), view))
    return 0 if status.in_sync else exits.DIFFERENCES


def _log(
    config: Config, log_format: str | None, volume: Volume, as_json: bool
) -> Callable[[Event], None] | None:
    """Where what happens is told, if not in words of its own."""
    if log_format:
        return logger(config, log_format, volume)
    return (lambda _: None) if as_json else None


def _did(totals: Totals, seconds: float) -> str:
    uploads = f"{plural(totals.uploaded, 'upload')} ({human_size(totals.uploaded_bytes)})"
    counts = [
        (totals.uploaded, uploads),
        (totals.deleted, plural(totals.deleted, "delete")),
        (totals.adopted, f"{totals.adopted} equal already"),
        (totals.kept, f"{totals.kept} of JATOS's kept in the trash"),
    ]
    done = [said for count, said in counts if count]
    return f"{', '.join(done) or 'nothing'}; {seconds:.1f} s"


def _left_undone(daemon: Daemon) -> str:
    """What an interrupted sync came to."""
    uploaded, left = daemon.engine.report.totals.uploaded, daemon.engine.pending
    return (
        f"jatossync: interrupted after {plural(uploaded, 'upload')}, {left} to go; "
        "no file is half there\n  → run it again to go on"
    )


class _Told:
    """What is told while it goes on."""

    def __init__(self, progress: Progress, view: View) -> None:
        self._progress = progress
        self._view = view
        self._files = FileLines(progress, view.volume)

    def say(self, event: Event) -> None:
        """What happened to one file, or what went wrong."""
        path, reason = event.fields.get("path"), event.fields.get("reason")
        where = self._view.path(path) if isinstance(path, str) else ""
        if event.level in ("warning", "error"):
            self._explain(event.name, where, escaped(reason or ""))
        elif event.name == FIRST_CONTACT and self._view.volume != "quiet":
            self._explain(event.name, str(reason))
        elif where and (event.level == "info" or self._view.volume == "verbose"):
            amount = event.fields.get("size")
            tail = f"  {human_size(amount)}" if isinstance(amount, int) else ""
            self._files.say(f"{event.name:<9} {where}{tail}")

    def _explain(self, *parts: str) -> None:
        self._progress.say(fitted(": ".join(filter(None, parts)), sys.stdout, "    "))
