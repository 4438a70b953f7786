import errno
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from jatossync.core.model import Stat
from jatossync.core.paths import ROOT, RelPath
from jatossync.errors import AlreadyRunning, ConfigError
from jatossync.local import mounts
from jatossync.local.directory import stat_of
from jatossync.local.mounts import Mount, is_deaf, mount_of, mount_table, mounts_below
from jatossync.local.root import Changed, Presence, StudyFolder


def presence(folder: StudyFolder, path: str) -> Presence:
    return folder.presence(RelPath(path)).presence


def lstat(path: Path) -> Stat:
    return stat_of(os.lstat(path))


# --- opening -------------------------------------------------------------------------------------


def test_a_folder_is_known_by_its_real_path(tmp_path: Path, study: Path) -> None:
    (tmp_path / "link").symlink_to(study)
    with StudyFolder.open(str(tmp_path / "link")) as folder:
        assert folder.path == os.path.realpath(study)
        assert folder.trouble() is None


def test_a_missing_folder_a_file_and_too_much_are_refused_with_a_hint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "people" / "me"
    home.mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    (tmp_path / "file").write_text("x")
    for path, what in [
        (tmp_path / "none", "does not exist"),
        (tmp_path / "file" / "below", "cannot be read"),
        (tmp_path / "file", "is not a folder"),
        (home, "home directory"),
        (home.parent, "home directory"),
        (Path("/home/somebody"), "home directory"),
        (Path("/"), "whole disk"),
    ]:
        with pytest.raises(ConfigError, match=what) as caught:
            StudyFolder.open(str(path))
        assert caught.value.hint


def test_an_unreadable_folder_is_refused(way: str, common_study: Path) -> None:
    common_study.chmod(0o000)
    with pytest.raises(ConfigError, match="read"):
        StudyFolder.open(str(common_study))


def test_a_folder_below_the_home_directory_is_fine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, study: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    StudyFolder.open(str(study)).close()


# --- one jatossync per folder --------------------------------------------------------------------


def test_a_second_lock_on_the_folder_is_refused_until_the_first_is_gone(
    way: str, study: Path
) -> None:
    with StudyFolder.open(str(study)) as first, StudyFolder.open(str(study)) as second:
        first.lock()
        with pytest.raises(AlreadyRunning, match="another jatossync") as caught:
            second.lock()
        assert caught.value.hint
    with StudyFolder.open(str(study)) as third:
        third.lock()


def test_the_lock_of_a_killed_process_is_free(way: str, study: Path) -> None:
    script = (
        "import sys, os\n"
        "from jatossync.local import directory\n"
        "from jatossync.local.root import StudyFolder\n"
        "directory.BY_DESCRIPTOR = sys.argv[2] == 'by descriptor'\n"
        "StudyFolder.open(sys.argv[1]).lock()\n"
        "os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", script, str(study), way], cwd=Path(__file__).parents[2])
    with StudyFolder.open(str(study)) as folder:
        folder.lock()


# --- is it still what it was? --------------------------------------------------------------------


def test_a_deleted_folder_is_trouble(folder: StudyFolder, study: Path) -> None:
    study.rmdir()
    assert "deleted" in (folder.trouble() or "")
    assert presence(folder, "a.txt") is Presence.UNKNOWN


def test_a_folder_made_anew_is_another_one(way: str, folder: StudyFolder, study: Path) -> None:
    study.rmdir()
    study.mkdir()
    if way == "by path" and folder.trouble() is None:
        pytest.skip("with nothing held open the new folder got the old one's inode")
    assert "replaced" in (folder.trouble() or "")
    assert presence(folder, "a.txt") is Presence.UNKNOWN


def test_a_folder_moved_away_is_trouble_until_it_is_back(
    folder: StudyFolder, study: Path, tmp_path: Path
) -> None:
    study.rename(tmp_path / "elsewhere")
    assert "is gone" in (folder.trouble() or "")
    assert presence(folder, "a.txt") is Presence.UNKNOWN
    (tmp_path / "elsewhere").rename(study)
    assert folder.trouble() is None
    assert presence(folder, "a.txt") is Presence.ABSENT


@pytest.mark.parametrize("other", ["directory", "symlink", "file"])
def test_something_else_in_its_place_is_trouble(
    folder: StudyFolder, study: Path, tmp_path: Path, other: str
) -> None:
    study.rename(tmp_path / "elsewhere")
    if other == "directory":
        study.mkdir()
    elif other == "file":
        study.write_text("x")
    else:
        (tmp_path / "third").mkdir()
        study.symlink_to(tmp_path / "third")
    assert "replaced" in (folder.trouble() or "")
    assert presence(folder, "a.txt") is Presence.UNKNOWN


def test_a_folder_that_may_no_longer_be_read_is_trouble_until_it_may(
    way: str, common_study: Path
) -> None:
    with StudyFolder.open(str(common_study)) as folder:
        common_study.chmod(0o000)
        assert "permissions" in (folder.trouble() or "")
        assert presence(folder, "a.txt") is Presence.UNKNOWN
        common_study.chmod(0o700)
        assert folder.trouble() is None


def test_an_unmounted_folder_is_trouble_until_it_is_mounted_again(
    with_mounts: Callable[[str], None],
) -> None:
    with_mounts("""
import os, subprocess
from jatossync.local.root import Presence, StudyFolder
def run(*command): subprocess.run(command, check=True)
os.mkdir("kept")
run("mount", "-t", "tmpfs", "disk", "kept")
os.mkdir("kept/inner")
open("kept/inner/a.txt", "w").close()
run("mount", "--bind", "kept/inner", "study")
with StudyFolder.open("study") as folder:
    assert folder.trouble() is None
    assert folder.presence("a.txt").presence is Presence.PRESENT
    run("umount", "-l", "study")
    assert "unmounted" in folder.trouble()
    assert folder.presence("a.txt").presence is Presence.UNKNOWN
    run("mount", "-t", "tmpfs", "other", "study")
    assert "another" in folder.trouble()
    run("umount", "study")
    run("mount", "--bind", "kept/inner", "study")
    assert folder.trouble() is None
    assert folder.presence("b.txt").presence is Presence.ABSENT
""")


def test_a_disk_that_is_mounted_anew_is_followed_if_it_has_both_the_name_and_the_files(
    with_mounts: Callable[[str], None],
) -> None:
    with_mounts("""
import os, subprocess
from jatossync.core.model import Content, Row
from jatossync.local.directory import stat_of
from jatossync.local.root import Presence, StudyFolder
def run(*command): subprocess.run(command, check=True)
def mount(disk, *files):
    run("mount", "-t", "tmpfs", disk, "study")
    for name in files:
        with open(f"study/{name}", "w") as file: file.write(name)
        os.utime(f"study/{name}", (1, 1))
def row(name):
    return Row(name, Content(1, "", 0), stat_of(os.lstat(f"study/{name}")), 9)
mount("disk", "a", "b", "c")
with StudyFolder.open("study") as folder:
    known = [row(name) for name in "abc"]
    run("umount", "-l", "study")
    mount("disk")
    assert "mounted anew" in folder.trouble()
    assert not folder.follow(lambda: known)
    assert "mounted anew" in folder.trouble()
    assert folder.presence("a").presence is Presence.UNKNOWN
    run("umount", "study")
    mount("copy", "a", "b", "c")
    assert not folder.follow(lambda: known)
    run("umount", "study")
    mount("disk", "a", "b")
    assert folder.follow(lambda: known)
    assert folder.trouble() is None
    assert folder.presence("c").presence is Presence.ABSENT
""")


def test_below_a_disk_that_went_or_came_nothing_is_known(
    with_mounts: Callable[[str], None],
) -> None:
    with_mounts("""
import os, subprocess
from jatossync.local.root import Presence, StudyFolder
def run(*command): subprocess.run(command, check=True)
os.makedirs("study/a b")
os.makedirs("study/plain/sub")
run("mount", "-t", "tmpfs", "disk", "study/a b")
open("study/a b/x", "w").close()
with StudyFolder.open("study") as folder:
    assert folder.displaced() == frozenset()
    assert folder.presence("a b/gone").presence is Presence.ABSENT
    run("umount", "study/a b")
    assert folder.displaced() == {"a b"}
    assert folder.presence("a b/x").presence is Presence.UNKNOWN
    assert folder.presence("plain/gone").presence is Presence.ABSENT
    run("mount", "-t", "tmpfs", "disk", "study/a b")
    run("mount", "-t", "tmpfs", "more", "study/plain")
    assert folder.displaced() == {"plain"}
    assert folder.presence("plain/sub/gone").presence is Presence.UNKNOWN
    assert folder.trouble() is None
""")


def test_the_innermost_and_last_mount_is_the_one_a_path_lies_on() -> None:
    table = [
        Mount("/", "/", "ext4", "/dev/a"),
        Mount("/mnt", "/", "ext4", "/dev/b"),
        Mount("/mnt", "/", "nfs", "server:/"),
        Mount("/mnt/study/disk", "/", "tmpfs", "c"),
        Mount("/mnt/study2", "/", "tmpfs", "d"),
    ]
    assert mount_of("/mnt/study", table) == table[2]
    assert mount_of("/mnt", table) == table[2]
    assert mount_of("/mntx", table) == table[0]
    assert mounts_below("/mnt/study", table) == {"disk": table[3]}
    assert mount_of("/mnt", []) is None


@pytest.mark.skipif(sys.platform != "linux", reason="there is no such table")
def test_a_mount_has_the_number_of_its_disk() -> None:
    number = os.stat("/proc").st_dev
    mount = mount_of("/proc", mount_table())
    assert mount is not None
    assert mount.device == f"{os.major(number)}:{os.minor(number)}"


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "smb3", "9p", "vboxsf", "fuse", "fuse.sshfs"])
def test_what_others_change_on_a_network_file_system_makes_no_events(kind: str) -> None:
    assert is_deaf(Mount("/mnt", "/", kind, "server:/"))


@pytest.mark.parametrize("kind", ["ext4", "btrfs", "overlay", "tmpfs", "fuseblk", "vfat"])
def test_a_disk_of_this_computer_makes_events(kind: str) -> None:
    assert not is_deaf(Mount("/mnt", "/", kind, "/dev/sda1"))


def test_a_symlink_that_leads_to_another_folder_now_is_trouble_until_it_leads_back(
    way: str, study: Path, tmp_path: Path
) -> None:
    link = tmp_path / "current"
    link.symlink_to(study)
    (tmp_path / "release2").mkdir()
    with StudyFolder.open(str(link)) as folder:
        assert folder.trouble() is None
        link.unlink()
        link.symlink_to(tmp_path / "release2")
        assert "release2 now" in (folder.trouble() or "")
        assert presence(folder, "a.txt") is Presence.UNKNOWN
        link.unlink()
        link.symlink_to(study)
        assert folder.trouble() is None


# --- presence: the guard before a delete ---------------------------------------------------------


def test_a_file_is_present_and_a_missing_one_absent(folder: StudyFolder, study: Path) -> None:
    (study / "a").mkdir()
    (study / "a" / "b.txt").write_text("x")
    (study / "empty").write_text("")
    assert presence(folder, "a/b.txt") is Presence.PRESENT
    assert presence(folder, "empty") is Presence.PRESENT
    assert presence(folder, "a/c.txt") is Presence.ABSENT
    assert presence(folder, "c/d/e.txt") is Presence.ABSENT


def test_where_a_directory_took_the_files_place_the_file_is_absent(
    folder: StudyFolder, study: Path
) -> None:
    (study / "a").mkdir()
    assert presence(folder, "a") is Presence.ABSENT


def test_below_a_regular_file_everything_is_absent(folder: StudyFolder, study: Path) -> None:
    (study / "a").write_text("x")
    assert presence(folder, "a/b/c") is Presence.ABSENT


def test_a_symlink_fifo_or_socket_in_the_files_place_is_unknown(
    folder: StudyFolder, study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (study / "link").symlink_to("nowhere")
    os.mkfifo(study / "fifo")
    monkeypatch.chdir(study)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        for name, kind in [("link", "a symlink"), ("fifo", "a FIFO"), ("socket", "a socket")]:
            sighting = folder.presence(RelPath(name))
            assert sighting == (Presence.UNKNOWN, f"{kind} has taken its place")


def test_below_a_symlinked_directory_nothing_is_known_and_nothing_is_read(
    folder: StudyFolder, study: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "a.txt").write_text("secret")
    (study / "sub").symlink_to(outside)
    for path in ("sub/a.txt", "sub/b.txt", "sub/c/d.txt"):
        assert presence(folder, path) is Presence.UNKNOWN
    with pytest.raises(Changed, match="sub: a symlink"):
        folder.open_file(RelPath("sub/a.txt"), lstat(outside / "a.txt"))


@pytest.mark.parametrize("mode", [0o000, 0o300, 0o600])
def test_below_an_unreadable_directory_nothing_is_known(
    way: str, common_study: Path, mode: int
) -> None:
    (common_study / "sub").mkdir()
    with StudyFolder.open(str(common_study)) as folder:
        assert presence(folder, "sub/a.txt") is Presence.ABSENT
        (common_study / "sub").chmod(mode)
        sighting = folder.presence(RelPath("sub/a.txt"))
        assert sighting.presence is Presence.UNKNOWN
        assert "permission" in sighting.reason
        assert presence(folder, "a.txt") is Presence.ABSENT


@pytest.mark.parametrize("placeholder", ["a.txt.nextcloud", "a.txt.owncloud", ".a.txt.icloud"])
def test_a_file_that_is_only_in_the_cloud_is_not_absent(
    folder: StudyFolder, study: Path, placeholder: str
) -> None:
    (study / placeholder).write_text("")
    assert presence(folder, "a.txt") is Presence.UNKNOWN
    assert presence(folder, "b.txt") is Presence.ABSENT


def test_a_name_too_long_for_a_placeholder_can_be_absent(folder: StudyFolder) -> None:
    assert presence(folder, "n" * 255) is Presence.ABSENT


# --- reading -------------------------------------------------------------------------------------


def test_a_file_is_read_and_read_again(folder: StudyFolder, study: Path) -> None:
    (study / "a").mkdir()
    file = study / "a" / "b.txt"
    file.write_bytes(b"hello")
    with folder.open_file(RelPath("a/b.txt"), lstat(file)) as opened:
        assert opened.size == 5
        assert opened.read(4) + opened.read(4) + opened.read(4) == b"hello"
        opened.rewind()
        assert opened.read(99) == b"hello"
        assert opened.unchanged()


def test_an_open_file_notices_that_it_was_written(folder: StudyFolder, study: Path) -> None:
    file = study / "a"
    file.write_bytes(b"hello")
    with folder.open_file(RelPath("a"), lstat(file)) as opened:
        with file.open("ab") as more:
            more.write(b"!")
        assert not opened.unchanged()


def test_an_open_file_notices_that_another_took_its_name(folder: StudyFolder, study: Path) -> None:
    (study / "a").write_bytes(b"hello")
    before = lstat(study / "a")
    (study / "new").write_bytes(b"hello")
    with folder.open_file(RelPath("a"), before) as opened:
        os.replace(study / "new", study / "a")
        assert not opened.unchanged()


def test_an_open_file_notices_that_its_name_or_directory_is_gone(
    folder: StudyFolder, study: Path
) -> None:
    (study / "d").mkdir()
    (study / "d" / "a").write_bytes(b"hello")
    with folder.open_file(RelPath("d/a"), lstat(study / "d" / "a")) as opened:
        (study / "d").rename(study / "e")
        assert not opened.unchanged()
        (study / "e").rename(study / "d")
        assert opened.unchanged()
        shutil.rmtree(study / "d")
        assert not opened.unchanged()


def test_a_file_that_is_not_as_it_was_seen_is_not_opened(folder: StudyFolder, study: Path) -> None:
    file = study / "a"
    file.write_bytes(b"hello")
    seen = lstat(file)
    file.write_bytes(b"hello, world")
    with pytest.raises(Changed, match="being written"):
        folder.open_file(RelPath("a"), seen)
    file.unlink()
    with pytest.raises(Changed, match="no such file"):
        folder.open_file(RelPath("a"), seen)
    with pytest.raises(Changed, match="b"):
        folder.open_file(RelPath("b/a"), seen)
    file.mkdir()
    with pytest.raises(Changed, match="no file"):
        folder.open_file(RelPath("a"), seen)


def test_a_fifo_or_a_symlink_in_the_files_place_is_not_opened(
    folder: StudyFolder, study: Path, tmp_path: Path
) -> None:
    (tmp_path / "outside").write_text("secret")
    (study / "a").symlink_to(tmp_path / "outside")
    os.mkfifo(study / "b")
    for name in ("a", "b"):
        with pytest.raises(Changed, match="no file"):
            folder.open_file(RelPath(name), lstat(study / name))


def test_an_opened_directory_lists_what_is_in_it(folder: StudyFolder, study: Path) -> None:
    (study / "ü").mkdir()
    (study / "ü" / "a").write_text("xy")
    top = folder.directory(ROOT)
    below = folder.directory(RelPath("ü"))
    assert [name for name, _ in top.children()] == ["ü"]
    [(name, found)] = below.children()
    assert name == "a"
    assert isinstance(found, os.stat_result)
    assert found.st_size == 2
    top.close()
    below.close()


def test_a_table_of_mounts_that_cannot_be_read_is_no_unmounted_disk(
    folder: StudyFolder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(mounts, "_TABLE", str(tmp_path))  # reading a directory fails
    assert "cannot be reached" in (folder.trouble() or "")
    assert folder.displaced() == {ROOT}
    assert presence(folder, "a.txt") is Presence.UNKNOWN
    assert not folder.is_pinned()


def test_a_folder_that_another_computer_removed_is_gone_and_no_error(
    study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Law 2: NFS calls what is held open stale then."""

    def stale(descriptor: int) -> os.stat_result:
        raise OSError(errno.ESTALE, os.strerror(errno.ESTALE))

    with StudyFolder.open(str(study)) as folder:
        study.rmdir()
        monkeypatch.setattr(os, "fstat", stale)
        assert "is gone" in (folder.trouble() or "")
        monkeypatch.undo()
