import errno
import hashlib
import os
import shutil
import socket
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jatossync.core.actions import Hash
from jatossync.core.jobs import Overtaken, RootGone, Scan
from jatossync.core.model import LARGE_BYTES, Content, Entry, Kind, Row, Snapshot
from jatossync.core.paths import ROOT, RelPath
from jatossync.local.directory import stat_of
from jatossync.local.root import StudyFolder
from jatossync.local.scan import Scanner

TOKEN = b"jap_OeYwru727YeLzxcHSvIFlTQ52Ud03wo7cd41f"
KEY = b"-----BEGIN PRIVATE KEY-----\nMIIE\n"
HOUR_NS = 3600 * 10**9


class Clock:
    """
    A wall clock in the future, so that nothing is racy.

    A scan asks it for the rules and then before it hashes a file: the moment for accidents.
    """

    def __init__(self) -> None:
        self.now_ns = time.time_ns() + HOUR_NS
        self.before_hashing: Callable[[], None] = lambda: None
        self.asked = 0

    def __call__(self) -> int:
        self.asked += 1
        if self.asked > 1:
            self.before_hashing()
        return self.now_ns


@pytest.fixture
def clock() -> Clock:
    return Clock()


class Looker:
    """A scanner with what the tests ask again and again."""

    def __init__(self, folder: StudyFolder, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock
        self.scanner = self.make()

    def make(
        self,
        ignore: tuple[str, ...] = (),
        publish: tuple[str, ...] = (),
        own: tuple[Path, ...] = (),
    ) -> Scanner:
        self.scanner = Scanner(self._folder, ignore, publish, map(str, own), self._clock)
        return self.scanner

    def look(self, *scope: str, known: dict[RelPath, Row] | None = None) -> Snapshot:
        result = self.result(*scope, known=known)
        assert isinstance(result, Snapshot), result
        return result

    def result(self, *scope: str, known: dict[RelPath, Row] | None = None) -> Snapshot | RootGone:
        paths = frozenset(RelPath(path) for path in scope or ("",))
        self._clock.asked = 0
        return self.scanner.scan(Scan(paths, known or {}))

    def kinds(self, *scope: str) -> dict[str, Kind]:
        return {path: entry.kind for path, entry in self.look(*scope).entries.items()}

    def at(self, path: str, *scope: str) -> Entry:
        entry = self.look(*scope).at(RelPath(path))
        assert entry is not None
        return entry


@pytest.fixture
def looker(folder: StudyFolder, clock: Clock) -> Looker:
    return Looker(folder, clock)


def fill(top: Path, **files: bytes) -> None:
    """Files by name, `__` standing for a slash."""
    for name, data in files.items():
        path = top / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def row(top: Path, name: str, content: Content, hashed_at_ns: int) -> dict[RelPath, Row]:
    path = RelPath(name)
    return {path: Row(path, content, stat_of(os.lstat(top / name)), hashed_at_ns)}


OTHER = Content(5, "0" * 64, 1)
"""A content that no hashing gives: where it comes back, nothing was hashed."""


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


@pytest.fixture
def common_looker(way: str, common_study: Path, clock: Clock) -> Iterator[Looker]:
    with StudyFolder.open(str(common_study)) as folder:
        yield Looker(folder, clock)


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


# --- large files ---------------------------------------------------------------------------------


@pytest.fixture
def large(study: Path) -> Path:
    path = study / "film.mp4"
    with path.open("wb") as file:
        file.truncate(LARGE_BYTES + 1)
    return path


def never() -> bool:
    return False


def test_a_large_file_is_left_for_later_and_then_hashed_in_one_go(
    looker: Looker, large: Path
) -> None:
    entry = looker.at(large.name)
    assert (entry.kind, entry.content) == (Kind.FILE, None)
    assert entry.stat is not None
    hashed = looker.scanner.hash(Hash(RelPath(large.name), entry.stat), never)
    assert isinstance(hashed, Entry)
    data = large.read_bytes()
    assert hashed.content == (len(data), hashlib.sha256(data).hexdigest(), zlib.adler32(data))
    assert hashed.stat == entry.stat


def test_a_large_file_that_did_not_move_is_not_hashed_again(
    looker: Looker, study: Path, large: Path, clock: Clock
) -> None:
    known = row(study, large.name, OTHER, clock.now_ns)
    assert looker.look(known=known).entries[RelPath(large.name)].content == OTHER


def test_hashing_stops_when_it_is_told_to(looker: Looker, large: Path) -> None:
    job = Hash(RelPath(large.name), stat_of(os.lstat(large)))
    answers = iter([False, False, True])
    assert isinstance(looker.scanner.hash(job, lambda: next(answers)), Overtaken)


def test_a_large_file_that_changes_is_overtaken(looker: Looker, large: Path) -> None:
    job = Hash(RelPath(large.name), stat_of(os.lstat(large)))
    with large.open("r+b") as file:
        file.write(b"x")

    assert isinstance(looker.scanner.hash(job, never), Overtaken)

    def write() -> bool:
        with large.open("ab") as file:
            file.write(b"x")
        return False

    job = Hash(job.path, stat_of(os.lstat(large)))
    assert isinstance(looker.scanner.hash(job, write), Overtaken)
    large.unlink()
    assert isinstance(looker.scanner.hash(job, never), Overtaken)


@pytest.mark.parametrize("blocked", ["d/film.mp4", "d"])
def test_a_large_file_that_may_not_be_read_is_unknown(
    common_looker: Looker, common_study: Path, blocked: str
) -> None:
    fill(common_study, d__film=b"x" * (LARGE_BYTES + 1))
    (common_study / "d/film").rename(common_study / "d/film.mp4")
    path = RelPath("d/film.mp4")
    job = Hash(path, stat_of(os.lstat(common_study / path)))
    (common_study / blocked).chmod(0o000)
    entry = common_looker.scanner.hash(job, never)
    assert isinstance(entry, Entry)
    assert entry.kind is Kind.UNKNOWN
    assert "permission denied" in entry.reason


def test_a_large_file_whose_disk_fails_is_unknown(
    looker: Looker, large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(descriptor: int, count: int) -> bytes:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    job = Hash(RelPath(large.name), stat_of(os.lstat(large)))
    monkeypatch.setattr(os, "read", broken)
    entry = looker.scanner.hash(job, never)
    assert entry == Entry(Kind.UNKNOWN, os.strerror(errno.EIO).lower())


def test_a_large_file_that_became_something_else_is_overtaken(
    looker: Looker, study: Path, large: Path
) -> None:
    job = Hash(RelPath(large.name), stat_of(os.lstat(large)))
    large.unlink()
    large.symlink_to(study)
    assert isinstance(looker.scanner.hash(job, never), Overtaken)


def test_a_large_file_that_was_excluded_meanwhile_is_not_hashed(
    looker: Looker, study: Path, large: Path
) -> None:
    job = Hash(RelPath(large.name), stat_of(os.lstat(large)))
    (study / ".jatosignore").write_text("*.mp4\n")
    entry = looker.scanner.hash(job, never)
    assert isinstance(entry, Entry)
    assert entry.kind is Kind.EXCLUDED


def test_a_token_at_the_end_of_a_large_file_is_found(looker: Looker, large: Path) -> None:
    with large.open("ab") as file:
        file.write(TOKEN)
    entry = looker.scanner.hash(Hash(RelPath(large.name), stat_of(os.lstat(large))), never)
    assert isinstance(entry, Entry)
    assert entry.quarantined


# --- what stays here -----------------------------------------------------------------------------


def test_what_the_rules_exclude_has_an_entry_with_the_reason(looker: Looker, study: Path) -> None:
    fill(study, a=b"x", b__c=b"x")
    (study / ".env").write_text("x")
    looker.make(ignore=("b/",))
    assert looker.kinds() == {"a": Kind.FILE, "b": Kind.EXCLUDED, ".env": Kind.EXCLUDED}
    assert "'b/'" in looker.at("b").reason
    assert not looker.at("b").quarantined
    assert looker.at(".env").quarantined


def test_a_private_key_under_any_name_is_quarantined_and_publish_lets_it_through(
    looker: Looker, study: Path
) -> None:
    fill(study, notes__list=KEY)
    assert looker.at("notes/list").quarantined
    assert "private key" in looker.at("notes/list").reason
    looker.make(publish=("notes/",))
    assert looker.at("notes/list").kind is Kind.FILE


def test_nothing_lets_a_token_through(looker: Looker, study: Path) -> None:
    fill(study, a=b"x" * (1024 * 1024 - 20) + TOKEN + b"more")
    looker.make(publish=("*",))
    entry = looker.at("a")
    assert entry.quarantined
    assert "JATOS token" in entry.reason
    assert TOKEN.decode() not in entry.reason


def test_jatossyncs_own_files_are_quarantined_by_their_real_path_and_nothing_lets_them_through(
    looker: Looker, study: Path, tmp_path: Path
) -> None:
    fill(study, conf__a_yaml=b"x", state__deep__db=b"x", statement=b"x")
    (tmp_path / "link").symlink_to(study / "conf")
    looker.make(
        publish=("*",),
        own=(tmp_path / "link" / "a_yaml", study / "state", tmp_path / "elsewhere"),
    )
    for path in ("conf/a_yaml", "state/deep/db"):
        for scope in ("", path):
            assert looker.at(path, scope).quarantined
    assert looker.at("statement").kind is Kind.FILE


# --- .jatosignore --------------------------------------------------------------------------------


def test_the_ignore_file_is_read_anew_for_each_pass_and_stays_here(
    looker: Looker, study: Path
) -> None:
    fill(study, a=b"x", b=b"x")
    (study / ".jatosignore").write_text("a\n")
    assert looker.at("a").kind is Kind.EXCLUDED
    assert looker.at(".jatosignore").kind is Kind.EXCLUDED
    (study / ".jatosignore").write_text("b\n")
    assert looker.at("a").kind is Kind.FILE
    assert looker.at("b").kind is Kind.EXCLUDED


@pytest.mark.parametrize("quiet_s", [0, 300])
@pytest.mark.parametrize("gone", ["missing", "empty", "unreadable"])
def test_an_ignore_file_that_is_gone_for_a_moment_still_holds(
    looker: Looker, study: Path, clock: Clock, gone: str, quiet_s: int
) -> None:
    fill(study, private=b"x")
    ignore = study / ".jatosignore"
    ignore.write_text("private\n")
    assert looker.at("private").kind is Kind.EXCLUDED
    if gone == "empty":
        ignore.write_text("")
    else:
        ignore.unlink()
    if gone == "unreadable":
        ignore.mkdir()
    clock.now_ns += quiet_s * 10**9
    assert looker.at("private").kind is Kind.EXCLUDED
    clock.now_ns += 9 * 10**9
    assert looker.at("private").kind is Kind.EXCLUDED
    clock.now_ns += 2 * 10**9
    if gone == "unreadable":
        assert isinstance(looker.result(), RootGone)
    else:
        assert looker.at("private").kind is Kind.FILE


@pytest.mark.parametrize("broken", ["a[\n", "symlink", "directory", "latin-1", "too large"])
def test_nothing_moves_while_the_ignore_file_cannot_be_understood(
    looker: Looker, study: Path, broken: str
) -> None:
    fill(study, a=b"x")
    ignore = study / ".jatosignore"
    match broken:
        case "symlink":
            ignore.symlink_to("a")
        case "directory":
            ignore.mkdir()
        case "latin-1":
            ignore.write_bytes(b"caf\xe9\n")
        case "too large":
            ignore.write_bytes(b"x\n" * 600_000)
        case text:
            ignore.write_text(text)
    result = looker.result()
    assert isinstance(result, RootGone)
    assert ".jatosignore" in result.reason
    if broken == "a[\n":
        assert "'a['" in result.reason


def test_a_broken_pattern_of_the_configuration_is_an_error_at_once(
    folder: StudyFolder, clock: Clock
) -> None:
    with pytest.raises(ValueError, match=r"a\["):
        Scanner(folder, ["a["], [], [], clock)
