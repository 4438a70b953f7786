"""core/paths.py: what can be the path of an asset, and how it goes on the wire."""

from __future__ import annotations

from urllib.parse import unquote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jatossync.core.paths import (
    MAX_TARGET_BYTES,
    ROOT,
    BadPath,
    Dialect,
    RelPath,
    below,
    minimal,
    rel_path,
    request_path,
    unfit_for_windows,
    unholdable,
    within,
)


@pytest.mark.parametrize(
    "raw",
    [b"", b".", b"..", b"a/../b", b"a//b", b"/a", b"a/", b"a/./b", b"bad\xff.txt", b"\xed\xa0\x80"],
)
def test_what_could_reach_another_address_or_another_name_is_no_path(raw: bytes) -> None:
    with pytest.raises(BadPath):
        rel_path(raw)


@pytest.mark.parametrize(
    "name", ["a+b", "100%", "%41", "a#b", "a?b", "ä", "e\u0301", "...", " a", "😀"]
)
def test_an_awkward_name_arrives_as_it_was(name: str) -> None:
    """JATOS decodes the rest of the path as a form value: `+` is a space."""
    path = rel_path(f"dir/{name}".encode())
    assert unquote_plus(request_path(path)) == path


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/"), min_size=1))
def test_every_name_arrives_as_it_was(name: str) -> None:
    if name in (".", ".."):
        return
    sent = request_path(RelPath(name))
    assert unquote_plus(sent) == name
    assert set(sent) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~%")


def test_a_path_is_below_its_directories_and_not_below_their_namesakes() -> None:
    assert below(RelPath("a/b"), RelPath("a"))
    assert below(RelPath("a/b"), ROOT)
    assert not below(RelPath("ab"), RelPath("a"))


def test_a_minimal_scope_has_no_path_below_another() -> None:
    scope = [RelPath(p) for p in ("a/b/c", "a", "ab", "d/e")]
    assert minimal(scope) == {"a", "ab", "d/e"}
    assert minimal([*scope, ROOT]) == {ROOT}


@pytest.mark.parametrize(
    "name", ["what?.txt", "a:b", "tab\t", " lead", "trail ", "back\\slash", 'q"']
)
def test_a_name_that_only_legacy_jatos_can_hold(name: str) -> None:
    assert unholdable(RelPath(name), Dialect.ENVELOPE, 100) is not None
    assert unholdable(RelPath(name), Dialect.LEGACY, 100) is None


@pytest.mark.parametrize("dialect", Dialect)
@pytest.mark.parametrize(
    "name", ["nul\0", "x" * 256, "ä" * 128, "d/" * 60 + "ä" * 120 + "/" + "ö" * 120]
)
def test_a_name_that_no_jatos_can_hold(name: str, dialect: Dialect) -> None:
    prefix_bytes = MAX_TARGET_BYTES - 800
    assert unholdable(RelPath(name), dialect, prefix_bytes) is not None


@pytest.mark.parametrize("dialect", Dialect)
@pytest.mark.parametrize(
    "name", ["a b.txt", "d /f", "a+b%&=;,@!'()[]{}~$^#.txt", "x" * 255, "日本"]
)
def test_a_name_that_every_jatos_can_hold(name: str, dialect: Dialect) -> None:
    assert unholdable(RelPath(name), dialect, 100) is None


def test_an_address_may_have_2048_bytes_and_no_more() -> None:
    path = RelPath("a" * 100)
    assert unholdable(path, Dialect.LEGACY, MAX_TARGET_BYTES - 100) is None
    assert unholdable(path, Dialect.LEGACY, MAX_TARGET_BYTES - 99) is not None


@pytest.mark.parametrize(
    "path", ["a:b", "d?/x", "nul", "img/CON.png", "com1.tar.gz", "end.", "end ", "a\\b", "a\tb"]
)
def test_what_windows_cannot_have_is_known(path: str) -> None:
    assert unfit_for_windows(RelPath(path))


@pytest.mark.parametrize("path", ["index.html", "console.log", "com10", "a.b.c", ".hidden", "ä/ö"])
def test_what_windows_can_have_is_fine(path: str) -> None:
    assert unfit_for_windows(RelPath(path)) is None


def test_within_a_scope_is_what_it_names_and_all_below() -> None:
    scope = {RelPath("a"), RelPath("b/c")}
    inside = ["a", "a/b", "a/b/c", "b/c", "b/c/d"]
    outside = ["", "b", "ab", "a.txt", "b/cd", "c"]
    assert [path for path in inside + outside if within(RelPath(path), scope)] == inside
    assert all(within(RelPath(path), {ROOT}) for path in inside + outside)
    assert not within(ROOT, frozenset())
