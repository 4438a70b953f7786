"""jobs.py: what only the moment of acting can show, on a real folder and against the emulator."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from jatossync.cli.setup import opened
from jatossync.config import load
from jatossync.core.actions import Delete, Rival, Upload
from jatossync.core.jobs import AlreadyThere, Ask, Done, List, Overtaken, Refused, Server
from jatossync.core.model import Content, Entry, Kind, Listing, Row, Stat
from jatossync.core.paths import RelPath
from jatossync.errors import ConfigError
from jatossync.jobs import DIRECTORY, Jobs
from jatossync.local import identity
from jatossync.local.directory import stat_of
from jatossync.local.git import operations
from tests.emulator.handle import Emulator
from tests.engine.world import SERVER
from tests.remote.files import content_of
from tests.scenarios.harness import Study


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    with Emulator(tmp_path_factory.mktemp("jatos")) as running:
        yield running


@pytest.fixture
def study(emulator: Emulator, tmp_path: Path) -> Study:
    return Study(tmp_path, emulator)


@contextmanager
def jobs_of(study: Study) -> Iterator[Jobs]:
    """What does the jobs for this study, JATOS being met."""
    with opened(load(str(study.config)), alone=False) as sides:
        jobs = Jobs(sides, lambda: False)
        server = jobs.do(Ask())
        assert isinstance(server, Server)
        jobs.met(server)
        yield jobs


@pytest.mark.parametrize(("file", "learnt"), [("there.txt", "UUID=1234"), ("gone", "/dev/sdb1")])
def test_a_disks_uuid_is_learnt_once_its_files_are_there_and_then_kept(
    study: Study, monkeypatch: pytest.MonkeyPatch, file: str, learnt: str
) -> None:
    """A service and commands outside its sandbox share a state; and devices change their names."""
    study.write("there.txt", "1")
    stat = (study.folder / "there.txt").stat()
    row = Row(RelPath(file), Content(1, "", 0), Stat(1, stat.st_mtime_ns, 0, 0), 0)

    def remembered(source: str) -> str:
        monkeypatch.setattr(identity, "_lasting", lambda _: source)
        with opened(load(str(study.config)), alone=False) as sides:
            sides.bind(SERVER)
            sides.store.adopted(row)
            return str(sides.store.remembered(DIRECTORY))

    assert "/dev/sdb1" in remembered("/dev/sdb1")
    assert learnt in remembered("UUID=1234")
    if file == "there.txt":
        assert learnt in remembered("/dev/sdc1")
        with pytest.raises(ConfigError, match="another disk"):
            remembered("UUID=5678")


def test_what_git_may_be_about_to_put_back_is_not_deleted(study: Study) -> None:
    """Law 3: git began after all that was decided; its lock is asked last."""
    study.put_on_jatos("old.png", b"old")
    (study.folder / ".git").mkdir()
    (study.folder / ".git" / "index.lock").touch()
    delete = Delete(RelPath("old.png"), frozenset([content_of(b"old")]))
    with jobs_of(study) as jobs:
        result = jobs.do(delete)
        assert isinstance(result, Overtaken)
        assert "git is at work" in result.reason
        assert study.remote() == {"old.png": b"old"}
        waited_for = operations(str(study.folder))
        assert isinstance(jobs.do(replace(delete, despite=waited_for)), Done)
        assert study.remote() == {}


@pytest.mark.parametrize(("theirs", "result"), [(b"A", AlreadyThere), (b"B", Refused)])
def test_a_delete_is_done_only_where_the_bytes_are_those_of_the_other_spelling(
    tmp_path: Path, theirs: bytes, result: type
) -> None:
    """Law 7: of a large file the size does not tell whether they were ever sent for that one."""
    lies_there = b"A" * 300_000
    upper, lower = RelPath("A.mp4"), RelPath("a.mp4")
    with Emulator(tmp_path / "jatos", names="fold") as emulator:
        study = Study(tmp_path, emulator)
        study.put_on_jatos(upper, lies_there)
        study.write(lower, "here")
        rivals = frozenset([Rival(lower, content_of(theirs * 300_000))])
        with jobs_of(study) as jobs:
            done = jobs.do(Delete(upper, frozenset([content_of(lies_there)]), rivals=rivals))
        assert isinstance(done, result)
        assert study.remote() == {upper: lies_there}


def test_a_name_that_may_have_had_the_new_bytes_before_is_not_replaced_with_them(
    study: Study,
) -> None:
    """Law 7: on a JATOS that tells the two names apart it would stay there for ever."""
    old, new = b"A" * 300_000, b"new"
    study.put_on_jatos("a.mp4", old)
    study.put_on_jatos("A.mp4", new)
    study.write("a.mp4", "new")
    entry = Entry(Kind.FILE, stat=stat_of(os.stat(study.folder / "a.mp4")))
    theirs = frozenset(Rival(RelPath("A.mp4"), content_of(data)) for data in (old, new))
    ours = frozenset([content_of(old)])
    with jobs_of(study) as jobs:
        done = jobs.do(Upload(RelPath("a.mp4"), entry, content_of(new), ours, rivals=theirs))
    assert isinstance(done, Done)
    assert not done.replaced


def test_the_folder_in_which_jatos_keeps_the_study_is_never_mirrored(study: Study) -> None:
    study.put_on_jatos("index.html", b"<!doctype html>")
    study.configure(folder=str(study.assets))
    with jobs_of(study) as jobs, pytest.raises(ConfigError, match="JATOS itself"):
        jobs.do(List())


def test_a_folder_that_has_but_the_name_of_jatoss_own_is_mirrored(study: Study) -> None:
    study.put_on_jatos("index.html", b"<!doctype html>")
    namesake = study.place / study.assets.name
    namesake.mkdir()
    (namesake / "index.html").write_bytes(b"<!doctype html>, saved later")
    study.configure(folder=str(namesake))
    with jobs_of(study) as jobs:
        assert isinstance(jobs.do(List()), Listing)
