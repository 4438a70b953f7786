"""`jatossync status`: is it in sync, what is going on, what needs a person?"""

from __future__ import annotations

import sys
import time

import click

from jatossync.cli import exits
from jatossync.cli.asking import places, status
from jatossync.cli.options import Volume, config_option, json_option, volume_options
from jatossync.cli.paths import Standing
from jatossync.cli.saying import tell_json
from jatossync.cli.telling import View, screen, show
from jatossync.cli.terminal import can_redraw
from jatossync.config import Places
from jatossync.core.status import Status

REFRESH_S = 1.0

_CLEAR = "\033[H\033[J"
"""The screen alone: what has scrolled away is the user's."""


@click.command("status")
@config_option
@volume_options
@json_option
@click.option("--watch", is_flag=True, help="Show it anew when it changes, until Ctrl-C.")
def command(config_path: str | None, volume: Volume, as_json: bool, watch: bool) -> int:
    """Say whether both sides are in sync, what is going on, and what needs you.

    Exits with 0 where they are in sync, with 2 where they are not, or where nobody can say because
    no jatossync runs. With -v every file has its line, with -q nothing is said where all is well.

    \b
    Example:
      jatossync status --watch
    """
    where = places(config_path)
    view = View(Standing(where.folder), volume)
    if watch:
        return _watch(where, view, as_json)
    told = status(where)
    _print(told, view, as_json)
    return _code(told)


def _watch(where: Places, view: View, as_json: bool) -> int:
    last: Status | None = None
    try:
        while True:
            told = status(where)
            if last is None or _differs(told, last):
                if not as_json and can_redraw(sys.stdout):
                    click.echo(_CLEAR, nl=False)
                _print(told, view, as_json, indent=None)
            last = told
            time.sleep(REFRESH_S)
    except KeyboardInterrupt:
        return _code(last) if last is not None else exits.DIFFERENCES


def _differs(told: Status, last: Status) -> bool:
    return told.to_json() | {"at": 0} != last.to_json() | {"at": 0}


def _print(told: Status, view: View, as_json: bool, indent: int | None = 1) -> None:
    if as_json:
        tell_json(told.to_json(), indent=indent)
    elif view.volume != "quiet" or not told.in_sync:
        show(screen(told, view))


def _code(told: Status) -> int:
    return 0 if told.in_sync else exits.DIFFERENCES
