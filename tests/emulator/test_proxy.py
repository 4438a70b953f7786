"""Web servers in front of JATOS that change paths."""

import httpx
import pytest

from tests.emulator.asking import asset, upload
from tests.emulator.handle import Emulator

# Everything in a name that a proxy could change; the same as a client would try.
AWKWARD = "probe +%25&=;,@!'()[]{}~$^#ä 😀.txt"


def _understood(api: httpx.Client, emulator: Emulator, path: str) -> str:
    """The path that JATOS's own 404 names."""
    answer = api.get(asset(emulator, path))
    assert answer.status_code == 404
    message: str = answer.json()["error"]["message"]
    return message.removeprefix("File '").removesuffix("' couldn't be found.")


def test_without_a_proxy_every_character_arrives(emulator: Emulator, api: httpx.Client) -> None:
    assert _understood(api, emulator, AWKWARD) == AWKWARD


@pytest.mark.parametrize("proxy", ["canonical", "apache-rewrite"])
def test_a_canonical_proxy_turns_a_plus_into_a_space_and_nothing_else(
    emulator: Emulator, api: httpx.Client, proxy: str
) -> None:
    emulator.change_api(proxy=proxy)
    assert _understood(api, emulator, AWKWARD) == AWKWARD.replace("+", " ")


def test_behind_a_canonical_proxy_an_upload_lands_on_another_name(
    emulator: Emulator, api: httpx.Client
) -> None:
    emulator.change_api(proxy="canonical")
    upload(api, emulator, "a+b.txt")
    assert emulator.files().keys() == {"a b.txt"}
    assert api.delete(asset(emulator, "a+b.txt")).status_code == 200
    assert emulator.files() == {}


def test_apache_with_a_rewrite_rule_forbids_an_encoded_question_mark(
    emulator: Emulator, api: httpx.Client
) -> None:
    emulator.change_api(proxy="apache-rewrite")
    answer = api.get(asset(emulator, "what?.txt"))
    assert answer.status_code == 403
    assert answer.headers["content-type"] == "text/html"
    assert api.get(asset(emulator, "structure"), params={"flatten": "true"}).status_code == 200


def test_the_canonical_proxy_passes_an_encoded_question_mark_on(
    emulator: Emulator, api: httpx.Client
) -> None:
    emulator.change_api(proxy="canonical")
    answer = api.get(asset(emulator, "what?.txt"))
    assert answer.json()["error"]["code"] == "IO_ERROR"
