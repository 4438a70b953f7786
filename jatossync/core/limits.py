"""
How many deletes are too many to believe (law 11; design.md, "Guards before any delete").

A rename is no loss, nor is a build that puts `index-77aa12.js` in the place of `index-4f3a9c.js`:
such deletes do not count. All others of the last ten minutes do, done or not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from jatossync.core.paths import RelPath

WINDOW_S = 600.0
"""Deletes that are found within so long of one another are counted together."""

FEW = 5
"""So few may be any share of a study: small studies are edited too."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What goes without asking."""

    max_files: int = 20
    max_share: float = 0.3
    """Of the files that are gone and those that are left, from 0 to 1."""


class Named(NamedTuple):
    """A name and the bytes under it: gone, or new."""

    path: RelPath
    digests: frozenset[str]
    """SHA-256 of what may lie under the name."""


def too_many(counted: int, left: int, limits: Limits) -> str | None:
    """
    Why so many deletes wait for a person, or None where they go.

    Args:
        counted: Deletes that count (`counting`).
        left: Files that JATOS will have of us after all that is decided, moved ones among them.
    """
    had = counted + left
    if not counted:
        return None
    if left <= 0:
        return "nothing would be left of the study on JATOS"
    if counted > limits.max_files:
        return f"{counted} files are gone here, more than deletes.max_files ({limits.max_files})"
    if counted >= FEW and counted > limits.max_share * had:
        share = f"{limits.max_share:.0%}"
        return f"{counted} of {had} files are gone here, more than deletes.max_share ({share})"
    return None


def counting(gone: Iterable[Named], new: Iterable[Named]) -> set[RelPath]:
    """
    The names of `gone` that count: their bytes are not `new` under another name, nor is their name
    with another hash in it. Each new file makes up for one that is gone, and no more.
    """
    missing = {each.path: each for each in gone}
    arrived = {each.path: each for each in new if each.path not in missing}
    for pairs_of in (_same_bytes, _same_build):
        for lost, found in pairs_of(missing, arrived):
            del missing[lost], arrived[found]
    return set(missing)


Pairs = list[tuple[RelPath, RelPath]]


def _same_bytes(gone: dict[RelPath, Named], new: dict[RelPath, Named]) -> Pairs:
    names: dict[str, list[RelPath]] = {}
    # Taken from the end: those first that can be nothing but a rename.
    for path in sorted(new, key=lambda path: (bool(skeletons(path)), path), reverse=True):
        for digest in new[path].digests:
            names.setdefault(digest, []).append(path)
    return list(
        _paired(((path, sorted(each.digests)) for path, each in sorted(gone.items())), names)
    )


def _same_build(gone: dict[RelPath, Named], new: dict[RelPath, Named]) -> Pairs:
    names: dict[str, list[RelPath]] = {}
    for path in sorted(new, reverse=True):
        for skeleton in skeletons(path):
            names.setdefault(skeleton, []).append(path)
    return list(_paired(((path, skeletons(path)) for path in sorted(gone)), names))


def _paired(
    gone: Iterable[tuple[RelPath, list[str]]], names: dict[str, list[RelPath]]
) -> Iterator[tuple[RelPath, RelPath]]:
    """Each that is gone with one new name that has a key in common, and each new name once."""
    used: set[RelPath] = set()
    for path, keys in gone:
        for key in keys:
            candidates = names.get(key, [])
            while candidates and candidates[-1] in used:
                candidates.pop()
            if candidates:
                used.add(candidates[-1])
                yield path, candidates.pop()
                break


# --- names with a hash in them, as builders give them ---------------------------------------------

_SEGMENTS = re.compile(r"(?=(?:^|(?<=[-._]))([0-9A-Za-z_-]+)\.)")
"""What stands between separators, or at the beginning, and before a dot."""

_HEX = re.compile(r"(?=.*[0-9])(?=.*[a-f])[0-9a-f]{6,64}")
"""webpack, parcel."""

BASE64_DIGITS = 8
"""vite, rollup, esbuild."""


def skeletons(path: RelPath) -> list[str]:
    """`path` with each thing in its name that looks like a builder's hash left out."""
    parent, slash, name = path.rpartition("/")
    return [
        f"{parent}{slash}{name[: found.start(1)]}*{name[found.end(1) :]}"
        for found in _SEGMENTS.finditer(name)
        if _is_hash(found.group(1))
    ]


def _is_hash(text: str) -> bool:
    """Such as no person would write: digits among letters, or capitals in the middle of it."""
    if _HEX.fullmatch(text):
        return True
    if len(text) != BASE64_DIGITS:
        return False
    upper, lower, digits = (sum(map(is_, text)) for is_ in (str.isupper, str.islower, str.isdigit))
    if upper and lower and digits:
        return True
    return upper >= 2 and (lower >= 2 or digits >= 1)
