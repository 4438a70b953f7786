"""Deletes that wait for a person, through the program, with the limits that users have."""

from __future__ import annotations

import json
import shutil
from typing import Any

import pytest

from tests.awaiting import wait_until
from tests.scenarios.harness import Study, shell


@pytest.fixture
def limited(study: Study) -> Study:
    """A study of 40 files with the default limits, in step."""
    study.configure(deletes={"delay": "300ms"})
    study.write("index.html", "<!doctype html>")
    for number in range(39):
        study.write(f"pictures/{number}.png", f"picture {number}")
    assert study.cli("sync").code == 0
    return study


def held(study: Study) -> list[dict[str, Any]]:
    """The held lists, as `status` tells of them."""
    lists: list[dict[str, Any]] = json.loads(study.cli("status", "--json").out)["held"]
    return lists


def test_a_folder_that_is_removed_waits_for_a_yes_and_uploads_go_on(limited: Study) -> None:
    with limited.run() as daemon:
        shell("rm -r pictures", limited.folder)
        daemon.await_log("held")
        limited.write("new.css", "uploads go on")
        limited.await_rest(lambda: "new.css" in limited.remote())
        assert not limited.sent("DELETE")
        (one,) = held(limited)
        assert len(one["paths"]) == 39
        assert limited.cli("approve", one["id"]).code == 0
        limited.await_equal()
    assert len(limited.sent("DELETE")) == 39


def test_a_held_list_outlives_a_restart_and_is_approved_while_nothing_runs(limited: Study) -> None:
    shell("rm -r pictures", limited.folder)
    assert limited.cli("sync").code == 2
    (one,) = held(limited)
    assert limited.cli("sync").code == 2
    (again,) = held(limited)
    assert again["id"] == one["id"]
    assert not limited.sent("DELETE")
    limited.cli("approve", one["id"])
    assert limited.cli("sync").code == 0
    assert limited.remote().keys() == {"index.html"}


def test_a_start_tells_what_waits_since_an_earlier_one_and_what_is_new_as_ever(
    limited: Study,
) -> None:
    shell("rm -r pictures", limited.folder)
    assert limited.cli("sync").code == 2
    (one,) = held(limited)
    with limited.run() as daemon:
        daemon.await_log("still held")
        (told,) = daemon.log("still held")
        assert (told["list"], told["paths"], told["level"]) == (one["id"], 39, "warning")
        limited.jatos.add_component("index.html", study=limited.uuid)
        shell("rm index.html && echo '<!doctype html>' > other.html", limited.folder)
        daemon.await_log("held")
        assert [each["list"] for each in daemon.log("held")] != [one["id"]]
        assert len(daemon.log("still held")) == 1


def test_what_waited_and_is_back_is_not_told_at_a_start(limited: Study) -> None:
    shell("mv pictures ../saved", limited.folder)
    assert limited.cli("sync").code == 2
    shell("mv ../saved pictures", limited.folder)
    with limited.run() as daemon:
        daemon.await_log("in sync")
        assert not daemon.log("still held")


@pytest.mark.long
def test_what_is_back_is_not_deleted_though_it_was_approved(limited: Study) -> None:
    shell("mv pictures ../saved", limited.folder)
    assert limited.cli("sync").code == 2
    (one,) = held(limited)
    shell("mkdir pictures && cp -p ../saved/1*.png pictures", limited.folder)
    limited.cli("approve", one["id"])
    assert limited.cli("sync").code == 0
    assert limited.in_step()
    assert len(limited.remote()) == 12


def test_an_emptied_folder_deletes_nothing_and_its_return_ends_the_wait(limited: Study) -> None:
    with limited.run() as daemon:
        shell("mkdir ../saved && mv * ../saved", limited.folder)
        daemon.await_log("held")
        limited.await_rest()
        assert len(limited.remote()) == 40
        shell("mv ../saved/* .", limited.folder)
        limited.await_equal()
        wait_until(lambda: not held(limited), "nothing held")
    assert not limited.sent("DELETE")


def test_a_renamed_folder_asks_nobody(limited: Study) -> None:
    with limited.run() as daemon:
        shell("mv pictures images", limited.folder)
        limited.await_equal()
        assert not daemon.log("held")


@pytest.mark.skipif(not shutil.which("git"), reason="git is not installed")
def test_a_file_that_git_begins_to_replace_while_its_delete_waits_is_not_deleted(
    limited: Study,
) -> None:
    shell("git init -q ..", limited.folder)
    limited.configure(deletes={"delay": "2s"})
    with limited.run() as daemon:
        limited.await_equal()
        page = (limited.folder / "index.html").read_bytes()
        shell("rm index.html", limited.folder)
        daemon.await_log("burst")
        shell("touch ../.git/index.lock", limited.folder)
        daemon.await_log("overtaken")
        limited.write("index.html", page.decode() + "<!-- of another branch -->")
        shell("rm ../.git/index.lock", limited.folder)
        limited.await_equal()
    assert not limited.sent("DELETE")


def test_with_keep_nothing_is_ever_deleted_and_plan_says_so(limited: Study) -> None:
    limited.configure(deletes={"mode": "keep", "delay": "0"})
    shell("rm -r pictures", limited.folder)
    planned = limited.cli("plan")
    assert "kept on JATOS" in planned.text
    assert limited.cli("sync").code == 0
    assert len(limited.remote()) == 40


@pytest.mark.long
def test_a_plan_tells_what_would_wait(limited: Study) -> None:
    shell("rm -r pictures", limited.folder)
    planned = limited.cli("plan")
    assert planned.code == 2
    assert "39 files are gone here, more than deletes.max_files (20)" in planned.text
    assert "to delete" not in planned.text
    assert not held(limited)


def test_the_page_of_a_component_is_deleted_only_after_a_yes(limited: Study) -> None:
    limited.jatos.add_component("index.html", study=limited.uuid)
    shell("rm index.html && echo '<!doctype html>' > other.html", limited.folder)
    with limited.run() as daemon:
        daemon.await_log("held")
        limited.await_rest(lambda: "other.html" in limited.remote())
        assert "index.html" in limited.remote()
        (one,) = held(limited)
        assert (one["kind"], len(one["paths"])) == ("page", 1)
        assert limited.cli("approve", "index.html").code == 0
        limited.await_equal()


@pytest.mark.skipif(not shutil.which("git"), reason="git is not installed")
def test_while_git_holds_its_lock_nothing_is_sent(limited: Study) -> None:
    shell("git init -q .. && touch ../.git/index.lock", limited.folder)
    limited.write("new.css", "saved meanwhile")
    with limited.run() as daemon:
        daemon.await_log("git is at work in the folder, waiting for it")
        limited.await_rest()
        assert "new.css" not in limited.remote()
        shell("rm ../.git/index.lock", limited.folder)
        limited.await_equal()
