"""The trash and the way back: nothing of anybody's is gone."""

from __future__ import annotations

import json
import os
import re
import signal
from contextlib import closing
from pathlib import Path

import pytest

from jatossync.core.paths import RelPath
from jatossync.state.store import Store
from jatossync.state.trash import Trash
from tests.awaiting import DEADLINE_S, wait_until
from tests.scenarios.conftest import Jatos
from tests.scenarios.harness import Study, files_below
from tests.scenarios.starter import start

OURS, THEIRS = b"<!doctype html>ours", b"<!doctype html>theirs"


def overwrite_theirs(study: Study) -> None:
    """Ours is up, somebody edits it on JATOS, and then ours is saved again."""
    study.write("index.html", OURS)
    assert study.cli("sync").code == 0
    study.put_on_jatos("index.html", THEIRS)
    study.write("index.html", OURS + b"2")
    assert study.cli("sync").code == 0
    assert study.remote() == {"index.html": OURS + b"2"}


@pytest.mark.parametrize("dialect", ["3.8", "3.10"])  # without a listing, and with one
def test_what_was_overwritten_is_listed_shown_and_brought_back(
    jatos: Jatos, tmp_path: Path, dialect: str
) -> None:
    study = Study(tmp_path, jatos(dialect))
    overwrite_theirs(study)
    [kept] = json.loads(study.cli("trash", "list", "--json").out)
    assert (kept["path"], kept["size"], kept["study"]) == ("index.html", len(THEIRS), study.uuid)
    listed = study.cli("trash", "list")
    assert "index.html" in listed.text
    assert "overwritten" in listed.text
    assert study.cli("trash", "show", str(kept["number"])).out == THEIRS.decode()
    with study.run():
        study.await_equal()
        restored = study.cli("restore", "index.html")
        assert restored.code == 0, restored.text
        study.await_rest(lambda: study.remote() == {"index.html": THEIRS})
    assert study.local() == {"index.html": THEIRS}
    newest = json.loads(study.cli("trash", "list", "--json").out)[-1]
    assert study.cli("trash", "show", str(newest["number"])).out == (OURS + b"2").decode()


@pytest.mark.parametrize("dialect", ["3.8", "3.10"])
def test_a_full_trash_holds_what_would_destroy_and_says_so(
    jatos: Jatos, tmp_path: Path, dialect: str
) -> None:
    study = Study(tmp_path, jatos(dialect))
    study.configure(trash={"max_size": "1MB"})
    study.write("video.bin", b"ours")
    assert study.cli("sync").code == 0
    theirs = b"x" * 1_500_000
    study.put_on_jatos("video.bin", theirs)
    study.write("video.bin", b"ours, saved")
    said = study.cli("sync")
    assert said.code == 2
    assert "trash full" in said.text
    assert study.remote() == {"video.bin": theirs}
    study.configure(trash={"max_size": "2MB"})
    assert study.cli("sync").code == 0
    assert study.in_step()
    assert study.trash() == [theirs]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no FIFOs")
def test_a_restore_that_is_interrupted_leaves_whole_files_and_goes_on_when_called_again(
    study: Study,
) -> None:
    """The first is there, Ctrl-C comes while the second is being written."""
    contents = {"a.txt": b"small", "video.bin": b"large"}
    overwrite_theirs(study)
    with closing(Store(str(study.state))) as store:
        for name, data in contents.items():
            kept = Trash(str(study.state / "trash"), 10**9).keep([data])
            store.kept(RelPath(name), kept, study.uuid, "a test")
    bytes_of_video = study.state / "trash" / kept.sha256[:2] / kept.sha256
    aside = bytes_of_video.rename(study.place / "aside")
    os.mkfifo(bytes_of_video)  # reading it lasts until the end
    with (study.place / "out").open("wb") as out:
        command = study.command("restore", *contents)
        process = start(command, study.place, study.environment, out, out)
    first, parts = study.folder / "a.txt", ".jatossync-*.part"
    wait_until(lambda: first.exists() and any(study.folder.glob(parts)), "the second is begun")
    process.send_signal(signal.SIGINT)
    assert process.wait(DEADLINE_S) == 130
    aside.replace(bytes_of_video)
    assert files_below(study.folder) == {"index.html": OURS + b"2", "a.txt": b"small"}
    assert study.cli("restore", "video.bin").code == 0
    assert files_below(study.folder) == {"index.html": OURS + b"2", **contents}


def test_a_restore_sweeps_away_what_a_killed_one_left(study: Study) -> None:
    overwrite_theirs(study)
    left = study.write(".jatossync-0123456789abcdef.part", "half of it")
    assert study.cli("restore", "index.html").code == 0
    assert not left.exists()
    assert study.local() == {"index.html": THEIRS}


def test_the_trash_is_emptied_after_a_yes(study: Study) -> None:
    overwrite_theirs(study)
    assert "Nothing" in study.cli("trash", "empty", "--older-than", "1d").text
    assert len(json.loads(study.cli("trash", "list", "--json").out)) == 1
    said = study.cli("trash", "empty", "--yes")
    assert said.code == 0
    assert re.search(r"1 copy gone", said.text)
    assert json.loads(study.cli("trash", "list", "--json").out) == []
    gone = study.cli("restore", "index.html")
    assert gone.code == 1
    assert "no copy of index.html" in gone.text
