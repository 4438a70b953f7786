"""
Which characters of a path reach JATOS as they were sent.

Web servers in front of JATOS may decode and encode a path anew, and then JATOS reads another name:
an upload or a delete of `a+b.txt` would be one of `a b.txt` (jatos-api.md, surprise 14). What does
not come through is never used in a request that writes.
"""

from __future__ import annotations

import string
from collections.abc import Set

from jatossync.core.paths import ILLEGAL_ENVELOPE, Dialect, RelPath

_PERCENT = "%41"
"""What is decoded twice on its way comes out as `A`."""
_CONTROL = "\x01\t\n\x1b\x7f"
_BEYOND_ASCII = "ä€😀e\u0301"
"""Two to four bytes a character, and one in two pieces that could be joined."""

DOUBTFUL = frozenset("+")
"""What known web servers change: not to be used where nothing can be found out."""


def samples(dialect: Dialect) -> list[str]:
    """What must come through, each standing for one character or one kind of them."""
    illegal = ILLEGAL_ENVELOPE if dialect is Dialect.ENVELOPE else frozenset()
    plain = [c for c in " " + string.punctuation if c not in illegal and c not in "/%-._"]
    control = [] if dialect is Dialect.ENVELOPE else [_CONTROL]
    return [*plain, _PERCENT, *control, _BEYOND_ASCII]


def blocked(path: RelPath, changed: Set[str]) -> str | None:
    """
    Why `path` must not be used on this server, or None where it arrives as it is.

    Args:
        changed: The samples that did not come through.
    """
    found = next((c for c in path if _sample(c) in changed), None) if changed else None
    if found is None:
        return None
    return (
        f"{_name(found)} in its path does not reach JATOS as it is: a web server in front changes "
        "or refuses it, and the file could land on another one; rename it, or ask the "
        "administrator to pass paths on unchanged (Apache: nocanon; nginx: proxy_pass without a "
        "path)"
    )


def shown(changed: Set[str]) -> str:
    """The samples that did not come through, for a message."""
    return ", ".join(sorted(_name(sample[0]) for sample in changed))


def _sample(character: str) -> str:
    if not character.isascii():
        return _BEYOND_ASCII
    if character == "%":
        return _PERCENT
    return character if character.isprintable() else _CONTROL


def _name(character: str) -> str:
    if not character.isascii():
        return "a letter or sign outside ASCII"
    if character == " ":
        return "a space"
    return f"'{character}'" if character.isprintable() else "a control character"
