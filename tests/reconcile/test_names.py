"""A JATOS that takes names for one that differ in case or Unicode form."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.awaiting import wait_until
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


DECOMPOSED, COMPOSED = "a\u0308.txt", "\u00e4.txt"


def both(study: Study, first: tuple[str, str], second: tuple[str, str]) -> None:
    """Two files in the folder, where its disk can have them side by side."""
    study.write(*first)
    study.write(*second)
    if len(os.listdir(study.folder)) == 1:
        pytest.skip("this disk takes them for one, too")


@pytest.mark.parametrize("dialect", ["3.10", "3.8"])
@pytest.mark.parametrize("bytes_of_second", ["one", "two"])
@pytest.mark.parametrize(
    ("names", "first", "second"),
    [
        ("fold", "A.txt", "a.txt"),
        ("fold", "A", "a"),
        ("nfd", DECOMPOSED, COMPOSED),
    ],
)
def test_of_two_new_files_that_jatos_takes_for_one_the_first_stays(
    jatos: Jatos,
    tmp_path: Path,
    dialect: str,
    names: str,
    first: str,
    second: str,
    bytes_of_second: str,
) -> None:
    study = Study(tmp_path, jatos(dialect, names=names))
    both(study, (first, "one"), (second, bytes_of_second))
    for _ in range(2):
        said = study.cli("sync")
        assert said.code == 2
        assert first in said.text
        assert list(study.remote().values()) == [b"one"]
        assert sum(study.stored().values()) == 1
    assert not study.trash()


@pytest.mark.parametrize("dialect", ["3.10", "3.8"])
@pytest.mark.parametrize("bytes_of_second", ["one", "two"])
@pytest.mark.parametrize(
    ("names", "first", "second"),
    [
        ("nfd", COMPOSED, DECOMPOSED),
        ("fold", "a.txt", "A.txt"),
    ],
)
def test_a_new_file_that_jatos_takes_for_one_it_has_of_us_is_refused_and_the_old_one_goes_on(
    jatos: Jatos,
    tmp_path: Path,
    dialect: str,
    names: str,
    first: str,
    second: str,
    bytes_of_second: str,
) -> None:
    study = Study(tmp_path, jatos(dialect, names=names))
    study.write("page.html", "page")
    study.write(first, "one")
    assert study.cli("sync").code == 0
    both(study, (first, "one"), (second, bytes_of_second))
    for _ in range(2):
        assert study.cli("sync").code == 2
        assert sorted(study.remote().values()) == [b"one", b"page"]
    study.write(first, "edited")
    assert study.cli("sync").code == 2
    assert sorted(study.remote().values()) == [b"edited", b"page"]
    assert not study.trash()
    (study.folder / first).unlink()
    # Even without a listing: what was written under one name is there under the other.
    assert study.cli("sync").code == 0
    assert sorted(study.remote().values()) == sorted([b"page", bytes_of_second.encode()])


@pytest.mark.parametrize("dialect", ["3.10", "3.8"])
@pytest.mark.parametrize("bytes_of_second", ["one", "two"])
def test_two_files_are_two_on_a_jatos_that_tells_names_apart(
    jatos: Jatos, tmp_path: Path, dialect: str, bytes_of_second: str
) -> None:
    study = Study(tmp_path, jatos(dialect))
    both(study, ("A.txt", "one"), ("a.txt", bytes_of_second))
    study.write(COMPOSED, "one")
    study.write(DECOMPOSED, bytes_of_second)
    for _ in range(2):
        assert study.cli("sync").code == 0
        assert study.in_step()
    assert sum(study.stored().values()) == 4
    study.write("A.txt", "edited")
    study.write("a.txt", "edited, too")
    assert study.cli("sync").code == 0
    assert study.in_step()
    assert not study.trash()


@pytest.mark.parametrize("dialect", ["3.10", "3.8"])
def test_a_file_that_was_renamed_is_not_overwritten_by_a_new_one_of_its_old_name(
    jatos: Jatos, tmp_path: Path, dialect: str
) -> None:
    study = Study(tmp_path, jatos(dialect, names="fold"), deletes={"delay": "1m"})
    study.write("page.html", "page")
    study.write("A.txt", "one")
    with study.run() as daemon:
        study.await_equal()
        (study.folder / "A.txt").rename(study.folder / "a.txt")
        daemon.await_log("adopted")
        both(study, ("A.txt", "new"), ("a.txt", "one"))
        daemon.await_log("refused")
        assert sorted(study.remote().values()) == [b"one", b"page"]
        study.write("a.txt", "edited")
        study.await_rest(lambda: sorted(study.remote().values()) == [b"edited", b"page"])
        (study.folder / "A.txt").unlink()
        study.await_rest()
    assert sorted(study.remote().values()) == [b"edited", b"page"]
    assert study.cli("sync").code == 0


@pytest.mark.parametrize("dialect", ["3.10", "3.8"])
def test_nor_is_it_when_the_new_one_is_tried_again(
    jatos: Jatos, tmp_path: Path, dialect: str
) -> None:
    study = Study(tmp_path, jatos(dialect, names="nfd"), deletes={"delay": "1m"})
    study.write("page.html", "page")
    study.write(COMPOSED, "one")
    with study.run() as daemon:
        study.await_rest(lambda: sorted(study.remote().values()) == [b"one", b"page"])
        (study.folder / COMPOSED).rename(study.folder / DECOMPOSED)
        daemon.await_log("adopted")
        both(study, (COMPOSED, "new"), (DECOMPOSED, "one"))
        daemon.await_log("refused")
        study.write(COMPOSED, "newer")  # tried at once
        wait_until(lambda: len(daemon.log("refused")) > 1, daemon.output)
        assert sorted(study.remote().values()) == [b"one", b"page"]


@pytest.mark.parametrize("dialect", ["3.10", "3.8"])
def test_a_file_that_came_back_is_not_overwritten_by_an_edit_of_its_other_spelling(
    jatos: Jatos, tmp_path: Path, dialect: str
) -> None:
    study = Study(tmp_path, jatos(dialect, names="fold"), deletes={"delay": "1m"})
    study.write("page.html", "page")
    study.write("A.txt", "one")
    assert study.cli("sync").code == 0
    with study.run() as daemon:
        daemon.await_log("in sync")
        (study.folder / "A.txt").rename(study.folder / "a.txt")
        daemon.await_log("adopted")
        both(study, ("A.txt", "one"), ("a.txt", "edited"))
        wait_until(lambda: daemon.log("refused") or daemon.log("uploaded"), daemon.output)
        assert sorted(study.remote().values()) == [b"one", b"page"]


@pytest.mark.parametrize("dialect", ["3.10", "3.8"])
def test_a_file_is_deleted_though_one_that_is_never_sent_has_its_name_for_jatos(
    jatos: Jatos, tmp_path: Path, dialect: str
) -> None:
    study = Study(tmp_path, jatos(dialect, names="fold"))
    study.write("page.html", "page")
    study.write("a.txt", "one")
    assert study.cli("sync").code == 0
    study.write("A.txt", "")
    (study.folder / "a.txt").unlink()
    said = study.cli("sync")
    assert said.code == 2
    assert "A.txt, which is here and was never sent" in said.text
    assert sorted(study.remote().values()) == [b"one", b"page"]
    (study.folder / "A.txt").unlink()
    assert study.cli("sync").code == 0
    assert list(study.remote().values()) == [b"page"]
