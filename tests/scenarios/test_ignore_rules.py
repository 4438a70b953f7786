"""Law 10, through the program: a rule change alone never deletes and never publishes."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from jatossync.core.holds import chosen_list
from jatossync.core.ignore import RuleSet
from jatossync.state.store import Store
from tests.awaiting import wait_until
from tests.scenarios.harness import Study, shell

PRIVATE = "name,age\nAnna,31\n"


@pytest.fixture
def private(study: Study) -> Study:
    """A study with participants' data below an ignored folder, in step once."""
    study.write("index.html", "<!doctype html>")
    study.write("raw/participants.csv", PRIVATE)
    study.write(".jatosignore", "raw/\n")
    study.stays_here |= {".jatosignore", "raw/participants.csv"}
    assert study.cli("sync").code == 0
    return study


def held(study: Study) -> dict[str, tuple[str, list[str]]]:
    """Id to kind and paths, as they are in the state."""
    uri = f"file:{study.state / 'state.sqlite3'}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True)) as state:
        rows = state.execute(
            "SELECT id, kind, path FROM held JOIN held_lists ON id = list ORDER BY path"
        ).fetchall()
    lists: dict[str, tuple[str, list[str]]] = {}
    for id_, kind, path in rows:
        lists.setdefault(id_, (kind, []))[1].append(path.decode())
    return lists


def approve(study: Study, id_: str) -> None:
    """What `jatossync approve ID` does."""
    with closing(Store(str(study.state))) as store:
        store.holds.approve(chosen_list(store.holds.lists(), id_))


def newly_included(study: Study) -> list[str]:
    return sorted(
        p for kind, paths in held(study).values() if kind == "newly included" for p in paths
    )


def never_sent(study: Study) -> bool:
    return not any("raw" in each.path for each in study.sent("POST"))


def test_a_rule_that_goes_publishes_nothing_without_a_person(private: Study) -> None:
    with private.run():
        private.write(".jatosignore", "# nothing\nvideo/\n")
        wait_until(lambda: newly_included(private) == ["raw/participants.csv"], "held")
        private.write("new.css", "uploads go on")
        private.await_equal()
        assert never_sent(private)
        (list_id,) = held(private)
        approve(private, list_id)
        private.stays_here.discard("raw/participants.csv")
        private.await_equal()
    assert not held(private)


def test_rules_that_changed_while_nothing_ran_are_noticed(private: Study) -> None:
    private.configure(ignore=["*.psd"])
    private.write(".jatosignore", "")
    said = private.cli("sync")
    assert said.code == 2
    assert "raw/participants.csv" in said.text
    assert newly_included(private) == ["raw/participants.csv"]
    private.write(".jatosignore", "raw/\n")
    assert private.cli("sync").code == 0
    assert not held(private)
    assert never_sent(private)


@pytest.mark.long
def test_a_pattern_taken_out_of_the_configuration_publishes_nothing(study: Study) -> None:
    study.write("index.html", "<!doctype html>")
    study.write("raw/participants.csv", PRIVATE)
    study.configure(ignore=["raw/"])
    assert study.cli("sync").code == 0
    study.configure(ignore=None)
    study.write("raw/written-later.csv", PRIVATE)
    for _ in range(2):
        assert study.cli("sync").code == 2
    assert newly_included(study) == ["raw/participants.csv", "raw/written-later.csv"]
    assert never_sent(study)


def test_what_another_version_of_jatossync_left_out_is_not_published_by_this_one(
    study: Study,
) -> None:
    study.write("index.html", "<!doctype html>")
    assert study.cli("sync").code == 0
    with closing(Store(str(study.state))) as store:
        (now,) = store.rules.load()
        quarantine = now.quarantine.replace("(?P<data>", r"(?P<data>.*\.results|")
        store.rules.save([RuleSet((*now.patterns, "*.private"), quarantine)])
    study.write("raw/a.private", PRIVATE)
    study.write("raw/b.results", PRIVATE)
    for _ in range(2):
        assert study.cli("sync").code == 2
    assert newly_included(study) == ["raw/a.private", "raw/b.results"]
    assert never_sent(study)
    study.configure(publish=["*.results"])
    assert study.cli("sync").code == 2
    assert newly_included(study) == ["raw/a.private"]
    assert "raw/b.results" in study.remote()


def test_editors_that_save_the_rules_by_way_of_another_file_publish_nothing(private: Study) -> None:
    with private.run():
        private.write("later.css", "at work")
        private.await_equal()
        shell("mv .jatosignore .jatosignore~ && sleep 0.6", private.folder)
        shell("printf 'raw/\\n*.psd\\n' > .jatosignore && rm .jatosignore~", private.folder)
        shell("printf '' > .jatosignore && sleep 0.6", private.folder)
        shell("printf 'raw/\\n*.psd\\n' > .jatosignore", private.folder)
        private.write("last.css", "still at work")
        private.await_equal()
    assert never_sent(private)
    assert not held(private)


def test_what_is_ignored_from_now_on_stays_on_jatos_and_its_edits_stay_here(
    study: Study,
) -> None:
    study.write("index.html", "<!doctype html>")
    study.write("data/list.json", "published")
    with study.run():
        study.await_equal()
        study.write(".jatosignore", "data/\n")
        study.stays_here |= {".jatosignore", "data/list.json"}
        study.write("data/list.json", "private by now")
        study.write("later.css", "at work")
        study.await_rest(lambda: "later.css" in study.remote())
        assert study.remote()["data/list.json"] == b"published"
        study.write(".jatosignore", "video/\n")
        wait_until(lambda: newly_included(study) == ["data/list.json"], "held")
        assert study.remote()["data/list.json"] == b"published"
    assert not study.sent("DELETE")


@pytest.mark.long
def test_new_files_that_were_never_ignored_go_up_while_others_wait(private: Study) -> None:
    with private.run():
        private.write(".jatosignore", "video/\n")
        wait_until(lambda: bool(newly_included(private)), "held")
        private.write("pictures/1.png", "picture")
        private.await_equal()


def test_a_branch_without_the_ignore_file_publishes_nothing(private: Study) -> None:
    git = "git -c user.name=R -c user.email=r@example.org -c init.defaultBranch=main"
    shell(f"{git} init -q . && echo raw/ > .git/info/exclude", private.folder)
    shell(f"git add index.html && {git} commit -qm one && git branch bare", private.folder)
    shell(f"git add .jatosignore && {git} commit -qm rules", private.folder)
    with private.run():
        shell("git checkout -q bare", private.folder)
        private.write("later.css", "at work")
        private.await_equal()
        shell("git checkout -q main", private.folder)
        private.write("last.css", "at work")
        private.await_equal()
    assert never_sent(private)
    assert Path(private.folder, "raw/participants.csv").read_text() == PRIVATE
