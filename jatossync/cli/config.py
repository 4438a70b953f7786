"""`jatossync config`: the options in effect, and their schema."""

from __future__ import annotations

import json
import sys

import click

from jatossync.cli.options import config_option, json_option
from jatossync.cli.saying import short, tell_json
from jatossync.cli.terminal import fitted
from jatossync.config import find_config
from jatossync.config.effective import effective
from jatossync.config.schema import schema
from jatossync.config.writing import example
from jatossync.log import escaped


@click.group("config")
def command() -> None:
    """Show the options in effect, or their schema for editors.

    \b
    Example:
      jatossync config show
    """


@command.command("show", short_help="Show every option and where it comes from.")
@config_option
@json_option
def show(config_path: str | None, as_json: bool) -> None:
    """Show the value of every option and where it comes from, without secrets.

    \b
    Example:
      jatossync config show
    """
    config, options = effective(find_config(config_path))
    if as_json:
        told = {each.name: {"value": each.value, "source": each.source} for each in options}
        tell_json({"config": config.path, "options": told})
        return
    click.echo(escaped(short(config.path)))
    names = max(len(each.name) for each in options)
    sources = max(len(each.source) for each in options)
    for each in options:
        source = f"{each.source:<{sources}}"
        begin = f"  {each.name:<{names}}  {source}  "
        line = fitted(begin + _shown(each.value), sys.stdout, len(begin) * " ")
        click.echo(line.replace(source, click.style(source, dim=each.source == "default"), 1))


@command.command("schema")
def show_schema() -> None:
    """Print the configuration's JSON schema.

    Many editors complete and check a configuration that begins with the line

    \b
      # yaml-language-server: $schema=jatossync.schema.json

    \b
    Example:
      jatossync config schema > jatossync.schema.json
    """
    click.echo(schema(example()), nl=False)


def _shown(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return escaped(json.dumps(value, ensure_ascii=False))
    return escaped(short(str(value)))
