"""remote/parse.py: a listing that is not understood is none: what it left out would be gone."""

from __future__ import annotations

import json

import pytest

from jatossync.core.model import Listing, Seen
from jatossync.remote.answers import Answer
from jatossync.remote.parse import Who, listing_of, studies_of, who_of

GOOD = {"type": "file", "path": "a.html", "size": 3, "checksum": 7, "lastModified": 9}


def saying(data: object) -> Answer:
    return Answer(
        200, "application/json", json.dumps({"apiVersion": "1.1.0", "data": data}).encode()
    )


def test_a_listing_is_its_files() -> None:
    found = listing_of(saying([{"type": "directory", "path": "d"}, GOOD]))
    assert isinstance(found, Listing)
    assert found.files == {"a.html": Seen(3, adler32=7, modified_ms=9)}


@pytest.mark.parametrize(
    "odd",
    [
        "a.html",
        None,
        GOOD | {"path": 7},
        GOOD | {"path": None},
        GOOD | {"size": None},
        GOOD | {"size": "3"},
    ],
)
def test_a_listing_with_one_entry_that_is_not_understood_is_none(odd: object) -> None:
    assert listing_of(saying([GOOD, odd])) is None


@pytest.mark.parametrize("data", [None, "files", {"a.html": 3}])
def test_what_is_no_list_is_no_listing_no_studies_and_nobody(data: object) -> None:
    assert listing_of(saying(data)) is None
    assert studies_of(saying(data)) is None
    assert who_of(saying(data if isinstance(data, str) else None)) is None


def test_of_the_studies_those_are_told_that_are_understood() -> None:
    uuid = "8f3c2d6e-0000-4000-8000-000000000000"
    good = {"id": 1, "uuid": uuid, "title": "Stroop"}
    found = studies_of(saying([good, "x", {"id": 2}, {"id": 3, "uuid": "../x"}]))
    assert found is not None
    assert [(head.id, head.uuid) for head in found] == [(1, uuid)]


def test_a_user_without_a_name_is_a_user() -> None:
    assert who_of(saying({"username": 7})) == Who("", 0)
