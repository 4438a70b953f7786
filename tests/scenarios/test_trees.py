"""Whole trees that come, move, change and go, as shells, archives and git make them."""

import random
import shutil
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scenarios.conftest import Jatos
from tests.scenarios.harness import Study, files_below, shell


def grow_tree(top: Path, count: int, seed: int) -> None:
    """Files of several kinds and sizes, three levels deep, none of them equal."""
    chance = random.Random(seed)
    for number in range(count):
        levels = [chance.choice("abc") for _ in range(chance.randrange(4))]
        kind = chance.choice(["html", "css", "js", "json", "png", "mp3"])
        file = top.joinpath(*levels, f"{number}.{kind}")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"%d:%d\n" % (seed, number) + chance.randbytes(chance.randrange(4000)))


@pytest.fixture
def mirrored(study: Study) -> Iterator[Study]:
    """A study with a tree in `stimuli`, in step, with `run` at work."""
    grow_tree(study.folder / "stimuli", 25, seed=1)
    study.write("index.html", "<!doctype html>")
    with study.run():
        study.await_equal()
        yield study
        study.await_equal()
    study.assert_nothing_was_sent_twice()


def test_a_tree_that_is_copied_arrives(mirrored: Study) -> None:
    shell("cp -r stimuli copy", mirrored.folder)


def test_a_directory_that_is_renamed_is_uploaded_once_and_its_old_name_deleted(
    mirrored: Study,
) -> None:
    shell("mkdir deep && mv stimuli deep/renamed", mirrored.folder)
    mirrored.await_equal()
    assert set(mirrored.stored().values()) == {1}
    assert len(mirrored.sent("DELETE")) == 25


def test_edits_below_a_renamed_directory_are_followed(mirrored: Study) -> None:
    shell("mv stimuli renamed", mirrored.folder)
    mirrored.await_equal()
    mirrored.write("renamed/a/later.js", "let later")
    mirrored.await_equal()
    assert mirrored.remote()["renamed/a/later.js"] == b"let later"


def test_a_directory_moved_in_from_outside_arrives(mirrored: Study) -> None:
    grow_tree(mirrored.place / "outside", 25, seed=2)
    shell("mv outside study/inside", mirrored.place)


def test_a_directory_moved_out_is_deleted(mirrored: Study) -> None:
    shell("mv study/stimuli taken-out", mirrored.place)
    mirrored.await_equal()
    assert mirrored.remote().keys() == {"index.html"}


def test_a_directory_that_is_removed_is_deleted(mirrored: Study) -> None:
    shell("rm -r stimuli", mirrored.folder)
    mirrored.await_equal()
    assert mirrored.remote().keys() == {"index.html"}


def test_a_directory_removed_and_made_again_at_once_keeps_what_did_not_change(
    mirrored: Study,
) -> None:
    shell("cp -r stimuli ../saved && rm -r stimuli && mv ../saved stimuli", mirrored.folder)
    mirrored.await_equal()
    assert not mirrored.sent("DELETE")
    assert set(mirrored.stored().values()) == {1}


def test_an_archive_that_is_unpacked_arrives(mirrored: Study) -> None:
    grow_tree(mirrored.place / "packed", 60, seed=3)
    archive = mirrored.place / "study.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for path, content in files_below(mirrored.place / "packed").items():
            packed.writestr(path, content)
    unpack = (
        "unzip -qo ../study.zip" if shutil.which("unzip") else '"$1" -m zipfile -e ../study.zip .'
    )
    shell(unpack, mirrored.folder, sys.executable)
    mirrored.await_equal()
    assert len(mirrored.remote()) == 86


def new_version(of: Path, at: Path) -> None:
    """A tree in which some files are as before, some changed, some are gone and some are new."""
    shutil.copytree(of, at)
    chance = random.Random(4)
    for path in sorted(files_below(at)):
        fate = chance.random()
        if fate < 0.3:
            (at / path).unlink()
        elif fate < 0.6:
            (at / path).write_bytes(b"second version of " + path.encode())
    grow_tree(at / "new", 15, seed=5)


@pytest.mark.skipif(not shutil.which("rsync"), reason="rsync is not installed")
def test_a_tree_that_rsync_brings_up_to_date_is_followed(mirrored: Study) -> None:
    new_version(mirrored.folder, mirrored.place / "version")
    shell("rsync -a --delete version/ study/", mirrored.place)


def test_a_tree_that_is_brought_up_to_date_file_by_file_is_followed(mirrored: Study) -> None:
    version = mirrored.place / "version"
    new_version(mirrored.folder, version)
    for path in files_below(mirrored.folder).keys() - files_below(version).keys():
        (mirrored.folder / path).unlink()
    for path, content in files_below(version).items():
        if files_below(mirrored.folder).get(path) != content:
            file = mirrored.write(f"{path}.part-7Qx", content)
            file.replace(mirrored.folder / path)


@pytest.mark.skipif(not shutil.which("git"), reason="git is not installed")
def test_a_checkout_of_another_branch_and_back_is_followed(study: Study) -> None:
    git = "git -c user.name=R -c user.email=r@example.org -c init.defaultBranch=main"
    grow_tree(study.folder, 200, seed=6)
    shell(f"{git} init -q . && git add . && {git} commit -qm one", study.folder)
    shell(f"{git} checkout -qb other", study.folder)
    for number, path in enumerate(sorted(study.local())):
        if number % 3:
            study.write(path, f"of the other branch: {path}")
        else:
            (study.folder / path).rename(study.folder / f"{path}.renamed")
    shell(f"git add -A . && {git} commit -qm two && git checkout -q main", study.folder)
    with study.run():
        study.await_equal()
        shell("git checkout -q other", study.folder)
        study.await_equal()
        assert sum(path.endswith(".renamed") for path in study.remote()) == 67
        shell("git checkout -q main", study.folder)
        study.await_equal()
        shell("git checkout -q other && sleep 0.5 && git checkout -q main", study.folder)
        study.await_equal()
    study.assert_nothing_was_sent_twice()
    assert not any(".git/" in path for path in study.stored())


def test_a_folder_that_is_filled_emptied_and_filled_is_followed(study: Study) -> None:
    study.write("first.txt", "run is at work")
    with study.run():
        study.await_equal()
        grow_tree(study.folder, 30, seed=7)
        study.await_equal()
        shell("rm -r -- * && echo 2 > second.txt", study.folder)
        study.await_equal()
        assert study.remote().keys() == {"second.txt"}
        grow_tree(study.folder, 30, seed=8)
        study.await_equal()
        assert len(study.remote()) == 31


def test_a_renamed_file_is_uploaded_once_and_then_its_old_name_deleted(study: Study) -> None:
    study.write("old.png", b"picture" * 1000)
    with study.run():
        study.await_equal()
        shell("mv old.png new.png", study.folder)
        study.await_equal()
    changes = [(each.method, each.path) for each in study.sent()]
    assert changes == [("POST", "old.png"), ("POST", "new.png"), ("DELETE", "old.png")]


def test_files_renamed_in_a_ring_end_under_their_new_names(study: Study) -> None:
    for name in "abc":
        study.write(f"{name}.png", name * 2000)
    with study.run():
        study.await_equal()
        shell("mv a.png t && mv b.png a.png && mv c.png b.png && mv t c.png", study.folder)
        study.await_equal()
    assert not study.sent("DELETE")
    study.assert_nothing_was_sent_twice()


# --- kind clashes --------------------------------------------------------------------------------


@pytest.mark.parametrize("dialect", ["3.8", pytest.param("3.9", marks=pytest.mark.long), "3.10"])
def test_a_file_that_becomes_a_directory_is_replaced(
    jatos: Jatos, tmp_path: Path, dialect: str
) -> None:
    study = Study(tmp_path, jatos(dialect))
    study.write("data", "a file")
    with study.run():
        study.await_equal()
        shell("rm data && mkdir data && echo inner > data/inner.txt", study.folder)
        study.await_equal()
    assert study.remote() == {"data/inner.txt": b"inner\n"}


@pytest.mark.parametrize("dialect", [pytest.param("3.8", marks=pytest.mark.long), "3.9"])
def test_a_directory_that_becomes_a_file_is_replaced_on_legacy_jatos(
    jatos: Jatos, tmp_path: Path, dialect: str
) -> None:
    study = Study(tmp_path, jatos(dialect))
    study.write("data/inner.txt", "inner")
    with study.run():
        study.await_equal()
        shell("rm -r data && echo a file > data", study.folder)
        study.await_equal()
    assert study.remote() == {"data": b"a file\n"}


def test_on_3_10_a_file_never_replaces_a_directory_and_that_is_said(study: Study) -> None:
    study.write("data/inner.txt", "inner")
    study.write("index.html", "<!doctype html>")
    assert study.cli("sync").code == 0
    shell("rm -r data && echo a file > data && echo more >> index.html", study.folder)
    said = study.cli("sync")
    assert said.code == 2
    assert "data: " in said.text
    assert study.remote() == {"index.html": b"<!doctype html>more\n"}
