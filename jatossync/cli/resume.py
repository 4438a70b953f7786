"""`jatossync resume`: go on after `pause`."""

from __future__ import annotations

import json

import click

from jatossync.cli.asking import START_IT, places
from jatossync.cli.options import config_option, json_option
from jatossync.cli.pause import set_pause
from jatossync.cli.words import plural
from jatossync.core.status import Status


@click.command("resume")
@config_option
@json_option
def command(config_path: str | None, as_json: bool) -> int:
    """Go on after `jatossync pause`: what has piled up is sent.

    \b
    Example:
      jatossync resume
    """
    told = set_pause(places(config_path), False)
    if as_json:
        click.echo(json.dumps(told.to_json(), ensure_ascii=False, indent=1))
    else:
        click.echo(_said(told))
    return 0


def _said(told: Status) -> str:
    if told.state == "not running":
        return f"No longer paused, but none runs now.\n  → {START_IT}"
    if told.pending:
        return f"Going on: {plural(told.pending, 'change')} to send."
    return "Going on: nothing has piled up."
