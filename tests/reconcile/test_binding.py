"""What a state belongs to: another study, server or folder stops; the same one goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scenarios.conftest import Jatos
from tests.scenarios.harness import Study

FILES = {"index.html": b"<!doctype html>", "task.js": b"1"}


@pytest.fixture
def mirrored(study: Study) -> Study:
    """A study that is in step."""
    for path, content in FILES.items():
        study.write(path, content)
    assert study.cli("sync").code == 0
    return study


def assert_stops(study: Study, *named: str, commands: tuple[str, ...] = ("sync",)) -> None:
    """These commands do not go on, both are named, and nothing was sent."""
    before = study.jatos.requests()
    for command in commands:
        said = study.cli(command)
        assert said.code == 78, said.text
        assert all(name in said.text for name in named), said.text
        assert "check --rebind" in said.text
    writes = [
        each
        for each in study.jatos.requests()[len(before) :]
        if each["method"] in ("POST", "DELETE")
    ]
    assert writes == []


def test_another_study_stops_until_it_is_accepted(mirrored: Study) -> None:
    made = mirrored.jatos.add_study("Another one")
    Path(made["folder"], "theirs.txt").write_bytes(b"theirs")
    (mirrored.folder / "task.js").unlink()
    mirrored.configure(study=made["uuid"])
    assert_stops(mirrored, mirrored.uuid, made["uuid"], commands=("sync", "plan", "run"))
    assert mirrored.cli("check", "--rebind").code == 0
    assert mirrored.cli("sync").code == 0
    found = {path.name: path.read_bytes() for path in Path(made["folder"]).iterdir()}
    assert found == {"index.html": FILES["index.html"], "theirs.txt": b"theirs"}
    assert mirrored.remote() == FILES, "the study it belonged to before is as it was"


def test_another_folder_stops_until_it_is_accepted(mirrored: Study) -> None:
    other = mirrored.place / "other"
    other.mkdir()
    (other / "index.html").write_bytes(b"<!doctype html>other")
    mirrored.configure(folder=str(other))
    assert_stops(mirrored, str(mirrored.folder), str(other))
    assert mirrored.cli("check").code == 78
    assert mirrored.cli("check", "--rebind").code == 0
    assert mirrored.cli("sync").code == 0
    assert mirrored.remote() == {"index.html": b"<!doctype html>other", "task.js": b"1"}
    assert mirrored.trash() == [FILES["index.html"]]


def test_another_server_stops_before_it_is_asked_anything(mirrored: Study, jatos: Jatos) -> None:
    other = jatos("3.9")
    mirrored.configure(server=other.url)
    assert_stops(mirrored, mirrored.jatos.url, other.url)
    assert other.requests() == []


def test_the_same_study_under_another_number_goes_on_with_a_note(mirrored: Study) -> None:
    mirrored.jatos.change_study(mirrored.uuid, id=4242)
    mirrored.write("task.js", "2")
    said = mirrored.cli("sync")
    assert said.code == 0
    assert "4242" in said.text
    assert mirrored.in_step()
    assert "4242" not in mirrored.cli("sync").text


def test_another_spelling_of_the_address_goes_on(mirrored: Study) -> None:
    mirrored.configure(server=mirrored.jatos.url.replace("127.0.0.1", "localhost"))
    said = mirrored.cli("sync")
    assert said.code == 0
    assert not mirrored.sent()[len(FILES) :]


def test_a_damaged_state_stops_and_is_moved_aside_on_request(mirrored: Study) -> None:
    state = mirrored.state / "state.sqlite3"
    state.write_bytes(b"no database" * 1000)
    (mirrored.folder / "task.js").unlink()
    for _ in range(2):
        said = mirrored.cli("sync")
        assert said.code == 78
        assert "check --rebind" in said.text
    assert state.read_bytes().startswith(b"no database"), "never recreated silently"
    assert mirrored.cli("check", "--rebind").code == 0
    assert mirrored.cli("sync").code == 0
    assert mirrored.remote() == FILES, "first contact deletes nothing"


def test_nothing_is_rebound_under_a_running_daemon(mirrored: Study) -> None:
    with mirrored.run() as daemon:
        daemon.await_log("started")
        assert mirrored.cli("check", "--rebind").code == 1
        (mirrored.folder / "task.js").unlink()
        mirrored.await_equal()
