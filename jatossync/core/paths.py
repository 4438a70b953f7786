"""
Names of study assets: what a path below the study folder may be, and how it goes on the wire.

Source: jatos-contract recordings; JATOS decodes the rest of the request path as a form value, so a
bare `+` is a space and everything but `/` is percent-encoded here.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Container, Iterable, Iterator
from enum import Enum
from typing import NewType
from urllib.parse import quote

RelPath = NewType("RelPath", str)
"""A path below the study folder: UTF-8, `/` between segments, none of them empty, `.` or `..`."""

ROOT = RelPath("")
"""The study folder itself, as a scope. Never the path of an asset."""

MAX_SEGMENT_BYTES = 255
MAX_TARGET_BYTES = 2048


class Dialect(Enum):
    """How a JATOS answers. `apiVersion` 1.0.x is legacy (3.8, 3.9), 1.1.x is envelope (3.10)."""

    LEGACY = "legacy"
    ENVELOPE = "envelope"


class BadPath(ValueError):  # noqa: N818
    """A name that cannot be the path of an asset; the text says why."""


def rel_path(raw: bytes) -> RelPath:
    """
    The path of an asset from its bytes on disk.

    Raises:
        BadPath: Not UTF-8 (JATOS would silently store U+FFFD), or a segment that is empty, `.` or
            `..` (a crafted path could reach another endpoint).
    """
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise BadPath("the name is not valid UTF-8") from None
    if any(segment in ("", ".", "..") for segment in text.split("/")):
        raise BadPath("the path has an empty, '.' or '..' segment")
    return RelPath(text)


def join(parent: RelPath, name: str) -> RelPath:
    """The path of `name` in the directory `parent`, which may be the root."""
    return RelPath(f"{parent}/{name}" if parent else name)


def parents(path: RelPath) -> Iterator[RelPath]:
    """The directories above `path`, nearest first, the root last."""
    text: str = path
    while text:
        text = text.rpartition("/")[0]
        yield RelPath(text)


def below(path: RelPath, top: RelPath) -> bool:
    """Whether `path` is `top` or lies below it."""
    return top == ROOT or path == top or path.startswith(top + "/")


def within(path: RelPath, scope: Container[RelPath]) -> bool:
    """Whether `path` is one of `scope` or lies below one of them."""
    return path in scope or any(up in scope for up in parents(path))


def minimal(paths: Iterable[RelPath]) -> frozenset[RelPath]:
    """The same scope without the paths that lie below others of it."""
    kept: set[RelPath] = set(paths)
    return frozenset(path for path in kept if not any(up in kept for up in parents(path)))


def fold(name: str) -> str:
    """What a server that ignores case and Unicode form takes `name` for."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def request_path(path: RelPath) -> str:
    """`path` as it goes on the wire after `…/assets/`, quoted from its UTF-8 bytes."""
    return quote(path.encode("utf-8"), safe="/")


ILLEGAL_ENVELOPE = frozenset('\\<>:"|?*') | {chr(code) for code in (*range(32), 127)}
"""What JATOS 3.10 takes in no name."""


def unholdable(path: RelPath, dialect: Dialect, prefix_bytes: int) -> str | None:
    """
    Why no JATOS of this dialect can hold `path`, or None where it can.

    Args:
        prefix_bytes: Length of the request target up to and including `…/assets/`.

    Source: recordings "name …", "path too long"; jatos-api.md, Paths and surprises 5, 7, 12.
    """
    if "\0" in path:
        return "the name has a NUL character"
    if any(len(segment.encode()) > MAX_SEGMENT_BYTES for segment in path.split("/")):
        return f"a name in the path is longer than {MAX_SEGMENT_BYTES} bytes"
    target = prefix_bytes + len(request_path(path))
    if target > MAX_TARGET_BYTES:
        return (
            f"its address would have {target} bytes and JATOS takes {MAX_TARGET_BYTES}; "
            "letters outside ASCII count three bytes for each of theirs"
        )
    if dialect is Dialect.ENVELOPE:
        if path[0] <= " " or path[-1] <= " ":
            return "JATOS 3.10 cuts spaces at both ends of a path: it would land elsewhere"
        for character in path:
            if character in ILLEGAL_ENVELOPE:
                return f"JATOS 3.10 refuses the character {character!r} in a name"
    return None


_ILLEGAL_ON_WINDOWS = frozenset('\\<>:"|?*') | {chr(code) for code in range(32)}
_DEVICES = frozenset(
    ["con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))]
)


def unfit_for_windows(path: RelPath) -> str | None:
    """Why Windows cannot have a file at `path`, or would have it under another name."""
    for name in path.split("/"):
        if _ILLEGAL_ON_WINDOWS & set(name):
            return f"Windows takes no such character in a name: {name}"
        if name[-1] in " .":
            return f"Windows cuts dots and spaces off the end of a name: {name}"
        if name.partition(".")[0].rstrip(" ").lower() in _DEVICES:
            return f"Windows has a device of this name: {name}"
    return None
