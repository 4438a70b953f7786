"""`jatossync pause`: send nothing for now."""

from __future__ import annotations

import click

from jatossync.cli.asking import answer, made_state, places, status, understood
from jatossync.cli.options import Volume, config_option, json_option, volume_options
from jatossync.cli.saying import note, tell_json
from jatossync.cli.words import plural
from jatossync.config import Places
from jatossync.core.status import Status
from jatossync.errors import NotRunning


@click.command("pause")
@config_option
@volume_options
@json_option
def command(config_path: str | None, volume: Volume, as_json: bool) -> int:
    """Send nothing and delete nothing on JATOS, until `jatossync resume`.

    Outlives a restart. Meanwhile both sides are still read and compared, and `jatossync status`
    says what has piled up.

    \b
    Example:
      jatossync pause
    """
    where = places(config_path)
    told = set_pause(where, True)
    if as_json:
        tell_json(told.to_json())
    elif volume != "quiet":
        note(f"Paused: nothing is sent until `jatossync resume`.{_piled_up(told)}")
    return 0


def set_pause(where: Places, paused: bool) -> Status:
    """Pause or go on, in the daemon that runs or for the next one; how it stands then."""
    try:
        return understood(answer(where, do="pause" if paused else "resume")["status"])
    except NotRunning:
        with made_state(where) as store:
            (store.memory.pause if paused else store.memory.resume)()
    return status(where)


def _piled_up(told: Status) -> str:
    if told.state == "not running":
        return "\nNone runs now; the next one begins paused."
    wait = "waits" if told.pending == 1 else "wait"
    return f"\n{plural(told.pending, 'change')} {wait}." if told.pending else ""
