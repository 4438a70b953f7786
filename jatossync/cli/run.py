"""`jatossync run`: the daemon in the foreground."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from jatossync import log
from jatossync.cli.setup import config_option, opened, read_config
from jatossync.cli.terminal import Volume, volume_options
from jatossync.config import Config
from jatossync.core.report import Event
from jatossync.daemon import Daemon


@click.command("run")
@config_option
@click.option(
    "--log-format",
    type=click.Choice(["auto", "console", "json", "journal"]),
    help="The form of the lines, instead of the configured one.",
)
@volume_options
def command(config_path: str | None, log_format: str | None, volume: Volume) -> int:
    """Keep JATOS up to date while you work, until Ctrl-C.

    \b
    Example:
      jatossync run
    """
    config = read_config(config_path)
    say = logger(config, log_format, volume)
    with opened(config, alone=True) as sides:
        daemon = Daemon(sides, say)
        say(Event("started", fields={"folder": sides.folder.path, "server": config.server}))
        with stopped_by_signals(daemon.stop):
            daemon.run(watch=True)
        pending = daemon.engine.pending
        say(Event("stopped", fields={"pending": pending} if pending else {}))
    return 0


def logger(
    config: Config, log_format: str | None = None, volume: Volume = "normal"
) -> Callable[[Event], None]:
    """Set up the log as configured; what is returned writes one event to it."""
    level = {"quiet": "warning", "normal": config.log.level, "verbose": "debug"}[volume]
    log.setup(level, log_format or config.log.format, sys.stderr)
    logger = log.get_logger()

    def say(event: Event) -> None:
        getattr(logger, event.level)(event.name, **event.fields)

    return say


@contextmanager
def stopped_by_signals(stop: Callable[[], None]) -> Iterator[None]:
    """SIGINT and SIGTERM call `stop`; a second one has its usual effect."""
    previous: dict[int, Any] = {}

    def handle(number: int, _frame: object) -> None:
        signal.signal(number, previous[number])
        stop()

    for number in (signal.SIGINT, signal.SIGTERM):
        previous[number] = signal.signal(number, handle)
    try:
        yield
    finally:
        for caught, handler in previous.items():
            signal.signal(caught, handler)
