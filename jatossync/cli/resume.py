"""`jatossync resume`: go on after `pause`."""

from __future__ import annotations

import click

from jatossync.cli.asking import START_IT, places
from jatossync.cli.options import Volume, config_option, json_option, volume_options
from jatossync.cli.pause import set_pause
from jatossync.cli.saying import note, tell_json
from jatossync.cli.words import plural
from jatossync.core.status import Status


@click.command("resume")
@config_option
@volume_options
@json_option
def command(config_path: str | None, volume: Volume, as_json: bool) -> int:
    """Go on after `jatossync pause`: what has piled up is sent.

    \b
    Example:
      jatossync resume
    """
    told = set_pause(places(config_path), False)
    if as_json:
        tell_json(told.to_json())
    elif volume != "quiet":
        note(_said(told))
    return 0


def _said(told: Status) -> str:
    if told.state == "not running":
        return f"No longer paused, but none runs now.\n  → {START_IT}"
    if told.pending:
        return f"Going on: {plural(told.pending, 'change')} to send."
    return "Going on: nothing has piled up."
