"""File systems that do not tell all names apart."""

import unicodedata
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx
import pytest

from tests.emulator.asking import asset, connect, listing, upload, upload_head
from tests.emulator.conftest import StartEmulator
from tests.emulator.handle import Emulator

COMPOSED = "größe.txt"
DECOMPOSED = unicodedata.normalize("NFD", COMPOSED)
Served = tuple[Emulator, httpx.Client]


@pytest.fixture
def serve(start: StartEmulator) -> Iterator[Callable[[str], Served]]:
    with ExitStack() as clients:

        def served(names: str) -> Served:
            emulator = start(names=names)
            headers = {"Authorization": f"Bearer {emulator.token}"}
            client = httpx.Client(base_url=emulator.api, headers=headers, trust_env=False)
            return emulator, clients.enter_context(client)

        yield served


def test_exact_names_are_all_different(serve: Callable[[str], Served]) -> None:
    emulator, api = serve("exact")
    for path in ("a.txt", "A.txt", COMPOSED, DECOMPOSED):
        assert upload(api, emulator, path).status_code == 201
    assert len(listing(api, emulator)) == 4


def test_folding_finds_a_file_in_any_spelling(serve: Callable[[str], Served]) -> None:
    emulator, api = serve("fold")
    upload(api, emulator, f"Img/{COMPOSED}", b"1")
    for path in (f"img/{COMPOSED.upper()}", f"IMG/{DECOMPOSED}"):
        assert api.head(asset(emulator, path)).status_code == 200
        assert api.get(asset(emulator, path)).content == b"1"
    assert api.head(asset(emulator, "img/other.txt")).status_code == 404


def test_folding_overwrites_and_takes_the_new_spelling_of_the_file_only(
    serve: Callable[[str], Served],
) -> None:
    emulator, api = serve("fold")
    upload(api, emulator, "Img/Cat.png", b"1")
    assert upload(api, emulator, "IMG/cat.PNG", b"2").status_code == 200
    assert emulator.files() == {"Img/cat.PNG": b"2"}
    assert listing(api, emulator).keys() == {"Img/cat.PNG"}


def test_folding_deletes_in_any_spelling(serve: Callable[[str], Served]) -> None:
    emulator, api = serve("fold")
    upload(api, emulator, "A.txt")
    assert api.delete(asset(emulator, "a.TXT")).status_code == 200
    assert emulator.files() == {}


def test_folding_fails_two_uploads_of_two_spellings_at_a_time(
    serve: Callable[[str], Served],
) -> None:
    emulator, api = serve("fold")
    with connect(emulator) as slow:
        slow.sendall(upload_head(emulator, "A.txt", 1000))
        while not emulator.requests():
            pass  # until the first one has arrived
        assert upload(api, emulator, "a.txt").status_code == 500


def test_decomposing_lists_other_names_than_were_sent(serve: Callable[[str], Served]) -> None:
    emulator, api = serve("nfd")
    assert upload(api, emulator, COMPOSED, b"1").status_code == 201
    assert upload(api, emulator, DECOMPOSED, b"2").status_code == 200
    assert listing(api, emulator).keys() == {DECOMPOSED}
    assert api.get(asset(emulator, COMPOSED)).content == b"2"
    assert api.delete(asset(emulator, COMPOSED)).status_code == 200
    assert emulator.files() == {}


def test_decomposing_still_tells_upper_and_lower_case_apart(
    serve: Callable[[str], Served],
) -> None:
    emulator, api = serve("nfd")
    upload(api, emulator, "A.txt")
    assert api.head(asset(emulator, "a.txt")).status_code == 404
