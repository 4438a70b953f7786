"""remote/spellings.py: names that JATOS may take for one; what cannot be found out is no yes."""

from __future__ import annotations

import pytest

from jatossync.core.jobs import Stopped, Unavailable
from jatossync.core.model import Seen
from jatossync.core.paths import RelPath
from jatossync.remote.spellings import Spellings
from tests.remote.conftest import Study

UPPER, LOWER = RelPath("A.txt"), RelPath("a.txt")


@pytest.fixture
def spellings(study: Study) -> Spellings:
    return Spellings(study.assets)


def seen(study: Study, path: RelPath) -> Seen:
    found = study.assets.look(path)
    assert isinstance(found, Seen)
    return found


def test_two_files_of_a_jatos_that_tells_them_apart_are_two(
    study: Study, spellings: Spellings
) -> None:
    study.put("A.txt", b"same")
    study.put("a.txt", b"same")
    assert spellings.are_one(UPPER, seen(study, UPPER), LOWER) is False
    study.put("a.txt", b"another")
    assert spellings.are_one(UPPER, seen(study, UPPER), LOWER) is False
    assert spellings.goes_with(UPPER, LOWER) is False


def test_a_name_that_jatos_does_not_have_is_gone_whatever_its_twin_is(
    study: Study, spellings: Spellings
) -> None:
    study.put("a.txt", b"1")
    assert spellings.goes_with(UPPER, LOWER) is True


@pytest.mark.parametrize(
    ("fault", "kind"), [("status:503", Unavailable), ("drop", Unavailable), ("api off", Stopped)]
)
def test_a_jatos_that_gives_no_answer_says_neither_yes_nor_no(
    study: Study, spellings: Spellings, fault: str, kind: type
) -> None:
    study.put("A.txt", b"same")
    own = seen(study, UPPER)
    if fault == "api off":
        study.emulator.change_api(allowed=False)
    else:
        study.emulator.faults([{"do": fault}])
    one = spellings.are_one(UPPER, own, LOWER)
    assert isinstance(one, kind), one
    gone = spellings.goes_with(UPPER, LOWER)
    assert gone is None or isinstance(gone, kind), gone


def test_a_look_that_fails_after_the_listing_says_neither_yes_nor_no(
    study: Study, spellings: Spellings
) -> None:
    study.put("A.txt", b"same")
    own = seen(study, UPPER)
    study.emulator.faults([{"path": "*a.txt", "do": "status:500"}])
    assert spellings.are_one(UPPER, own, LOWER) is None
    assert spellings.goes_with(UPPER, LOWER) is None
