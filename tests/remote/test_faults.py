"""
Every kind of answer and accident, for every kind of request, over real HTTP.

One row each: what the emulator is told to do, and what the four calls that mirror a file say. The
meaning of JATOS's own answers, recorded, stands in test_answers.py.
"""

from __future__ import annotations

import pytest

from jatossync.core.jobs import NoListing, Refused, Server, Stop, Stopped, Unavailable
from jatossync.core.paths import Dialect, RelPath
from tests.remote.conftest import Study, delete_job

ALL = "server"
PATH = "path"
SIGN_IN = "sign-in"
TOKEN = "token"
NO_JATOS = "no JATOS"
NO_LIST = "no listing"

ROWS = {
    # what happens: upload, delete, look, listing
    "drop": (ALL, ALL, ALL, ALL),
    "lose": (ALL, ALL, ALL, ALL),
    "cut": (ALL, ALL, ALL, ALL),
    "status:408": (ALL, ALL, ALL, ALL),
    "status:429": (ALL, ALL, ALL, ALL),
    "status:502": (ALL, ALL, ALL, ALL),
    "status:503": (ALL, ALL, ALL, ALL),
    "status:504": (ALL, ALL, ALL, NO_LIST),
    "status:520": (ALL, ALL, ALL, ALL),
    "status:524": (ALL, ALL, ALL, NO_LIST),
    "status:200": (NO_JATOS, NO_JATOS, NO_JATOS, NO_JATOS),
    "status:201": (NO_JATOS, NO_JATOS, PATH, NO_LIST),
    "status:301": (SIGN_IN, SIGN_IN, SIGN_IN, SIGN_IN),
    "status:302": (SIGN_IN, SIGN_IN, SIGN_IN, SIGN_IN),
    "status:307": (SIGN_IN, SIGN_IN, SIGN_IN, SIGN_IN),
    "status:400": (PATH, PATH, PATH, NO_LIST),
    "status:401": (SIGN_IN, SIGN_IN, SIGN_IN, SIGN_IN),
    "status:403": (PATH, PATH, PATH, NO_LIST),
    "status:404": (PATH, PATH, PATH, NO_LIST),
    "status:406": (PATH, PATH, PATH, NO_LIST),
    "status:413": (PATH, PATH, PATH, NO_LIST),
    "status:414": (PATH, PATH, PATH, NO_LIST),
    "status:418": (PATH, PATH, PATH, NO_LIST),
    "status:451": (PATH, PATH, PATH, NO_LIST),
    "status:500": (PATH, PATH, PATH, ALL),
    "status:501": (PATH, PATH, PATH, NO_LIST),
    "status:599": (PATH, PATH, PATH, NO_LIST),
}


def meaning(outcome: object) -> str:
    match outcome:
        case Unavailable(not_jatos=True):
            return NO_JATOS
        case Unavailable():
            return ALL
        case Stopped(stop=Stop.NOT_SIGNED_IN):
            return SIGN_IN
        case Stopped(stop=Stop.TOKEN):
            return TOKEN
        case Refused():
            return PATH
        case NoListing():
            return NO_LIST
    return type(outcome).__name__


@pytest.fixture
def mirrored(study: Study) -> Study:
    """A study with two files of ours on JATOS."""
    study.put("a.txt", b"1")
    study.put("b.txt", b"1")
    return study


@pytest.mark.parametrize("fault", ROWS)
def test_every_accident_has_one_meaning_for_every_request(mirrored: Study, fault: str) -> None:
    rule = {"path": "*/assets/*", "do": fault}
    if mirrored.server.dialect is Dialect.LEGACY and mirrored.server.api_version == "1.0.0":
        pytest.skip("3.8.1 has no listing; its other answers are those of 3.9")
    mirrored.emulator.faults([rule])
    found = (
        mirrored.upload("c.txt", b"1", look=False),
        mirrored.assets.delete(delete_job("a.txt", b"1", look=False), lambda: None),
        mirrored.assets.look(RelPath("b.txt")),
        mirrored.assets.listing(),
    )
    assert tuple(map(meaning, found)) == ROWS[fault]
    for outcome in found:
        assert isinstance(outcome, Refused | Unavailable | Stopped | NoListing)
        assert outcome.reason[0].isupper()
        assert "\n" not in outcome.reason
    mirrored.emulator.faults([])
    lost = fault in ("lose", "cut")
    assert ("c.txt" in mirrored.emulator.files()) == lost
    assert ("a.txt" in mirrored.emulator.files()) == (not lost)


@pytest.mark.parametrize("fault", ["drop", "cut", "status:502", "status:504", "status:403"])
def test_an_accident_of_the_question_is_one_of_the_server(study: Study, fault: str) -> None:
    study.emulator.faults([{"path": "*", "do": fault}])
    found = study.jatos.ask(study.server.study_uuid)
    assert meaning(found) == ALL
    study.emulator.faults([])
    assert isinstance(study.jatos.ask(study.server.study_uuid), Server)
