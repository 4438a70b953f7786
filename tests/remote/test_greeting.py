"""remote/greeting.py: whether a JATOS is there, before it is shown any token."""

from __future__ import annotations

import pytest

from jatossync.core.jobs import Stopped, Unavailable
from jatossync.remote.greeting import greet
from jatossync.remote.route import Route
from tests.emulator.handle import Emulator
from tests.remote.odd_server import http, odd_server, saying

HTML = "Content-Type: text/html"


def test_a_jatos_of_any_version_may_be_there(running: Emulator) -> None:
    assert greet(running.url, Route()) is None


@pytest.mark.parametrize(
    ("answer", "there"),
    [
        (http("401 Unauthorized", b"{}", "Content-Type: application/json"), True),
        (http("303 See Other", b"", "Location: /jatos/signin"), True),
        (http("303 See Other", b"", "Location: https://sso.example.org/jatos/login?x=1"), True),
        (http("303 See Other", b"", "Location: https://portal.example.org/"), False),
        (http("403 Forbidden", b"<html>", HTML), False),
        (http("200 OK", b"<html>hello", HTML), False),
        (http("503 Service Unavailable", b"", HTML), False),
    ],
)
def test_only_answers_of_a_jatos_are_taken_for_one(answer: bytes, there: bool) -> None:
    with odd_server(saying(answer)) as url:
        found = greet(url, Route())
    assert (found is None) is there, found
    assert found is None or isinstance(found, Unavailable | Stopped)


def test_a_page_that_is_no_error_is_not_called_one() -> None:
    with odd_server(saying(http("200 OK", b"{}", "Content-Type: application/json"))) as url:
        found = greet(url, Route())
    assert found is not None
    assert "not as a JATOS does" in found.reason
