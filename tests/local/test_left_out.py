"""local/scan.py: what stays here, by the rules and for safety (laws 10 and 12)."""

import os
from pathlib import Path

import pytest

from jatossync.core.jobs import RootGone
from jatossync.core.model import Kind, Row, Stat
from jatossync.core.paths import RelPath
from jatossync.local.root import StudyFolder
from jatossync.local.scan import Scanner
from tests.local.looker import Clock, Looker, fill
from tests.remote.files import content_of

TOKEN = b"jap_OeYwru727YeLzxcHSvIFlTQ52Ud03wo7cd41f"
KEY = b"-----BEGIN PRIVATE KEY-----\nMIIE\n"

# --- what stays here -----------------------------------------------------------------------------


def test_what_the_rules_exclude_has_an_entry_with_the_reason(looker: Looker, study: Path) -> None:
    fill(study, a=b"x", b__c=b"x")
    (study / ".env").write_text("x")
    looker.make(ignore=("b/",))
    assert looker.kinds() == {"a": Kind.FILE, "b": Kind.EXCLUDED, ".env": Kind.EXCLUDED}
    assert "'b/'" in looker.at("b").reason
    assert not looker.at("b").quarantined
    assert looker.at(".env").quarantined


def test_what_is_ignored_is_no_less_so_when_it_is_gone(looker: Looker, study: Path) -> None:
    """Law 10: its copy on JATOS is left; what may be secret is mirrored as gone."""
    fill(study, file=b"x", there__c=b"x")
    known = {
        path: Row(path, content_of(b"x"), Stat(1, 1, 1, 1), 1)
        for path in map(RelPath, ("a.md", "data/b", "there/d.md", "file/e.md", ".env", "f.txt"))
    }
    looker.make(ignore=("*.md", "data/"))
    for scope in (("",), tuple(known)):
        found = looker.look(*scope, known=known)
        kinds = {path: entry and entry.kind for path in known if [entry := found.at(path)]}
        ignored = ("a.md", "data/b", "there/d.md")
        assert kinds == {path: Kind.EXCLUDED if path in ignored else None for path in known}


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


def test_an_ignore_file_that_is_written_while_it_is_read_is_not_yet_the_rules(
    looker: Looker, study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(study, private=b"x")
    ignore = study / ".jatosignore"
    ignore.write_text("private\n")
    assert looker.at("private").kind is Kind.EXCLUDED
    read = os.read

    def half_written(descriptor: int, count: int) -> bytes:
        monkeypatch.setattr(os, "read", read)
        ignore.write_text("# the other half comes in a moment\n")
        return read(descriptor, count)

    monkeypatch.setattr(os, "read", half_written)
    looking = looker.look()
    assert looking.entries[RelPath("private")].kind is Kind.EXCLUDED
    assert looking.rules_in_doubt


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
