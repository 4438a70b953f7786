"""A JATOS that takes names for one that differ in case or Unicode form."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.scenarios.conftest import Jatos
from tests.scenarios.harness import Study

NFC = ["\u00e4.html", "caf\u00e9/men\u00fc.css", "plain.js"]


def test_decomposed_names_are_not_sent_again_and_not_foreign(jatos: Jatos, tmp_path: Path) -> None:
    study = Study(tmp_path, jatos("3.10", names="nfd"))
    for name in NFC:
        study.write(name, name)
    assert study.cli("sync").code == 0
    before = study.sent()
    for _ in range(2):
        said = study.cli("sync")
        assert said.code == 0
        assert "nly on JATOS" not in said.text
    assert study.sent() == before
    study.write(NFC[0], "saved")
    (study.folder / NFC[1]).unlink()
    assert study.cli("sync").code == 0
    assert sorted(study.remote().values()) == [b"plain.js", b"saved"]
    assert not study.trash()


def test_a_first_contact_knows_decomposed_names(jatos: Jatos, tmp_path: Path) -> None:
    study = Study(tmp_path, jatos("3.10", names="nfd"))
    for number in range(60):
        study.write(f"\u00e4{number}.txt", f"{number}")
    assert study.cli("sync").code == 0
    before = study.sent()
    study.state.rename(tmp_path / "lost")
    said = study.cli("sync")
    assert said.code == 0
    assert "60 equal" in said.text
    assert study.sent() == before


def test_two_files_that_jatos_takes_for_one_do_not_overwrite_each_other(
    jatos: Jatos, tmp_path: Path
) -> None:
    study = Study(tmp_path, jatos("3.10", names="fold"))
    study.write("Stroop.html", "the page")
    assert study.cli("sync").code == 0
    study.write("stroop.html", "another page")
    if len(os.listdir(study.folder)) == 1:
        pytest.skip("this disk takes them for one, too")
    for _ in range(2):
        said = study.cli("sync")
        assert said.code == 2
        assert "takes it for Stroop.html" in said.text
        assert study.remote() == {"Stroop.html": b"the page"}
    assert not study.trash()
    (study.folder / "Stroop.html").unlink()
    assert study.cli("sync").code == 0
    assert list(study.remote().values()) == [b"another page"]


@pytest.mark.parametrize(
    ("names", "first", "second"),
    [("fold", "A.txt", "a.txt"), ("nfd", "a\u0308.txt", "\u00e4.txt"), ("exact", "A.txt", "a.txt")],
)
def test_of_two_new_files_that_jatos_takes_for_one_the_first_stays(
    jatos: Jatos, tmp_path: Path, names: str, first: str, second: str
) -> None:
    study = Study(tmp_path, jatos("3.10", names=names))
    study.write(first, "one")
    study.write(second, "two")
    if len(os.listdir(study.folder)) == 1:
        pytest.skip("this disk takes them for one, too")
    said = study.cli("sync")
    if names == "exact":
        assert said.code == 0
        assert study.in_step()
        return
    for _ in range(2):
        assert said.code == 2
        assert f"takes it for {first}" in said.text
        assert list(study.remote().values()) == [b"one"]
        assert sum(study.stored().values()) == 1
        said = study.cli("sync")
    assert not study.trash()
