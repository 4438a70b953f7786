"""`jatossync token`: how long it is good for, and a new one in its place."""

from __future__ import annotations

import os
import sys
from contextlib import closing

import click

from jatossync.cli.options import config_option, json_option
from jatossync.cli.own_files import PRIVATE, replace
from jatossync.cli.saying import done, note, short, tell_json
from jatossync.cli.setup import jatos_of, read_config, read_token
from jatossync.cli.terminal import can_ask
from jatossync.cli.tokens import WHERE_TO_MAKE_ONE, accepted, expires_soon, good_for
from jatossync.config import Config
from jatossync.errors import ConfigError, Denied
from jatossync.remote.parse import Who
from jatossync.remote.token import Token, check


@click.command("token")
@config_option
@click.option("--new", is_flag=True, help="Put in a new token: asked for, or from standard input.")
@json_option
def command(config_path: str | None, new: bool, as_json: bool) -> int:
    """Show how long the token is good for, or put in a new one.

    A new token is checked before it replaces the old one. It is never an argument, which other
    users of this computer could read.

    \b
    Examples:
      jatossync token
      jatossync token --new
    """
    config = read_config(config_path)
    if new:
        return _renew(config, as_json)
    try:
        token = read_token(config)
        who = _accepted(config, token)
    except (ConfigError, Denied) as exc:
        exc.hint = f"{WHERE_TO_MAKE_ONE}\n  → Then type: jatossync token --new"
        raise
    _tell(who, token.source, as_json)
    if expires_soon(who.expires_ms) and not as_json:
        note(f"  → {WHERE_TO_MAKE_ONE}")
        note("  → Then type: jatossync token --new")
    return 0


def _renew(config: Config, as_json: bool) -> int:
    path = _place(config)
    if can_ask():
        note(WHERE_TO_MAKE_ONE)
        given: str = click.prompt("New token (not shown while you paste it)", hide_input=True)
        token = Token(given, "the prompt")
    else:
        token = Token(sys.stdin.read(), "standard input")
    check(token)
    who = _accepted(config, token)
    replace(path, token.reveal() + "\n", PRIVATE)
    _tell(who, f"token_file {short(path)}", as_json)
    return 0


def _place(config: Config) -> str:
    """
    The file that a new token goes into.

    Raises:
        ConfigError: The token comes from somewhere else.
    """
    if config.token_file and not os.environ.get("CREDENTIALS_DIRECTORY"):
        return config.token_file
    raise ConfigError(
        "the token does not come from a file that jatossync may write",
        f"Put the new one where the old one is, or name a token_file in {config.path}.",
    )


def _accepted(config: Config, token: Token) -> Who:
    with closing(jatos_of(config, token, workers=1)) as jatos:
        return accepted(jatos)


def _tell(who: Who, source: str, as_json: bool) -> None:
    if as_json:
        expires_at = who.expires_ms / 1000 or None
        tell_json({"source": source, "user": who.username, "token_expires_at": expires_at})
        return
    user = f" of {who.username}" if who.username else ""
    done(f"the token{user} is accepted, {good_for(who.expires_ms)}")
    note(f"  from {source}")
