"""local/scan.py: what is seen, what cannot be, and what changes meanwhile (laws 1 and 2)."""

import errno
import hashlib
import os
import shutil
import socket
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jatossync.core.jobs import RootGone
from jatossync.core.model import Entry, Kind
from jatossync.core.paths import ROOT, RelPath
from jatossync.local.directory import stat_of
from tests.local.looker import HOUR_NS, OTHER, Clock, Looker, fill, row

KEY = b"-----BEGIN PRIVATE KEY-----\nMIIE\n"

# --- what is seen --------------------------------------------------------------------------------


def test_a_file_is_seen_with_its_stat_and_the_identity_of_its_bytes(
    looker: Looker, study: Path, clock: Clock
) -> None:
    data = os.urandom(3_000_000)
    fill(study, sub__a=data)
    entry = looker.at("sub/a")
    assert entry.kind is Kind.FILE
    assert entry.stat == stat_of(os.lstat(study / "sub" / "a"))
    assert entry.content == (len(data), hashlib.sha256(data).hexdigest(), zlib.adler32(data))
    assert entry.hashed_at_ns == clock.now_ns


def test_everything_looked_at_has_an_entry(looker: Looker, study: Path) -> None:
    fill(study, a=b"x", empty=b"", d__e__f=b"y")
    (study / "hollow").mkdir()
    (study / "link").symlink_to("a")
    (study / "dirlink").symlink_to("d")
    (study / "loop").symlink_to(".")
    (study / "broken").symlink_to("nowhere")
    os.mkfifo(study / "pipe")
    assert looker.kinds() == {
        "a": Kind.FILE,
        "empty": Kind.EMPTY,
        "d": Kind.DIRECTORY,
        "d/e": Kind.DIRECTORY,
        "d/e/f": Kind.FILE,
        "hollow": Kind.DIRECTORY,
        "link": Kind.SPECIAL,
        "dirlink": Kind.SPECIAL,
        "loop": Kind.SPECIAL,
        "broken": Kind.SPECIAL,
        "pipe": Kind.SPECIAL,
    }
    snapshot = looker.look()
    assert snapshot.entries[RelPath("link")].reason == "a symlink"
    assert snapshot.entries[RelPath("pipe")].reason == "a FIFO"


def test_a_socket_is_reported(looker: Looker, study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(study)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("s")
        assert looker.at("s") == Entry(Kind.SPECIAL, "a socket")


def test_names_of_any_alphabet_and_both_normal_forms_are_files_of_their_own(
    looker: Looker, study: Path
) -> None:
    names = ["é", "e\u0301", "日本", "a b", "new\nline", "A", "a", "%2e", "😀"]
    for name in names:
        (study / name).write_text("x")
    assert set(looker.kinds()) == set(names)


def test_a_name_that_is_not_utf8_is_told_by_its_directory_and_has_no_entry(
    looker: Looker, study: Path
) -> None:
    for raw in (b"caf\xe9", b"d\xff/a", b"sub/\xfe"):
        path = Path(os.fsdecode(os.fsencode(study) + b"/" + raw))
        path.parent.mkdir(exist_ok=True)
        path.write_text("x")
    (study / "caf\\xe9").write_text("a real file under the shown name")
    snapshot = looker.look()
    assert set(snapshot.entries) == {ROOT, "sub", "caf\\xe9"}
    assert snapshot.entries[ROOT].kind is Kind.DIRECTORY
    assert "caf\\xe9, d\\xff" in snapshot.entries[ROOT].reason
    assert "\\xfe" in snapshot.entries[RelPath("sub")].reason
    assert snapshot.entries[RelPath("caf\\xe9")].kind is Kind.FILE
    assert snapshot.at(RelPath("gone")) is None


def test_a_tree_of_three_hundred_levels_is_walked(looker: Looker, study: Path) -> None:
    deep = Path(*["d"] * 300)
    (study / deep).mkdir(parents=True)
    (study / deep / "a").write_text("x")
    assert looker.at(str(deep / "a")).kind is Kind.FILE


# --- scopes --------------------------------------------------------------------------------------


def test_only_the_scope_is_looked_at(looker: Looker, study: Path) -> None:
    fill(study, a=b"x", b=b"x", d__x=b"x", d__y=b"x", d__e__z=b"x", f__g=b"x")
    assert set(looker.kinds("a", "d/x", "d/e", "none")) == {"a", "d/x", "d/e", "d/e/z"}
    assert set(looker.kinds("d", "d/x", "d/e/z")) == {"d", "d/x", "d/y", "d/e", "d/e/z"}


def test_a_path_below_a_missing_directory_is_absent(looker: Looker) -> None:
    snapshot = looker.look("a/b/c")
    assert snapshot.entries == {}
    assert snapshot.at(RelPath("a/b/c")) is None


def test_a_path_below_a_file_is_absent_because_of_that_file(looker: Looker, study: Path) -> None:
    fill(study, d__a=b"x")
    snapshot = looker.look("d/a/b/c")
    assert snapshot.entries[RelPath("d/a")].kind is Kind.FILE
    assert snapshot.entries[RelPath("d/a")].content is not None
    assert snapshot.at(RelPath("d/a/b/c")) is None


def test_a_path_below_a_symlink_is_unknown_and_nothing_behind_it_is_read(
    looker: Looker, study: Path, tmp_path: Path
) -> None:
    fill(tmp_path, outside__d__a=b"secret")
    (study / "sub").symlink_to(tmp_path / "outside")
    for scope in ("sub/d/a", "sub/d", ""):
        snapshot = looker.look(scope)
        assert set(snapshot.entries) == {"sub"}
        entry = snapshot.at(RelPath("sub/d/a"))
        assert entry is not None
        assert entry.kind is Kind.UNKNOWN
        assert "symlink" in entry.reason


def test_a_path_below_an_ignored_directory_is_excluded_and_not_looked_at(
    looker: Looker, study: Path
) -> None:
    fill(study, raw__p__a=b"x")
    looker.make(ignore=("raw/",))
    for scope in ("raw/p/a", "raw/p", "raw", ""):
        assert not any("a" in path.split("/") for path in looker.look(scope).entries)
        assert looker.at("raw/p/a", scope).kind is Kind.EXCLUDED


# --- what cannot be looked at ---------------------------------------------------------------------


@pytest.mark.parametrize("mode", [0o000, 0o300])
def test_an_unreadable_directory_is_unknown_and_not_absent(
    common_looker: Looker, common_study: Path, mode: int
) -> None:
    fill(common_study, d__e__a=b"x", b=b"x")
    (common_study / "d").chmod(mode)
    for scope in ("", "d", "d/e", "d/e/a"):
        entry = common_looker.at("d/e/a", scope)
        assert entry.kind is Kind.UNKNOWN
        assert "permission" in entry.reason
    assert common_looker.at("b").kind is Kind.FILE


def test_in_a_directory_that_can_only_be_listed_everything_is_unknown(
    common_looker: Looker, common_study: Path
) -> None:
    fill(common_study, d__a=b"x")
    (common_study / "d").chmod(0o600)
    for scope in ("", "d", "d/a"):
        assert common_looker.at("d/a", scope).kind is Kind.UNKNOWN


def test_an_unreadable_file_is_unknown(common_looker: Looker, common_study: Path) -> None:
    fill(common_study, a=b"x", b=b"x")
    (common_study / "a").chmod(0o000)
    entry = common_looker.at("a")
    assert entry.kind is Kind.UNKNOWN
    assert entry.reason == "permission denied"
    assert common_looker.at("b").kind is Kind.FILE


def test_a_directory_whose_listing_fails_is_unknown_and_not_empty(
    looker: Looker, study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(study, d__a=b"x", b=b"x")
    scandir = os.scandir
    broken = os.stat(study / "d")

    def failing(where: int | str) -> "Iterator[os.DirEntry[str]]":
        if os.path.samestat(os.stat(where), broken):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return scandir(where)

    monkeypatch.setattr(os, "scandir", failing)
    for scope in ("", "d"):
        entry = looker.at("d/a", scope)
        assert (entry.kind, entry.reason) == (Kind.UNKNOWN, "input/output error")
    assert looker.at("b").kind is Kind.FILE


def test_a_folder_whose_listing_fails_is_in_trouble_and_not_empty(
    looker: Looker, study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To hold a folder open is not to see what is in it: that takes a descriptor more."""
    fill(study, a=b"x")

    def failing(_where: object) -> None:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    monkeypatch.setattr(os, "scandir", failing)
    monkeypatch.setattr(os, "listdir", failing)
    seen = looker.result()
    assert isinstance(seen, RootGone), seen
    assert "too many open files" in seen.reason
    assert looker.scanner.glance() is None


def test_below_a_disk_that_went_or_came_nothing_is_known(
    with_mounts: Callable[[str], None],
) -> None:
    with_mounts("""
import os, subprocess
from pathlib import Path
from jatossync.core.jobs import Scan
from jatossync.core.model import Kind
from jatossync.local.root import StudyFolder
from jatossync.local.scan import Scanner
def run(*command): subprocess.run(command, check=True)
os.makedirs("study/disk/d")
Path("study/disk/d/under").write_text("x")
run("mount", "-t", "tmpfs", "disk", "study/disk")
os.makedirs("study/disk/d")
Path("study/disk/d/a").write_text("x")
with StudyFolder.open("study") as folder:
    scanner = Scanner(folder, [], [], [])
    def at(path, scope): return scanner.scan(Scan(frozenset([scope]), {})).at(path)
    assert at("disk/d/a", "").kind is Kind.FILE
    run("umount", "-l", "study/disk")
    for scope in ("", "disk", "disk/d", "disk/d/a"):
        assert at("disk/d/a", scope).kind is Kind.UNKNOWN, scope
        assert at("disk/d/under", scope).kind is Kind.UNKNOWN, scope
    assert at("gone", "") is None
    run("mount", "-t", "tmpfs", "disk", "study/disk")
    os.makedirs("study/disk/d")
    assert at("disk/d/a", "") is None
""")


@pytest.mark.parametrize("placeholder", ["a.txt.nextcloud", "a.txt.owncloud", ".a.txt.icloud"])
def test_a_file_that_is_only_in_the_cloud_is_unknown_and_its_placeholder_stays_here(
    looker: Looker, study: Path, placeholder: str
) -> None:
    (study / placeholder).write_text("x")
    for scope in ("", "a.txt"):
        assert looker.at("a.txt", scope).kind is Kind.UNKNOWN
    assert looker.at(placeholder).kind is Kind.EXCLUDED
    (study / "a.txt").write_text("x")
    assert looker.at("a.txt").kind is Kind.FILE


# --- while everything changes --------------------------------------------------------------------


def test_a_directory_that_vanishes_while_it_is_walked_is_absent(
    looker: Looker, study: Path, clock: Clock
) -> None:
    fill(study, a=b"x", d__b=b"x")
    clock.before_hashing = lambda: shutil.rmtree(study / "d", ignore_errors=True)
    assert looker.kinds() == {"a": Kind.FILE}


def test_a_directory_replaced_by_a_symlink_while_it_is_walked_is_unknown(
    looker: Looker, study: Path, tmp_path: Path, clock: Clock
) -> None:
    fill(study, a=b"x", d__b=b"x")
    fill(tmp_path, outside__b=b"secret")

    def swap() -> None:
        (study / "d").rename(tmp_path / "was")
        (study / "d").symlink_to(tmp_path / "outside")

    clock.before_hashing = swap
    assert looker.at("d/b").kind is Kind.UNKNOWN


def test_a_file_written_while_it_is_read_is_read_once_more(
    looker: Looker, study: Path, clock: Clock
) -> None:
    fill(study, a=b"old")
    left = [b"new and longer"]

    def write() -> None:
        if left:
            (study / "a").write_bytes(left.pop())

    clock.before_hashing = write
    content = looker.at("a").content
    assert content is not None
    assert content.sha256 == hashlib.sha256(b"new and longer").hexdigest()


def test_a_file_that_never_rests_is_unknown_for_now(
    looker: Looker, study: Path, clock: Clock
) -> None:
    fill(study, a=b"x", b=b"y")

    def write() -> None:
        with (study / "a").open("ab") as file:
            file.write(b"more")

    clock.before_hashing = write
    snapshot = looker.look("a")
    assert snapshot.entries[RelPath("a")] == Entry(Kind.UNKNOWN, "it is being written")
    clock.before_hashing = lambda: None
    assert looker.at("a").kind is Kind.FILE


def test_files_that_vanish_while_they_are_looked_at_are_absent(
    looker: Looker, study: Path, clock: Clock
) -> None:
    fill(study, a=b"x", b=b"x")

    def remove() -> None:
        for path in study.iterdir():
            path.unlink()

    clock.before_hashing = remove
    assert looker.look().entries == {}


def test_a_folder_that_goes_during_the_scan_makes_no_snapshot(
    looker: Looker, study: Path, tmp_path: Path, clock: Clock
) -> None:
    fill(study, a=b"x")

    def move() -> None:
        if study.exists():
            study.rename(tmp_path / "elsewhere")

    clock.before_hashing = move
    result = looker.result()
    assert isinstance(result, RootGone)
    assert "is gone" in result.reason
    clock.before_hashing = lambda: None
    assert isinstance(looker.result(), RootGone)
    (tmp_path / "elsewhere").rename(study)
    assert looker.at("a").kind is Kind.FILE


def test_a_scan_leaves_no_descriptor_open(looker: Looker, study: Path, clock: Clock) -> None:
    if not os.path.isdir("/proc/self/fd"):
        pytest.skip("counts descriptors in /proc")
    fill(study, a=b"x", d__b=b"x", d__e__c=b"x", f__g=b"x", private=KEY)
    (study / "l").symlink_to("d")
    looker.look()
    before = len(os.listdir("/proc/self/fd"))
    for scope in ("", "d/e", "a/b", "l/b", "none/b", "d/none"):
        looker.look(scope)
    clock.before_hashing = lambda: shutil.rmtree(study / "d", ignore_errors=True)
    looker.look()
    assert len(os.listdir("/proc/self/fd")) == before


# --- what is not hashed again --------------------------------------------------------------------


def test_a_file_whose_stat_did_not_move_is_not_hashed_again(
    looker: Looker, study: Path, clock: Clock
) -> None:
    fill(study, a=b"hello")
    entry = looker.look(known=row(study, "a", OTHER, clock.now_ns)).entries[RelPath("a")]
    assert entry.content == OTHER
    assert entry.hashed_at_ns == clock.now_ns


def test_a_file_whose_stat_moved_is_hashed(looker: Looker, study: Path, clock: Clock) -> None:
    fill(study, a=b"hello")
    known = row(study, "a", OTHER, clock.now_ns)
    os.utime(study / "a", ns=(1, 1))
    assert looker.look(known=known).entries[RelPath("a")].content != OTHER


@pytest.mark.parametrize("seconds", [1.9, 0, -HOUR_NS / 1e9])
def test_a_file_written_shortly_before_it_was_hashed_or_after_a_jump_of_the_clock_is_hashed_again(
    looker: Looker, study: Path, seconds: float
) -> None:
    fill(study, a=b"hello")
    found = stat_of(os.lstat(study / "a"))
    known = row(study, "a", OTHER, max(found.mtime_ns, found.ctime_ns) + int(seconds * 1e9))
    assert looker.look(known=known).entries[RelPath("a")].content != OTHER


def test_a_time_of_writing_set_to_the_future_by_hand_does_not_make_a_file_hashed_for_ever(
    looker: Looker, study: Path, clock: Clock
) -> None:
    fill(study, a=b"hello")
    os.utime(study / "a", ns=(clock.now_ns + HOUR_NS,) * 2)
    known = row(study, "a", OTHER, clock.now_ns)
    assert looker.look(known=known).entries[RelPath("a")].content == OTHER
    known = row(study, "a", OTHER, os.lstat(study / "a").st_ctime_ns + 1_900_000_000)
    assert looker.look(known=known).entries[RelPath("a")].content != OTHER


def test_times_beyond_what_the_state_can_keep_are_brought_into_its_bounds(study: Path) -> None:
    fill(study, a=b"hello")
    found = list(os.lstat(study / "a"))
    times = {"st_mtime_ns": 10**20, "st_ctime_ns": -(10**20)}
    found[1] = 2**64 - 2  # as some network file systems number their files
    stat = stat_of(os.stat_result(found, times))
    assert (stat.mtime_ns, stat.ctime_ns) == (2**63 - 1, -(2**63) + 1)
    assert 0 < stat.inode < 2**63
