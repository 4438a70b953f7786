"""local/twins.py: which files a delete could hit on a server that folds names (law 3)."""

from __future__ import annotations

from pathlib import Path

import pytest

from jatossync.core.paths import RelPath
from jatossync.local.root import StudyFolder
from jatossync.local.twins import twins_of

NFC, NFD = "caf\u00e9.txt", "cafe\u0301.txt"


def twins(place: Path, path: str, *files: str) -> set[str]:
    for file in files:
        (place / file).parent.mkdir(parents=True, exist_ok=True)
        (place / file).write_text("x")
    with StudyFolder.open(str(place)) as folder:
        return set(twins_of(folder, RelPath(path)))


@pytest.mark.parametrize(
    ("gone", "here"),
    [
        ("Stroop.html", "stroop.html"),
        (NFC, NFD),
        (NFD, NFC),
        ("Img/a.png", "img/a.png"),
        ("img/A.png", "IMG/a.PNG"),
        ("STRASSE.txt", "straße.txt"),
    ],
)
def test_a_file_of_the_same_name_but_for_case_or_form_is_a_twin(
    tmp_path: Path, gone: str, here: str
) -> None:
    assert twins(tmp_path, gone, here) == {here}


@pytest.mark.parametrize("here", ["stroop.htm", "img/Stroop.html", "stroop.html.bak"])
def test_any_other_file_is_none(tmp_path: Path, here: str) -> None:
    assert twins(tmp_path, "Stroop.html", here) == set()


def test_a_file_is_not_its_own_twin(tmp_path: Path) -> None:
    assert twins(tmp_path, "a.txt", "a.txt") == set()


def test_a_directory_is_no_twin(tmp_path: Path) -> None:
    (tmp_path / "STROOP").mkdir()
    assert twins(tmp_path, "stroop") == set()


def test_a_path_below_a_directory_that_is_gone_has_none(tmp_path: Path) -> None:
    assert twins(tmp_path, "gone/a.txt", "other/a.txt") == set()
