"""The folder, or a part of it, goes away or is another one: nothing on JATOS is deleted for it."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from subprocess import CalledProcessError

import pytest

from tests.awaiting import wait_until
from tests.scenarios.conftest import Jatos
from tests.scenarios.harness import Daemon, Study, shell
from tests.scenarios.mounts import Mounts

NOBODY = 65534


def fill(study: Study, *places: str) -> None:
    for place in places:
        for number in range(6):
            study.write(f"{place}/{number}.png", f"{place} {number}")
    study.write("index.html", "<!doctype html>")


def await_trouble(daemon: Daemon, word: str) -> None:
    def told() -> bool:
        events = daemon.log("the folder cannot be used, nothing is sent")
        return any(word in event["reason"] for event in events)

    wait_until(told, lambda: f"{word} in {daemon.output()}")


def assert_nothing_was_deleted(study: Study) -> None:
    assert study.sent("DELETE") == []
    study.assert_nothing_was_sent_twice()


# --- the folder itself ---------------------------------------------------------------------------


def test_a_folder_deleted_and_made_again_is_another_one_also_after_a_restart(study: Study) -> None:
    fill(study, "a", "b")
    with study.run() as daemon:
        study.await_equal()
        shell("rm -rf study; mkdir study; echo new > study/new.html", study.place)
        await_trouble(daemon, "replaced")
        assert "check --rebind" in daemon.output()
        study.await_rest()
    said = study.cli("sync")
    assert (said.code, "check --rebind" in said.text) == (78, True)
    assert "new.html" not in study.stored()
    assert study.cli("check", "--rebind").code == 0
    assert study.cli("sync").code == 0
    assert study.remote()["new.html"] == b"new\n"
    assert_nothing_was_deleted(study)


def test_a_folder_moved_away_is_waited_for_and_then_followed(study: Study) -> None:
    fill(study, "a", "b")
    with study.run() as daemon:
        study.await_equal()
        shell("mv study elsewhere; echo more >> elsewhere/index.html", study.place)
        await_trouble(daemon, "is gone")
        shell("echo new > elsewhere/new.html; mv elsewhere study", study.place)
        daemon.await_log("the folder can be used again")
        study.await_equal()
        study.write("a/later.png", "later")
        study.await_equal()
    assert study.stored() == dict.fromkeys(study.local(), 1) | {"index.html": 2}
    assert_nothing_was_deleted(study)


@pytest.mark.long
def test_another_folder_swapped_in_and_out_is_never_mirrored(study: Study) -> None:
    fill(study, "a")
    with study.run() as daemon:
        study.await_equal()
        shell("mkdir other; echo x > other/other.html; mv study kept; mv other study", study.place)
        await_trouble(daemon, "replaced")
        shell("mv study other; mv kept study; echo more >> study/index.html", study.place)
        study.await_equal()
    assert "other.html" not in study.stored()
    assert_nothing_was_deleted(study)


def test_an_unmounted_folder_is_waited_for_and_then_followed(study: Study, mounts: Mounts) -> None:
    (study.place / "kept").mkdir()
    mounts.run("mount -t tmpfs disk kept && mount --bind kept study", study.place)
    study.folder = mounts.view(study.folder)
    fill(study, "a", "b")
    with study.run(*mounts.inside) as daemon:
        study.await_equal()
        before = study.remote()
        mounts.run("umount -l study", study.place)
        await_trouble(daemon, "unmounted")
        mounts.run("echo more >> kept/index.html && rm kept/a/3.png", study.place)
        assert study.remote() == before
        mounts.run("mount --bind kept study", study.place)
        study.await_equal()
        study.write("b/later.png", "later")
        study.await_equal()
    assert [each.path for each in study.sent("DELETE")] == ["a/3.png"]


def test_a_network_disk_that_breaks_off_and_is_mounted_anew_is_followed(
    study: Study, mounts: Mounts
) -> None:
    source = study.place / "elsewhere"
    source.mkdir()
    seen, study.folder = study.folder, source
    disk = mounts.network_disk(source, seen)
    fill(study, "a", "b")
    with study.run(*mounts.inside) as daemon:
        study.await_equal()
        disk.kill()
        await_trouble(daemon, "cannot be reached")
        study.write("index.html", "<!doctype html>later")
        mounts.run("umount -l study", study.place)
        mounts.network_disk(source, seen)
        study.await_equal()
        study.write("a/new.png", "new")
        study.await_equal()
        assert len(daemon.log("the folder's disk was mounted anew")) == 1
    assert_nothing_was_deleted(study)


@pytest.mark.long
def test_an_empty_network_disk_in_the_place_of_the_folders_is_not_followed(
    study: Study, mounts: Mounts
) -> None:
    source, empty = study.place / "elsewhere", study.place / "empty"
    source.mkdir()
    empty.mkdir()
    seen, study.folder = study.folder, source
    mounts.network_disk(source, seen)
    fill(study, "a", "b")
    with study.run(*mounts.inside) as daemon:
        study.await_equal()
        mounts.run("umount -l study", study.place)
        mounts.network_disk(empty, seen)
        await_trouble(daemon, "mounted anew")
        study.await_rest()
    assert_nothing_was_deleted(study)


@pytest.mark.long
def test_an_empty_disk_in_the_place_of_the_folders_is_another_folder(
    study: Study, mounts: Mounts
) -> None:
    mounts.run("mount -t tmpfs disk study", study.place)
    study.folder = mounts.view(study.folder)
    fill(study, "a", "b")
    with study.run(*mounts.inside) as daemon:
        study.await_equal()
        mounts.run("umount -l study && mount -t tmpfs disk study", study.place)
        await_trouble(daemon, "")
        study.await_rest()
        mounts.run("umount study", study.place)
        await_trouble(daemon, "unmounted")
    said = study.cli("sync")
    assert (said.code, "another disk" in said.text) == (78, True)
    assert_nothing_was_deleted(study)


OVERLAY = "mount -t overlay overlay -o lowerdir=none,upperdir={0},workdir={0}.work study"
"""A file system whose inodes do not last: nothing tells one folder from another one on it."""


def test_another_folder_where_nothing_can_tell_it_from_the_old_one_deletes_nothing(
    study: Study, mounts: Mounts
) -> None:
    for name in ("none", "ours", "ours.work", "other", "other.work"):
        (study.place / name).mkdir()
    (study.place / "other" / "index.html").write_text("another study")
    try:
        mounts.run(OVERLAY.format("ours"), study.place)
    except CalledProcessError:
        pytest.skip("no overlay can be mounted here")
    study.folder = mounts.view(study.folder)
    sync = [*mounts.inside, *study.command("sync")]
    for name in ("index.html", "a.png", "b.png", "c.png"):
        study.write(name, name)
    assert study.program(sync).code == 0
    (study.folder / "a.png").unlink()
    assert study.program(sync).code == 0, "most is as it was"
    mounts.run(f"umount study && {OVERLAY.format('other')}", study.place)
    said = study.program(sync)
    assert said.code == 2
    assert "another folder than before" in said.text
    assert [each.path for each in study.sent("DELETE")] == ["a.png"]


def test_a_bind_mount_of_a_folder_that_was_replaced_ends_the_program_to_be_restarted(
    study: Study, mounts: Mounts
) -> None:
    (study.place / "source").mkdir()
    mounts.run("mount --bind source study", study.place)
    study.folder = mounts.view(study.folder)
    fill(study, "a", "b")
    with study.run(*mounts.inside) as daemon:
        study.await_equal()
        shell("rm -rf source; mkdir source; echo x > source/x.html", study.place)
        assert daemon.ended() == 75
        assert "the old one" in daemon.output()
    with study.run(*mounts.inside) as daemon:
        assert daemon.ended() == 75
    mounts.run("umount study && mount --bind source study", study.place)
    with study.run(*mounts.inside) as daemon:
        assert daemon.ended() == 78
    assert_nothing_was_deleted(study)


@pytest.mark.long
def test_a_folder_that_may_no_longer_be_read_is_waited_for(common: Study) -> None:
    fill(common, "a")
    with common.run(*AS_NOBODY) as daemon:
        common.await_equal()
        common.folder.chmod(0)
        await_trouble(daemon, "permissions")
        common.folder.chmod(0o755)
        common.write("a/later.png", "later")
        common.await_equal()
    assert_nothing_was_deleted(common)


# --- a part of it --------------------------------------------------------------------------------


def test_a_disk_below_the_folder_that_is_unmounted_is_unknown_until_it_is_back(
    study: Study, mounts: Mounts
) -> None:
    (study.place / "kept").mkdir()
    (study.folder / "stimuli").mkdir()
    mounts.run("mount -t tmpfs disk kept && mount --bind kept study/stimuli", study.place)
    study.folder = mounts.view(study.folder)
    fill(study, "stimuli", "plain")
    with study.run(*mounts.inside):
        study.await_equal()
        before = study.remote()
        mounts.run("umount study/stimuli", study.place)
        study.write("index.html", "<!doctype html>later")
        (study.folder / "plain" / "3.png").unlink()
        now = {**before, "index.html": b"<!doctype html>later"}
        del now["plain/3.png"]
        study.await_rest(lambda: study.remote() == now)
        mounts.run("echo later > kept/4.png && mount --bind kept study/stimuli", study.place)
        study.await_equal()
        mounts.run("umount study/stimuli", study.place)
    with study.run(*mounts.inside):
        study.write("index.html", "<!doctype html>restarted")
        now = {**now, "index.html": b"<!doctype html>restarted", "stimuli/4.png": b"later\n"}
        study.await_rest(lambda: study.remote() == now)
        mounts.run("echo back > kept/5.png && mount --bind kept study/stimuli", study.place)
        study.await_equal()
    assert [each.path for each in study.sent("DELETE")] == ["plain/3.png"]


@pytest.mark.long
def test_a_tmpfs_below_the_folder_that_is_unmounted_while_everything_is_scanned_again_and_again(
    study: Study, mounts: Mounts
) -> None:
    study.configure(watch={"mode": "poll", "quiet": "150ms", "rescan": "1s"})
    (study.folder / "stimuli").mkdir()
    mounts.run("mount -t tmpfs disk study/stimuli", study.place)
    study.folder = mounts.view(study.folder)
    fill(study, "stimuli")
    with study.run(*mounts.inside):
        study.await_equal()
        before = study.remote()
        mounts.run("umount study/stimuli", study.place)
        for text in ("one", "two", "three"):
            study.write("index.html", text)
            now = {**before, "index.html": text.encode()}
            study.await_rest(lambda now=now: study.remote() == now)  # type: ignore[misc]
    assert_nothing_was_deleted(study)


def test_a_directory_that_may_not_be_read_is_unknown_until_it_may(common: Study) -> None:
    fill(common, "a", "b")
    with common.run(*AS_NOBODY):
        common.await_equal()
        before = common.remote()
        (common.folder / "a").chmod(0)
        common.write("index.html", "<!doctype html>later")
        now = {**before, "index.html": b"<!doctype html>later"}
        common.await_rest(lambda: common.remote() == now)
        (common.folder / "a").chmod(0o755)
        common.write("a/4.png", "later")
        common.await_equal()
    assert_nothing_was_deleted(common)


AS_NOBODY = (
    ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    if hasattr(os, "geteuid") and os.geteuid() == 0
    else []
)


@pytest.fixture
def common(jatos: Jatos) -> Iterator[Study]:
    """A study of somebody whom permissions stop."""
    place = Path(tempfile.mkdtemp())
    try:
        study = Study(place, jatos())
        if AS_NOBODY:
            (place / "home").mkdir()
            shell(f"chown -R {NOBODY}:{NOBODY} .", place)
            probe = [*AS_NOBODY, sys.executable, "-c", "import jatossync"]
            if subprocess.run(probe, env=study.environment, capture_output=True).returncode:
                pytest.skip("another user cannot run this Python or read this checkout")
        yield study
    finally:
        shutil.rmtree(place)
