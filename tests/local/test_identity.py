"""Which directory the study folder is, from one start to the next."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from jatossync.core.model import Content, Row, Stat
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


@pytest.fixture
def udev(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What a service sees that has no disks in its /dev: udev's database, and /sys."""
    places = {name: tmp_path / name for name in ("_UDEV", "_DISKS", "_BY_UUID")}
    for name, place in places.items():
        place.mkdir()
        monkeypatch.setattr(identity, name, str(place))
    places["_BY_UUID"].rmdir()
    record = "S:disk/by-uuid/1234\nE:ID_FS_UUID=12 34\nE:ID_FS_UUID_ENC=12\\x2034\nG:systemd\n"
    (places["_UDEV"] / "b8:17").write_text(record)
    (places["_UDEV"] / "b8:33").write_text(record.replace("34", "56"))
    (places["_UDEV"] / "b7:0").write_text("I:1\n")
    return tmp_path


@pytest.fixture
def outside(udev: Path) -> Path:
    """All that, and the disks in /dev, by their UUID."""
    (udev / "_BY_UUID").mkdir()
    (udev / "_BY_UUID" / "12\\x2034").symlink_to("/dev/null")
    return udev


@pytest.mark.parametrize("place", ["udev", "outside"])
def test_a_sandbox_without_disks_knows_them_by_the_same_name(
    place: str, request: pytest.FixtureRequest
) -> None:
    request.getfixturevalue(place)
    mount = DISK._replace(source="/dev/null", device="8:17")
    assert identity.disk(mount) == r"/mnt /studies ext4 UUID=12\x2034"


def test_where_udev_tells_nothing_of_a_disk_its_link_does(outside: Path) -> None:
    for device in ("", "7:0", "9:9"):
        mount = DISK._replace(source="/dev/null", device=device)
        assert identity.disk(mount).endswith(r"UUID=12\x2034")


def test_a_mount_with_a_number_of_its_own_is_known_by_its_disks(udev: Path) -> None:
    mount = DISK._replace(kind="btrfs", device="0:35")
    assert identity.disk(mount).endswith("/dev/sdb1")
    (udev / "_DISKS" / "sdb1").mkdir()
    (udev / "_DISKS" / "sdb1" / "dev").write_text("8:17\n")
    assert identity.disk(mount).endswith(r"UUID=12\x2034")


def test_after_a_restart_a_service_knows_the_disk_under_its_new_device(udev: Path) -> None:
    before = Identity.of(DISK._replace(device="8:17"), {}, 7)
    Identity.of(DISK._replace(source="/dev/sdc1", device="8:17"), {}, 7).expect("/mnt/a", before)
    with pytest.raises(ConfigError, match="another disk"):
        Identity.of(DISK._replace(device="8:33"), {}, 7).expect("/mnt/a", before)


NAMED = Identity("/mnt / ext4 /dev/sdb1", 7, {})
LASTING = Identity("/mnt / ext4 UUID=1234", 7, {})


@pytest.mark.parametrize(("now", "known"), [(NAMED, LASTING), (LASTING, NAMED)])
def test_who_does_not_see_the_uuid_calls_no_disk_another_one(
    now: Identity, known: Identity
) -> None:
    now.expect("/mnt/stroop", known)
    for other in ("/srv / ext4", "/mnt /other ext4", "/mnt / xfs"):
        elsewhere = now.disk.replace("/mnt / ext4", other)
        with pytest.raises(ConfigError, match="another disk"):
            Identity(elsewhere, 7, {}).expect("/mnt/stroop", known)
    with pytest.raises(ConfigError, match="made anew"):
        Identity(now.disk, 8, {}).expect("/mnt/stroop", known)


def test_a_uuid_once_known_stays_known_and_one_that_is_new_is_learnt() -> None:
    assert NAMED.to_remember(LASTING) == LASTING
    assert LASTING.to_remember(NAMED) == LASTING
    assert NAMED.to_remember(NAMED) == NAMED


def test_a_folder_that_is_known_by_a_device_alone_is_doubtful_unless_its_files_are_there(
    study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (study / "a.txt").write_text("a")
    stat = (study / "a.txt").stat()
    mirrored = [
        Row(RelPath(name), Content(1, "", 0), Stat(1, stat.st_mtime_ns, 0, 0), 0, True)
        for name in ("a.txt", "gone.txt", "gone too.txt")
    ]
    with StudyFolder.open(str(study)) as folder:
        lasting, named = (
            replace(folder.identity, disk=f"/mnt / ext4 {name}", inode=7)
            for name in ("UUID=1234", "/dev/sdb1")
        )
        folder.identity = named
        folder.recognise(named, lambda _: True)
        assert not folder.is_doubtful(lambda: mirrored)
        folder.recognise(lasting, lambda _: True)
        assert folder.is_doubtful(lambda: mirrored)
        assert not folder.is_doubtful(lambda: mirrored[:2])


def test_below_a_disk_that_went_since_the_last_time_nothing_is_known_where_it_matters(
    study: Path,
) -> None:
    with StudyFolder.open(str(study)) as folder:
        now = folder.identity
        known = Identity(now.disk, now.inode, {"stick": "a stick", "unused": "another"})
        folder.recognise(known, lambda path: path == "stick")
        assert folder.displaced() == {RelPath("stick")}
        assert folder.identity.below == {"stick": "a stick"}
