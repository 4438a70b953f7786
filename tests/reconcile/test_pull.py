"""`pull`: a whole study into an empty folder, and single files where theirs wins."""

from __future__ import annotations

import os
import random
import re
from pathlib import Path

import pytest

from tests.scenarios.conftest import Jatos
from tests.scenarios.harness import Study, files_below

THEIRS = {
    "index.html": b"<!doctype html>",
    "img/deep/a+b \u00e4.png": b"png",
    "video.mp4": random.Random(1).randbytes(600_000),
    "structure/x.txt": b"x",
    ".env": b"PASSWORD=1",
}


def on_jatos(study: Study, files: dict[str, bytes] = THEIRS) -> None:
    for path, content in files.items():
        study.put_on_jatos(path, content)


@pytest.mark.parametrize("dialect", ["3.9", "3.10"])
def test_a_whole_study_arrives_in_an_empty_folder_and_is_in_step(
    jatos: Jatos, tmp_path: Path, dialect: str
) -> None:
    study = Study(tmp_path, jatos(dialect))
    on_jatos(study)
    said = study.cli("pull")
    assert said.code == 0, said.text
    assert files_below(study.folder) == THEIRS
    study.jatos.clear_requests()
    synced = study.cli("sync")
    assert synced.code == 0
    assert not study.sent()
    asked = [each["path"] for each in study.jatos.requests() if "/assets/" in each["path"]]
    downloads = [path for path in asked if not path.endswith("/structure")]
    assert len(downloads) <= 1, "what was pulled is known (one look finds out about paths)"


def test_what_is_ignored_here_is_not_brought_in(study: Study) -> None:
    """Whoever may upload to the study must not choose what git runs, or where the token goes."""
    study.configure(ignore=["raw/"])
    harmful = [".git/hooks/post-commit", "sub/jatossync.yaml", ".jatosignore", "raw/a.wav"]
    on_jatos(study, THEIRS | dict.fromkeys(harmful, b"theirs"))
    said = study.cli("pull")
    assert said.code == 0, said.text
    assert not (study.folder / ".git").exists()
    assert files_below(study.folder) == THEIRS
    assert all(path in said.text for path in harmful)


def test_a_folder_that_has_something_is_not_pulled_into(study: Study) -> None:
    on_jatos(study)
    study.write("mine.txt", "mine")
    said = study.cli("pull")
    assert said.code == 78
    assert "mine.txt" in said.text
    assert files_below(study.folder) == {"mine.txt": b"mine"}


def test_an_interrupted_pull_is_gone_on_with(study: Study) -> None:
    on_jatos(study)
    study.jatos.faults([{"method": "GET", "path": "*/video.mp4", "do": "status:500"}])
    said = study.cli("pull")
    assert said.code == 1
    assert "video.mp4" in said.text
    study.jatos.faults([])
    assert study.cli("pull").code == 0
    assert files_below(study.folder) == THEIRS
    assert not study.sent()


def test_a_pull_that_was_killed_is_gone_on_with(study: Study) -> None:
    """It had no time to put into the state what it brought."""
    on_jatos(study)
    study.write("index.html", THEIRS["index.html"])
    assert study.cli("pull").code == 0
    assert files_below(study.folder) == THEIRS


def test_a_download_that_is_cut_leaves_nothing_of_it(study: Study) -> None:
    on_jatos(study)
    study.jatos.faults([{"method": "GET", "path": "*/video.mp4", "times": 1, "do": "cut"}])
    assert study.cli("pull").code == 0
    assert files_below(study.folder) == THEIRS


def test_names_that_the_disk_cannot_have_are_reported_and_hinder_nobody(
    jatos: Jatos, tmp_path: Path
) -> None:
    study = Study(tmp_path, jatos("3.9"))
    on_jatos(study, {"fine.txt": b"fine"})
    (study.folder / "elsewhere").symlink_to(study.place)
    on_jatos(study, {"elsewhere/token": b"stolen"})
    before = study.token_file.read_bytes()
    said = study.cli("pull")
    assert said.code in (0, 1)
    assert files_below(study.folder).keys() >= {"fine.txt"}
    assert study.token_file.read_bytes() == before, "nothing goes through a symlink"


def test_a_jatos_that_cannot_list_gives_single_files(jatos: Jatos, tmp_path: Path) -> None:
    study = Study(tmp_path, jatos("3.8"))
    on_jatos(study, {"index.html": b"<!doctype html>"})
    said = study.cli("pull")
    assert said.code == 1
    assert "pull PATH" in said.text
    assert study.cli("pull", "index.html").code == 0
    assert files_below(study.folder) == {"index.html": b"<!doctype html>"}


# --- theirs wins ----------------------------------------------------------------------------------


def drifted(study: Study) -> str:
    """Two files that were changed, and one that was removed, on JATOS; the list's id."""
    for path in ("a.txt", "b.txt", "c.txt"):
        study.write(path, f"ours {path}")
    assert study.cli("sync").code == 0
    study.put_on_jatos("a.txt", b"theirs a")
    study.put_on_jatos("b.txt", b"theirs b")
    (study.assets / "c.txt").unlink()
    study.jatos.clear_requests()
    said = study.cli("sync")
    assert said.code == 2
    [id_] = re.findall(r"jatossync approve (\w+)", said.out)
    return str(id_)


def test_theirs_wins_for_one_file_or_a_whole_list_and_ours_is_in_the_trash(study: Study) -> None:
    id_ = drifted(study)
    said = study.cli("pull", "a.txt")
    assert said.code == 0
    assert study.local() == {"a.txt": b"theirs a", "b.txt": b"ours b.txt", "c.txt": b"ours c.txt"}
    assert study.cli("sync").code == 2
    said = study.cli("pull", id_)
    assert said.code == 0, said.text
    assert study.cli("sync").code == 0
    assert study.local() == study.remote() == {"a.txt": b"theirs a", "b.txt": b"theirs b"}
    assert sorted(study.trash()) == [b"ours a.txt", b"ours b.txt", b"ours c.txt"]
    assert not study.sent(), "nothing was sent to JATOS for it"


def test_a_running_daemon_agrees_with_what_was_pulled(study: Study) -> None:
    id_ = drifted(study)
    study.jatos.clear_requests()
    with study.run() as daemon:
        daemon.await_log("started")
        study.await_rest(lambda: bool(study.sent("GET")))  # it has met JATOS
        assert study.cli("pull", id_).code == 0
        study.await_equal()
    assert not study.sent()
    assert study.cli("sync").code == 0


def test_a_file_that_jatos_never_had_is_not_taken_away(study: Study) -> None:
    study.write("mine.txt", "mine")
    said = study.cli("pull", "mine.txt")
    assert said.code == 1
    assert "no such file" in said.text
    assert study.local() == {"mine.txt": b"mine"}


@pytest.mark.parametrize("path", ["../token", "/etc/passwd", "a/../../token", ""])
def test_nothing_outside_the_folder_can_be_named(study: Study, path: str) -> None:
    said = study.cli("pull", path)
    assert said.code == 64
    assert "study folder" in said.text
    assert os.listdir(study.folder) == []
