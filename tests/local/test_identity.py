"""Which directory the study folder is, from one start to the next."""

import os
from pathlib import Path

import pytest

from jatossync.core.paths import RelPath
from jatossync.errors import ConfigError
from jatossync.local import identity
from jatossync.local.identity import Identity
from jatossync.local.mounts import Mount, focused
from jatossync.local.root import StudyFolder

DISK = Mount("/mnt", "/studies", "ext4", "/dev/sdb1")
STICK = Mount("/mnt/stroop/stick", "/", "vfat", "/dev/sdc1")


def test_it_survives_being_written_down() -> None:
    one = Identity.of(DISK, {"stick": STICK, "caf\udce9": STICK}, 7)
    assert Identity.parse(str(one)) == one


def test_the_same_folder_is_recognised(study: Path) -> None:
    with StudyFolder.open(str(study)) as folder:
        known = folder.identity
    with StudyFolder.open(str(study)) as folder:
        folder.recognise(known, lambda _: True)
        assert folder.identity == known
        assert folder.displaced() == frozenset()


def test_a_folder_made_anew_is_not(study: Path) -> None:
    with StudyFolder.open(str(study)) as folder:
        known = folder.identity
        study.rmdir()
        study.mkdir()  # while the old one is held open: its inode is not free
    with (
        StudyFolder.open(str(study)) as folder,
        pytest.raises(ConfigError, match="made anew") as caught,
    ):
        folder.recognise(known, lambda _: True)
    assert "check --rebind" in caught.value.hint


@pytest.mark.parametrize(
    "other",
    [
        DISK._replace(point="/"),
        DISK._replace(root="/others"),
        DISK._replace(kind="xfs"),
        DISK._replace(source="/dev/sdc1"),
    ],
)
def test_a_folder_on_another_disk_is_not(other: Mount) -> None:
    with pytest.raises(ConfigError, match="another disk"):
        Identity.of(other, {}, 7).expect("/mnt/stroop", Identity.of(DISK, {}, 7))


@pytest.mark.parametrize("kind", ["vfat", "exfat", "overlay", "fuse.sshfs", "cifs"])
def test_where_inodes_are_numbered_anew_at_each_mount_they_do_not_count(kind: str) -> None:
    disk = DISK._replace(kind=kind)
    Identity.of(disk, {}, 8).expect("/mnt/stroop", Identity.of(disk, {}, 7))


@pytest.mark.parametrize(
    ("outside", "path", "inside"),
    [
        ("/", "/home/alice/stroop", "/home/alice/stroop"),
        ("/home", "/home/alice/stroop", "/alice/stroop"),
        ("/home/alice/stroop", "/home/alice/stroop", "/"),
    ],
)
def test_a_sandbox_that_shows_only_the_folder_shows_the_same_one(
    outside: str, path: str, inside: str
) -> None:
    whole = Mount(outside, "/", "ext4", "/dev/sda1")
    shown = Mount(path, inside, "ext4", "/dev/sda1")
    assert focused(whole, path) == focused(shown, path) == shown
    assert focused(whole._replace(root="/@"), path) != shown


def test_a_disk_is_known_by_its_uuid_whatever_its_device_is_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(identity, "_BY_UUID", str(tmp_path))
    (tmp_path / "1234-ABCD").symlink_to("/dev/null")
    before = Identity.of(DISK._replace(source="/dev/null"), {}, 7)
    assert "UUID=1234-ABCD" in before.disk
    os.replace(tmp_path / "1234-ABCD", tmp_path / "5678")
    (tmp_path / "1234-ABCD").symlink_to("/dev/zero")
    Identity.of(DISK._replace(source="/dev/zero"), {}, 7).expect("/mnt/stroop", before)
    with pytest.raises(ConfigError):
        Identity.of(DISK._replace(source="/dev/null"), {}, 7).expect("/mnt/stroop", before)


def test_below_a_disk_that_went_since_the_last_time_nothing_is_known_where_it_matters(
    study: Path,
) -> None:
    with StudyFolder.open(str(study)) as folder:
        now = folder.identity
        known = Identity(now.disk, now.inode, {"stick": "a stick", "unused": "another"})
        folder.recognise(known, lambda path: path == "stick")
        assert folder.displaced() == {RelPath("stick")}
        assert folder.identity.below == {"stick": "a stick"}
