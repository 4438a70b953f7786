"""`jatossync sync`: bring JATOS up to date once."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from jatossync.cli.run import stopped_by_signals
from jatossync.cli.setup import config_option, opened, read_config
from jatossync.cli.words import in_sync, plural, remarks
from jatossync.core.model import Stop, Stopped
from jatossync.core.report import Event
from jatossync.daemon import Daemon, refusal
from jatossync.log import escaped, human_size

INTERRUPTED_EXIT_CODE = 130
DIFFERENCES_EXIT_CODE = 2


@click.command("sync")
@config_option
@click.option("-q", "--quiet", is_flag=True, help="Say only what a person should look at.")
def command(config_path: str | None, quiet: bool) -> int:
    """Bring JATOS up to date once, and say what was done.

    \b
    Example:
      jatossync sync --config ~/studies/stroop.yaml
    """
    config = read_config(config_path)
    began_s = time.monotonic()
    with opened(config, alone=True) as sides, _shown_progress(quiet) as progress:
        daemon = Daemon(sides, progress.say)
        interrupted = False

        def interrupt() -> None:
            nonlocal interrupted
            interrupted = True
            daemon.stop()

        def finished() -> bool:
            progress.update(daemon)
            return daemon.engine.finished

        with stopped_by_signals(interrupt):
            daemon.run(watch=False, until=finished)
    if interrupted:
        print("interrupted; nothing is half done: run it again to go on", file=sys.stderr)
        return INTERRUPTED_EXIT_CODE
    trouble = daemon.engine.link.trouble
    if isinstance(trouble, Stopped) and trouble.stop is not Stop.LOCKED:
        raise refusal(trouble, config)
    return _conclude(daemon, time.monotonic() - began_s, quiet)


def _conclude(daemon: Daemon, seconds: float, quiet: bool) -> int:
    """Say how it ended; the exit code."""
    engine, totals = daemon.engine, daemon.engine.report.totals
    for line in remarks(engine.report):
        print(line)
    if isinstance(engine.link.trouble, Stopped):
        print(f"{engine.link.trouble.reason}: nothing was sent; unlock it in JATOS to go on")
        return DIFFERENCES_EXIT_CODE
    if engine.report.root_trouble is not None:
        print(f"nothing was concluded from the folder: {engine.report.root_trouble}")
        return DIFFERENCES_EXIT_CODE
    done = [
        f"{plural(totals.uploaded, 'upload')} ({human_size(totals.uploaded_bytes)})",
        plural(totals.deleted, "delete"),
    ]
    if totals.adopted:
        done.append(f"{totals.adopted} equal already")
    if totals.kept:
        done.append(f"{totals.kept} of JATOS's kept in the trash")
    good = in_sync(engine)
    if not quiet or not good:
        print(f"{'In sync' if good else 'Not in sync'}: {', '.join(done)}; {seconds:.1f} s")
    return 0 if good else DIFFERENCES_EXIT_CODE


class _Progress:
    """A line per file; on a terminal also a bar below them."""

    def __init__(self, quiet: bool, write: Callable[[str], None], bar: Callable[[str], None]):
        self._quiet = quiet
        self._write = write
        self._bar = bar

    def say(self, event: Event) -> None:
        """Show what happened to one file, or what went wrong."""
        fields = dict(event.fields)
        if event.level in ("warning", "error"):
            what = " ".join(
                escaped(str(fields[key])) for key in ("path", "reason") if key in fields
            )
            self._write(f"{event.name}: {what}")
        elif event.level == "info" and "path" in fields and not self._quiet:
            amount = fields.get("size")
            tail = f"  {human_size(amount)}" if isinstance(amount, int) else ""
            self._write(f"{event.name:<9} {escaped(str(fields['path']))}{tail}")

    def update(self, daemon: Daemon) -> None:
        """Show how much is done and left."""
        engine = daemon.engine
        done = (
            engine.report.totals.uploaded
            + engine.report.totals.deleted
            + engine.report.totals.adopted
        )
        sent = engine.report.totals.uploaded_bytes + sum(list(daemon.sending.values()))
        self._bar(f"{plural(done, 'file')} done, {engine.pending} to go, {human_size(sent)} sent")


@contextmanager
def _shown_progress(quiet: bool) -> Iterator[_Progress]:
    if quiet or not sys.stdout.isatty():
        yield _Progress(quiet, print, lambda _: None)
        return
    from rich.console import Console

    console = Console(highlight=False)
    with console.status("comparing both sides") as status:
        yield _Progress(
            quiet, lambda line: console.print(line, markup=False), lambda text: status.update(text)
        )
