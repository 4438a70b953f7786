"""The token for a new configuration: given, found where it lies already, or asked for."""

from __future__ import annotations

import os
import re
import sys
from contextlib import closing
from dataclasses import dataclass
from urllib.parse import urlsplit

from jatossync.cli.init.asking import ask
from jatossync.cli.saying import done, note, short
from jatossync.cli.tokens import WHERE_TO_MAKE_ONE, accepted, good_for
from jatossync.errors import ConfigError, Denied
from jatossync.remote import token as tokens
from jatossync.remote.client import Jatos
from jatossync.remote.parse import Who
from jatossync.remote.route import Route
from jatossync.remote.token import Token

PLACE = "~/.config/jatossync/token-{}"
"""Each server has its own: no JATOS is shown the token of another one."""
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
    replaces: bool = False
    """Whether one lies there that this JATOS accepts no longer, or never did."""


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
        given = Token(sys.stdin.read(), "standard input")
        return _placed(server, route, _checked(server, route, given))
    if text := os.environ.get(VARIABLE):
        return _placed(server, route, _checked(server, route, Token(text, f"${VARIABLE}")))
    return _known(server, route) or _placed(server, route, _asked(server, route))


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
    """
    The token, well-formed and accepted.

    Raises:
        ConfigError, Denied, Unreachable: It is not, or nobody can say.
    """
    tokens.check(token)
    who = _accepted(server, route, token)
    user = f" of {who.username}" if who.username else ""
    done(f"the token{user} is accepted, {good_for(who.expires_ms)}")
    return token


def _accepted(server: str, route: Route, token: Token) -> Who:
    with closing(Jatos(server, token, 1, route)) as jatos:
        return accepted(jatos)


def _known(server: str, route: Route) -> NewToken | None:
    """The token that lies in its usual place, if this JATOS accepts it."""
    path = _place(server)
    if not os.path.lexists(path):
        return None
    try:
        return NewToken(_checked(server, route, _in_file(path)), path, is_new=False)
    except (ConfigError, Denied) as exc:
        note(f"The token in {short(path)} cannot be used: {exc}")
        return None


def _placed(server: str, route: Route, token: Token) -> NewToken:
    """
    Where the token is going to lie.

    Raises:
        ConfigError: Another one that is still good lies there, and is left as it is.
    """
    path = _place(server)
    if not os.path.lexists(path):
        return NewToken(token, path, is_new=True)
    try:
        other = _in_file(path)
        if other.reveal() == token.reveal():
            return NewToken(token, path, is_new=False)
        _accepted(server, route, other)
    except (ConfigError, Denied):
        return NewToken(token, path, is_new=True, replaces=True)
    raise ConfigError(
        f"another token for this JATOS lies in {short(path)}, and is left as it is",
        "Remove it if it is not needed any more, or put the new one into a file of its own: "
        "--token-file FILE",
    )


def _in_file(path: str) -> Token:
    return tokens.find_token(path, None, {})[0]


def _place(server: str) -> str:
    """Where tokens for this server lie."""
    return os.path.expanduser(
        PLACE.format(re.sub(r"[^A-Za-z0-9.-]+", "-", urlsplit(server).netloc))
    )
