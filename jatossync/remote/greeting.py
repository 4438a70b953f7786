"""
Whether a JATOS is at an address, asked without any token: a mistyped address gets none.

Source: jatos-api.md, Answers, "no Authorization header".
"""

from __future__ import annotations

from urllib.parse import urlsplit

from jatossync.core.jobs import Stopped, Unavailable
from jatossync.remote import answers
from jatossync.remote.answers import Asked
from jatossync.remote.route import Route
from jatossync.remote.wire import Wire

SIGN_IN_PAGES = ("/jatos/signin", "/jatos/login")
_ASKED = "/admin/token"


def greet(server: str, route: Route) -> Unavailable | Stopped | None:
    """
    Why no JATOS seems to be at the base URL `server`; None where one is, or may be.

    Raises:
        ConfigError: `server` is no plain http(s) URL, or the route's certificates cannot be used.
    """
    wire = Wire(server, None, 1, route)
    try:
        answer = wire.answer("GET", _ASKED)
    finally:
        wire.close()
    if isinstance(answer, Unavailable):
        return answer
    if answer.status in (401, 403) and not answer.is_html:
        return None
    if 300 <= answer.status < 400 and urlsplit(answer.location).path.endswith(SIGN_IN_PAGES):
        return None
    if answer.status == 200:
        return answers.not_jatos(answer)
    return answers.of_all(Asked.TOKEN, answer)
