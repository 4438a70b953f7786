"""`jatossync run`: the daemon in the foreground."""

from __future__ import annotations

import faulthandler
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from jatossync import log
from jatossync.cli.options import Volume, config_option, log_format_option, volume_options
from jatossync.cli.setup import opened, read_config
from jatossync.config import Config
from jatossync.core.report import Event
from jatossync.daemon import Daemon
from jatossync.errors import JatossyncError
from jatossync.log import escaped, redact
from jatossync.service.notify import Notifier

SHOWN = 5
"""So many of the files that are left undone are named."""


@click.command("run")
@config_option
@log_format_option
@volume_options
def command(config_path: str | None, log_format: str | None, volume: Volume) -> int:
    """Keep JATOS up to date while you work, until Ctrl-C.

    \b
    Example:
      jatossync run
    """
    notifier = Notifier.from_environment()
    if notifier.watched:  # what a watchdog aborts leaves in the journal where it hung
        faulthandler.enable()
    with told_of_failure(notifier):
        _run(config_path, log_format, volume, notifier)
    return 0


def _run(
    config_path: str | None, log_format: str | None, volume: Volume, notifier: Notifier
) -> None:
    config = read_config(config_path)
    say = logger(config, log_format, volume)
    with opened(config, alone=True) as sides:
        daemon = Daemon(sides, say, notifier=notifier)
        say(Event("started", fields={"folder": sides.folder.path, "server": config.server}))
        with stopped_by_signals(daemon.stop):
            daemon.run(watch=True)
        say(stopped(daemon))
        notifier.status("stopped")


@contextmanager
def told_of_failure(notifier: Notifier) -> Iterator[None]:
    """What ends the daemon is said in `systemctl status` too, with how to start it again."""
    try:
        yield
    except JatossyncError as exc:
        then = f"then: {notifier.restart}" if notifier.restart else ""
        notifier.status(redact(" → ".join(filter(None, (exc.message, exc.hint, then)))))
        raise


def stopped(daemon: Daemon) -> Event:
    """That it ended, with what was left undone."""
    left = sorted(escaped(path or "all below the folder") for path in daemon.engine.undone)
    if not left:
        return Event("stopped")
    names = ", ".join(left[:SHOWN]) + (f" and {len(left) - SHOWN} more" if left[SHOWN:] else "")
    then = "`jatossync resume` lets them go" if daemon.engine.paused else "the next start goes on"
    reason = f"not done yet: {names}; no file is half there, {then}"
    return Event("stopped", "warning", {"reason": reason, "pending": len(left)})


def logger(
    config: Config, log_format: str | None = None, volume: Volume = "normal"
) -> Callable[[Event], None]:
    """Set up the log as configured; what is returned writes one event to it."""
    level = {"quiet": "warning", "normal": config.log.level, "verbose": "debug"}[volume]
    log.setup(level, log_format or config.log.format, sys.stderr)
    return lambda event: log.say(event.level, event.name, **event.fields)


@contextmanager
def stopped_by_signals(stop: Callable[[], None]) -> Iterator[None]:
    """
    Ctrl-C, SIGTERM and a terminal that hangs up call `stop`; a second one has its usual effect.

    What is ignored stays so: `nohup` and shells that put a job into the background do that.
    """
    previous: dict[int, Any] = {}

    def handle(number: int, _frame: object) -> None:
        signal.signal(number, previous[number])
        stop()

    hung_up = getattr(signal, "SIGHUP", signal.SIGTERM)  # Windows has none
    for number in {signal.SIGINT, signal.SIGTERM, hung_up}:
        if number != hung_up or signal.getsignal(number) is not signal.SIG_IGN:
            previous[number] = signal.signal(number, handle)
    try:
        yield
    finally:
        for caught, handler in previous.items():
            signal.signal(caught, handler)
