"""The token for a new configuration: given, found where it lies already, or asked for."""

from __future__ import annotations

import os
import re
import sys
from contextlib import closing
from dataclasses import dataclass
from urllib.parse import urlsplit

from jatossync.cli.init.asking import ask
from jatossync.cli.saying import done, note
from jatossync.cli.tokens import WHERE_TO_MAKE_ONE, accepted, good_for
from jatossync.errors import ConfigError, Denied, JatossyncError
from jatossync.remote import token as tokens
from jatossync.remote.client import Jatos
from jatossync.remote.route import Route
from jatossync.remote.token import Token

PLACE = "~/.config/jatossync/token"
STANDARD_INPUT = "-"
VARIABLE = "JATOSSYNC_TOKEN"


@dataclass(frozen=True)
class NewToken:
    """A token that this JATOS accepts."""

    token: Token
    path: str
    """The file that holds it, or is going to."""
    is_new: bool
    """Whether that file is still to be written."""


def find_token(server: str, route: Route, source: str | None) -> NewToken:
    """
    The token: from the file or the environment, from its usual place, or from the user.

    Args:
        source: A file that holds it, - for standard input, None where none is named.

    Raises:
        ConfigError: What was given is no token.
        Denied: JATOS does not accept it.
    """
    if source and source != STANDARD_INPUT:
        path = os.path.abspath(os.path.expanduser(source))
        return NewToken(_checked(server, route, _in_file(path)), path, is_new=False)
    if source:
        return _placed(server, _checked(server, route, Token(sys.stdin.read(), "standard input")))
    if given := os.environ.get(VARIABLE):
        return _placed(server, _checked(server, route, Token(given, f"${VARIABLE}")))
    return _known(server, route) or _placed(server, _asked(server, route))


def _asked(server: str, route: Route) -> Token:
    note(f"\nA token lets jatossync act for you. {WHERE_TO_MAKE_ONE}")
    return ask(
        "--token-file FILE",
        "Token (not shown while you paste it)",
        lambda text: _checked(server, route, _pasted(text)),
        None,
        hidden=True,
        missing=f"or pipe the token into --token-file -, or put it into ${VARIABLE}",
    )


def _pasted(text: str) -> Token:
    token = Token(text, "the prompt")
    if fault := token.fault():
        raise ConfigError(f"this is no token: {fault}", "Copy it once more.")
    return token


def _checked(server: str, route: Route, token: Token) -> Token:
    """The token, well-formed and accepted."""
    tokens.check(token)
    with closing(Jatos(server, token, 1, route)) as jatos:
        who = accepted(jatos)
    user = f" of {who.username}" if who.username else ""
    done(f"the token{user} is accepted, {good_for(who.expires_ms)}")
    return token


def _known(server: str, route: Route) -> NewToken | None:
    """The token that lies in its usual place, if this JATOS accepts it."""
    for path in _places(server):
        if os.path.lexists(path):
            try:
                return NewToken(_checked(server, route, _in_file(path)), path, is_new=False)
            except (ConfigError, Denied):
                continue
    return None


def _placed(server: str, token: Token) -> NewToken:
    """Where the token is going to lie; what holds another one is left as it is."""
    for path in _places(server):
        if not os.path.lexists(path):
            return NewToken(token, path, is_new=True)
        try:
            if _in_file(path).reveal() == token.reveal():
                return NewToken(token, path, is_new=False)
        except JatossyncError:
            continue
    raise ConfigError(
        f"another token lies in {PLACE} already, and is left as it is",
        "Put the new one there with `jatossync token --new`, or into a file of its own: "
        "--token-file FILE",
    )


def _in_file(path: str) -> Token:
    return tokens.find_token(path, None, {})[0]


def _places(server: str) -> list[str]:
    """The usual one, and one for this server where that is taken."""
    place = os.path.expanduser(PLACE)
    return [place, f"{place}-{re.sub(r'[^A-Za-z0-9.-]+', '-', urlsplit(server).netloc)}"]
