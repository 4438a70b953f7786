"""Options that many commands have, each defined once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])

Volume = Literal["quiet", "normal", "verbose"]
"""How much a person wants to be told."""


def _or_above(ctx: click.Context, _parameter: click.Parameter, given: str | None) -> str | None:
    """Of a command in a group, the option may stand before or after its name."""
    return given or (ctx.parent.params.get("config_path") if ctx.parent else None)


config_option = click.option(
    "--config",
    "config_path",
    metavar="FILE",
    callback=_or_above,
    help="The configuration; otherwise jatossync.yaml here or in a folder above, or "
    "~/.config/jatossync/config.yaml.",
)

json_option = click.option("--json", "as_json", is_flag=True, help="JSON, for scripts.")

yes_option = click.option("-y", "--yes", is_flag=True, help="Do not ask.")

log_format_option = click.option(
    "--log-format",
    type=click.Choice(["auto", "console", "json", "journal"]),
    metavar="FORM",
    help="The log's lines as auto, console, json or journal, instead of the configured form.",
)


def volume_options(command: Command) -> Command:
    """Give a command `-q` and `-v`; it is called with `volume`."""
    quiet = click.option(
        "-q",
        "--quiet",
        "volume",
        flag_value="quiet",
        default="normal",
        help="Say only what a person should look at.",
    )
    verbose = click.option(
        "-v",
        "--verbose",
        "volume",
        flag_value="verbose",
        default="normal",
        help="Say all: every file, also what is of no consequence.",
    )
    return quiet(verbose(command))
