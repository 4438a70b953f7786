"""From what somebody types or copies as JATOS's address to its base URL."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import urlsplit

from jatossync.cli.init.asking import ask
from jatossync.cli.saying import done, note
from jatossync.config import values
from jatossync.errors import ConfigError, Unreachable
from jatossync.remote.greeting import greet
from jatossync.remote.route import Route


class Found(NamedTuple):
    """A JATOS that answers."""

    url: str
    study: str | None
    """The study whose page's address was given."""
    allow_http: bool


class Written(NamedTuple):
    """What an address can mean."""

    candidates: list[str]
    """Base URLs, the likeliest first."""
    study: str | None


def find_server(given: str | None, route: Route, allow_http: bool) -> Found:
    """
    The server, asked for where it is not given.

    Raises:
        ConfigError: What was given is no address.
        Unreachable: No JATOS answers there.
    """
    if given is None:
        note("Where is your JATOS? Its address, as in your browser: https://jatos.example.org")
    found = ask("--server URL", "Server", lambda text: _find(text, route, allow_http), given)
    done(f"{found.url} is a JATOS")
    return found


def _find(given: str, route: Route, allow_http: bool) -> Found:
    written = understood(given)
    why: list[str] = []
    for candidate in written.candidates:
        trouble = greet(candidate, route)
        if trouble is not None:
            why.append(trouble.reason)
            continue
        plain = _is_plain(candidate)
        if plain and not allow_http:
            raise ConfigError(
                f"JATOS answers at {candidate}, where everybody on the way could read your token; "
                f"and not over https ({why[0]})",
                "Ask whoever runs it for https. If you want it all the same: --allow-http",
            )
        return Found(candidate, written.study, plain)
    raise Unreachable(
        f"no JATOS is found at {written.candidates[0]}: {why[0]}",
        "Open your JATOS in a browser and copy its address. Some servers need a VPN.",
    )


def understood(given: str) -> Written:
    """
    The base URLs that an address can mean, and the study whose page it is.

    A forgotten https://, the address of any of JATOS's pages, and http where there is https are
    all understood.

    Raises:
        ConfigError: It is no address.
    """
    match = _SCHEME.fullmatch(given.strip())
    assert match, "everything matches"
    scheme = (match[1] or "").lower()
    address = re.split("[?#]", match[2])[0].rstrip("/")
    page = _PAGE.fullmatch(address)
    try:
        url = values.server(f"https://{page[1] if page else address}")[0]
    except ValueError as exc:
        raise ConfigError(f"the server's address cannot be used: {exc}") from None
    base = url.removeprefix("https://")
    local = values.is_loopback(urlsplit(url).hostname or "")
    schemes = [scheme or "http"] if local else ["https"] if scheme == "https" else ["https", "http"]
    return Written([f"{each}://{base}" for each in schemes], page["study"] if page else None)


_SCHEME = re.compile(r"(?:(https?)\s*(?::/*|//+))?(.*)", re.IGNORECASE | re.DOTALL)
"""Also `https:/` and `http//`."""

_PAGE = re.compile(r"(.+?)/(?:jatos(?:/(?P<study>[1-9][0-9]*))?|publix)(?:/.*)?")
"""What stands before `/jatos/42`, `/jatos/signin`, `/publix/…`."""


def _is_plain(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "http" and not values.is_loopback(parts.hostname or "")
