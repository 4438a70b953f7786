"""`prune`: what only JATOS has goes after a yes, into the trash first, and never a twin."""

from __future__ import annotations

from pathlib import Path

from tests.scenarios.conftest import Jatos
from tests.scenarios.harness import Study


def test_what_only_jatos_has_goes_after_a_yes_and_a_copy_is_kept(study: Study) -> None:
    study.write("index.html", "<!doctype html>")
    study.put_on_jatos("old/logo.png", b"old logo")
    study.put_on_jatos("old.html", b"old page")
    study.put_on_jatos("consent.html", b"a component's page")
    study.jatos.add_component("consent.html", study=study.uuid)
    assert study.cli("sync").code == 0
    said = study.cli("prune")
    assert said.code == 2
    assert "old/logo.png" in said.text
    assert "old.html" in said.text
    assert not study.sent("DELETE")
    said = study.cli("prune", "--yes")
    assert said.code == 0, said.text
    assert study.remote().keys() == {"index.html", "consent.html"}
    assert sorted(study.trash()) == [b"old logo", b"old page"]
    assert study.cli("restore", "old.html").code == 0
    assert (study.folder / "old.html").read_bytes() == b"old page"


def test_what_cannot_be_kept_is_not_removed(study: Study) -> None:
    study.configure(trash={"max_size": "1MB"})
    study.put_on_jatos("video.bin", b"x" * 1_200_000)
    said = study.cli("prune", "--yes")
    assert said.code == 1
    assert "trash full" in said.text
    assert "video.bin" in study.remote()


def test_another_spelling_of_a_file_that_is_here_is_never_offered(
    jatos: Jatos, tmp_path: Path
) -> None:
    for number, names in enumerate(["fold", "nfd"]):
        place = tmp_path / str(number)
        place.mkdir()
        study = Study(place, jatos("3.10", names=names))
        name = {"fold": "Stroop.html", "nfd": "\u00e4.html"}[names]
        study.write(name, "<!doctype html>")
        assert study.cli("sync").code == 0
        if names == "fold":
            (study.folder / name).rename(study.folder / "stroop.html")
        study.put_on_jatos("theirs.txt", b"theirs")
        assert study.cli("prune", "--yes").code == 0
        assert "theirs.txt" not in study.remote()
        assert list(study.remote().values()) == [b"<!doctype html>"]
        assert study.trash() == [b"theirs"]


def test_of_a_locked_study_nobody_claims_to_know_what_differs(study: Study) -> None:
    study.write("index.html", "1")
    study.put_on_jatos("theirs.txt", b"theirs")
    study.jatos.change_study(study.uuid, locked=True)
    for options in ((), ("--json",), ("--yes", "-q")):
        said = study.cli("prune", *options)
        assert (said.code, "the study is locked" in said.err) == (2, True), said.text
        assert not said.out
    said = study.cli("plan")
    assert (said.code, "not known yet" in said.out) == (2, True)
    study.jatos.change_study(study.uuid, locked=False)
    assert "not known yet" not in study.cli("plan").out
    assert "theirs.txt" in study.cli("prune").out


def test_a_jatos_that_cannot_list_is_not_pruned(jatos: Jatos, tmp_path: Path) -> None:
    study = Study(tmp_path, jatos("3.8"))
    study.put_on_jatos("old.html", b"old page")
    said = study.cli("prune", "--yes")
    assert said.code == 1
    assert "cannot list" in said.text
    assert "on the server itself" in said.text
    assert study.remote() == {"old.html": b"old page"}
