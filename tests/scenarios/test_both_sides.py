"""What lies on JATOS and is not ours, and the order in which files arrive."""

import random
from pathlib import Path

import pytest

from tests.awaiting import wait_until
from tests.scenarios.conftest import Jatos
from tests.scenarios.harness import Study

PAGE = b"<!doctype html>"


def test_what_somebody_changed_on_jatos_is_kept_before_a_save_overwrites_it(study: Study) -> None:
    study.write("index.html", PAGE)
    with study.run():
        study.await_equal()
        study.put_on_jatos("index.html", b"theirs")
        study.write("index.html", PAGE + b"ours")
        study.await_equal()
    assert study.trash() == [b"theirs"]


def test_what_somebody_changed_on_jatos_is_kept_before_it_is_deleted(study: Study) -> None:
    study.write("index.html", PAGE)
    study.write("old.css", "ours")
    with study.run():
        study.await_equal()
        study.put_on_jatos("old.css", b"theirs, and larger")
        (study.folder / "old.css").unlink()
        study.await_equal()
    assert study.trash() == [b"theirs, and larger"]


def test_what_changed_on_jatos_alone_is_held_and_left(study: Study) -> None:
    study.write("index.html", PAGE)
    study.write("other.css", "ours")
    assert study.cli("sync").code == 0
    study.put_on_jatos("index.html", b"theirs")
    (study.assets / "other.css").unlink()
    for command in ("plan", "sync"):
        said = study.cli(command)
        assert said.code == 2
        assert all(path in said.text for path in ("index.html", "other.css")), said.text
    assert study.remote() == {"index.html": b"theirs"}
    study.configure(drift="restore")
    assert study.cli("sync").code == 0
    assert study.in_step()
    assert study.trash() == [b"theirs"]


@pytest.mark.parametrize("dialect", ["3.8", "3.10"])
def test_a_study_that_has_files_already_is_taken_over(
    jatos: Jatos, tmp_path: Path, dialect: str
) -> None:
    study = Study(tmp_path, jatos(dialect))
    large = random.Random(1).randbytes(600_000)
    for path, here, there in [
        ("index.html", PAGE, PAGE),
        ("video.mp4", large, large),
        ("task.js", b"new version", b"old version!"),
        ("collides.txt", b"250", b"331"),  # the same size and Adler-32
        ("new.css", b"new", b""),
        ("theirs.png", b"", b"never ours"),
        ("dir/theirs.png", b"", b"never ours"),
    ]:
        if here:
            study.write(path, here)
        if there:
            study.put_on_jatos(path, there)
    assert study.cli("sync").code == 0
    theirs = {"theirs.png": b"never ours", "dir/theirs.png": b"never ours"}
    assert study.remote() == study.local() | theirs
    assert study.stored() == {"task.js": 1, "collides.txt": 1, "new.css": 1}
    assert not study.sent("DELETE")
    assert sorted(study.trash()) == [b"331", b"old version!"]
    before = study.sent()
    assert study.cli("sync").code == 0
    assert study.sent() == before


def test_a_lost_state_costs_no_upload_and_deletes_nothing(study: Study) -> None:
    for number in range(70):
        study.write(f"{number}.png", f"{number}")
    assert study.cli("sync").code == 0
    before = study.sent()
    (study.folder / "3.png").unlink()
    study.state.rename(study.place / "lost")
    assert study.cli("sync").code == 0
    assert study.sent() == before
    assert "3.png" in study.remote()


# --- order ---------------------------------------------------------------------------------------


CLASSES = [["a.png", "z/b.mp3"], ["a.css", "z/b.css"], ["a.js", "z/b.json"], ["0.html", "z/b.htm"]]
"""Who waits for whom: a later class for all before it."""


def turn(path: str) -> int:
    """The class of a path."""
    return next(number for number, paths in enumerate(CLASSES) if path in paths)


@pytest.mark.parametrize("slow", ["z/b.mp3", "z/b.json"])
def test_a_page_never_arrives_before_what_it_needs(study: Study, slow: str) -> None:
    study.write("first.png", "run is at work")
    with study.run():
        study.await_equal()
        study.jatos.clear_requests()
        study.jatos.faults([{"method": "POST", "path": f"*/{slow}", "do": "latency:700ms"}])
        for path in sorted(path for paths in CLASSES for path in paths):
            study.write(path, path)
        wait_until(lambda: any(each.path == slow for each in study.sent()), slow)
        wait_until(lambda: any(turn(each.path) > turn(slow) for each in study.sent()), "the next")
        assert not any(each.under_way for each in study.sent() if each.path == slow)
        study.await_equal()
    turns = [turn(each.path) for each in study.sent()]
    assert turns == sorted(turns), study.sent()


def test_a_checkout_brings_the_pages_last(study: Study) -> None:
    """Written one after the other, in the order of their names, over more time than a moment."""
    study.write("first.png", "run is at work")
    with study.run():
        study.await_equal()
        study.jatos.clear_requests()
        for number in range(60):
            study.write(f"{number:02}.html", f"{number}")
            study.write(f"{number:02}.js", f"{number}")
            study.write(f"{number:02}.png", f"{number}")
        study.await_equal()
    kinds = [each.path.rpartition(".")[2] for each in study.sent("POST")]
    assert kinds == ["png"] * 60 + ["js"] * 60 + ["html"] * 60
