"""
What is missing on JATOS as a whole: the study's folder, the study, the membership.

Each is its own state with its own message, and never "all gone, so delete, forget or send it all".
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.scenarios.conftest import Jatos
from tests.scenarios.harness import Study

FILES = {"index.html": b"<!doctype html>", "a.css": b"a", "b.js": b"b"}


def mirrored(place: Path, emulator: Jatos, dialect: str) -> Study:
    """A study that is in step, of which one file is then removed and one saved here."""
    study = Study(place, emulator(dialect))
    for path, content in FILES.items():
        study.write(path, content)
    assert study.cli("sync").code == 0
    (study.folder / "a.css").unlink()
    study.write("b.js", "b, saved")
    return study


@pytest.mark.parametrize("dialect", ["3.9", "3.10"])
def test_a_folder_that_is_missing_on_jatos_stops_all_until_it_is_back(
    jatos: Jatos, tmp_path: Path, dialect: str
) -> None:
    study = mirrored(tmp_path, jatos, dialect)
    aside = tmp_path / "aside"
    shutil.move(study.assets, aside)
    before = study.sent()
    for _ in range(2):
        said = study.cli("sync")
        assert said.code == 77
        assert "folder with all files is missing" in said.text
        assert "check --rebind" in said.text
    assert study.sent() == before
    shutil.move(aside, study.assets)
    assert study.cli("sync").code == 0
    assert study.in_step()
    assert [(each.method, each.path) for each in study.sent()[len(before) :]] == [
        ("POST", "b.js"),
        ("DELETE", "a.css"),
    ]


def test_a_missing_folder_is_made_anew_when_a_person_says_so(jatos: Jatos, tmp_path: Path) -> None:
    study = mirrored(tmp_path, jatos, "3.10")
    shutil.rmtree(study.assets)
    assert study.cli("sync").code == 77
    assert study.cli("check", "--rebind").code == 0
    assert study.cli("sync").code == 0
    assert study.in_step()


def test_a_new_study_whose_folder_is_missing_gets_its_files(jatos: Jatos, tmp_path: Path) -> None:
    study = Study(tmp_path, jatos("3.10"))
    shutil.rmtree(study.assets)
    study.write("index.html", "<!doctype html>")
    assert study.cli("sync").code == 0
    assert study.in_step()


def study_deleted(study: Study) -> Callable[[], None]:
    """Deleted in JATOS; put back by an import of its export, which brings the files as well."""
    files = study.remote()
    study.jatos.delete_study(study.uuid)

    def put_back() -> None:
        made = study.jatos.add_study(study.place.name, study.uuid)
        study.assets = Path(made["folder"])
        for path, content in files.items():
            study.put_on_jatos(path, content)

    return put_back


def membership_gone(study: Study) -> Callable[[], None]:
    study.jatos.change_study(study.uuid, member=False)
    return lambda: study.jatos.change_study(study.uuid, member=True)


@pytest.mark.parametrize(
    ("happens", "code", "named"),
    [(study_deleted, 78, "has no study"), (membership_gone, 77, "member")],
)
@pytest.mark.parametrize("dialect", ["3.8", "3.10"])
def test_a_study_or_membership_that_is_gone_stops_all_until_it_is_back(
    jatos: Jatos,
    tmp_path: Path,
    dialect: str,
    happens: Callable[[Study], Callable[[], None]],
    code: int,
    named: str,
) -> None:
    study = mirrored(tmp_path, jatos, dialect)
    put_back = happens(study)
    study.jatos.clear_requests()
    said = study.cli("sync")
    assert said.code == code
    assert named in said.text
    assert not study.sent()
    put_back()
    synced = study.cli("sync")
    assert synced.code == 0, synced.text
    assert study.in_step()
    assert {(each.method, each.path) for each in study.sent()} == {
        ("POST", "b.js"),
        ("DELETE", "a.css"),
    }
