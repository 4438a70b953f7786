"""core/binding.py: what a state belongs to, and what may change about it."""

from __future__ import annotations

import pytest

from jatossync.core.binding import another, notes

KNOWN = {
    "server": "https://jatos.example.org",
    "study": "8f3c2d6e-0000-4000-8000-000000000000",
    "folder": "/home/me/stroop",
    "number": "3",
    "dirName": "stroop",
}


def test_what_is_as_it_was_is_said_nothing_about() -> None:
    assert another(KNOWN, KNOWN) is None
    assert notes(KNOWN, KNOWN) == []
    assert another({}, KNOWN) is None, "the first time all is new"
    assert notes({}, KNOWN) == []


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("study", "00000000-0000-4000-8000-000000000000"),
        ("folder", "/home/me/other"),
        ("server", "https://other.example.org"),
        ("server", "https://jatos.example.org/second"),
        ("server", "https://jatos.example.org:8443"),
    ],
)
def test_another_study_server_or_folder_is_another(key: str, value: str) -> None:
    assert another(KNOWN, {**KNOWN, key: value}) == key


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("number", "7", "3 before, 7 now"),
        ("dirName", "stroop_2", "stroop before, stroop_2 now"),
        ("server", "https://JATOS.example.org", "JATOS.example.org now"),
        ("server", "https://jatos.example.org:443/", "written otherwise"),
        ("server", "http://jatos.example.org", "written otherwise"),
    ],
)
def test_a_new_number_or_spelling_goes_on_with_a_note(key: str, value: str, said: str) -> None:
    now = {**KNOWN, key: value}
    assert another(KNOWN, now) is None
    (note,) = notes(KNOWN, now)
    assert said in note
