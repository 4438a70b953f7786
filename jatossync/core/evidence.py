"""
What is known of JATOS: one listing, and what looks at single paths found since.

A listing is no instant: the server walks and hashes for a while. So it says nothing of a path for
which a request ran or ended since it was asked for, and a path is gone only where two listings in
a row do not show it. A JATOS on Windows or macOS may list a file under another spelling of its
name; which one is learned by looking at the path itself, never guessed.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from jatossync.core.model import Doubt, Listing, Seen
from jatossync.core.paths import ROOT, RelPath, fold, parents

_GONE = Seen(size=None)


class Evidence:
    """
    Seen by path; None where nothing is known.

    Args:
        ours: All paths that JATOS has of us, or may have.
    """

    def __init__(self, ours: Iterable[RelPath] = ()) -> None:
        self._listing: Listing | None = None
        self._newer: dict[RelPath, Seen | None] = {}
        self._looked: dict[str, set[RelPath]] = {}
        """Paths that were looked at since the last listing, by what they fold to."""
        self._since_listing: set[RelPath] | None = None
        self._before: Listing | None = None
        self._touched_between: set[RelPath] = set()
        """Paths with a request since the listing before the last one was asked for."""
        self._touched: set[RelPath] = set()
        """Paths with a request since the last listing was asked for."""
        self._written: dict[str, list[RelPath]] = {}
        """These by what they fold to."""
        self._ours = _by_name(ours)
        """What was ours, or may have been, when the last listing ended, by what it folds to."""
        self._folded: dict[str, list[RelPath]] = {}
        self._sorted: list[RelPath] = []
        self._spelled: dict[RelPath, RelPath] = {}
        self._of_others: frozenset[RelPath] = frozenset()
        """Listed names that may be how JATOS spells another file of ours."""

    def seen(self, path: RelPath) -> Seen | None:
        """The newest that is known of `path`."""
        if path in self._newer:
            return self._newer[path]
        if self._listing is None:
            return None
        if path in self._of_others:
            return Seen(None, doubt=Doubt.TWIN)
        listed = self._listing.files.get(self._spelled.get(path, path))
        return listed or self._missing(path)

    def listed(self, scope: Iterable[RelPath]) -> Iterator[RelPath]:
        """The paths of the last listing at or below those of `scope`."""
        names = self._sorted
        for top in scope:
            if top == ROOT:
                yield from names
                return
            if self._listing is not None and top in self._listing.files:
                yield top
            begin, end = (bisect_left(names, f"{top}{mark}") for mark in "/0")  # "0" follows "/"
            yield from names[begin:end]

    def looked(self, path: RelPath, seen: Seen) -> None:
        """A request for this very path says what is there."""
        self._newer[path] = seen
        self._looked.setdefault(fold(path), set()).add(path)

    def confirmed(self, path: RelPath, seen: Seen) -> None:
        """
        A look that the listing gave reason for: what it did not see is as it was listed.

        The size of a large file (all that a look at it tells) with the Adler-32 of the listing.
        """
        files = self._listing.files if self._listing is not None else {}
        twins, ours = self._twins(path), self.other_spellings(path)
        if seen.size is not None and path not in files and len(twins) == 1 and twins[0] not in ours:
            self._spelled[path] = twins[0]
        if path in self._touched:  # since: then the listing says nothing of what was looked at
            self.looked(path, seen)
            return
        listed = files.get(self._spelled.get(path, path))
        if listed is not None and listed.size == seen.size:
            adler32 = seen.adler32 if seen.adler32 is not None else listed.adler32
            seen = replace(seen, adler32=adler32, modified_ms=listed.modified_ms)
        if seen.size is not None and listed is None and self._unlisted_twice(path):
            seen = replace(seen, doubt=Doubt.ELSEWHERE)
        self.looked(path, seen)

    def touched(self, path: RelPath) -> None:
        """
        A request that writes ran for `path`: what was known of it no longer counts.

        Nor what was seen under a name that may be the same file.
        """
        name = fold(path)
        self._newer.update(dict.fromkeys([path, *self._looked.pop(name, ())]))
        if path not in self._touched:
            self._written.setdefault(name, []).append(path)
        self._touched.add(path)
        if self._since_listing is not None:
            self._since_listing.add(path)

    def owned(self, path: RelPath) -> None:
        """JATOS has `path` of us, which nobody had written since the last listing was asked for."""
        alike = self._ours.setdefault(fold(path), [])
        if path not in alike:
            alike.append(path)

    def other_spellings(self, path: RelPath) -> set[RelPath]:
        """Paths of ours that JATOS may take for `path`; some may be ours no more."""
        name = fold(path)
        return {*self._ours.get(name, ()), *self._written.get(name, ())} - {path}

    def listing_began(self, under_way: Iterable[RelPath]) -> None:
        """JATOS was asked for a listing while requests for these paths were under way."""
        self._since_listing = set(under_way)

    def listing_ended(
        self,
        listing: Listing | None,
        ours: Collection[RelPath] = (),
        attempted: Iterable[RelPath] = (),
    ) -> None:
        """
        The listing is here; None where there is none to be had.

        Args:
            ours: All paths that JATOS has acknowledged.
            attempted: All for which a request has no answer.
        """
        since = self._since_listing or set()
        self._before, self._listing = self._listing, listing
        self._touched_between, self._touched = self._touched, set(since)
        self._written = _by_name(since)
        self._newer, self._looked = dict.fromkeys(since), {}
        self._since_listing = None
        files = listing.files if listing is not None else {}
        self._sorted = sorted(files)
        self._folded, self._ours = _by_name(files), _by_name({*ours, *attempted})
        missing = {fold(path) for path in ours if path not in files}
        self._of_others = frozenset(
            path for path in files if path not in ours and fold(path) in missing
        )
        self._spelled = {
            path: spelled
            for path, spelled in self._spelled.items()
            if path not in files and spelled in files
        }

    def news_about(self, paths: Iterable[RelPath]) -> list[RelPath]:
        """Those at, above or below which the last listing differs from the one before."""
        if self._listing is None or self._before is None:
            return []
        now, then = self._listing.files, self._before.files
        changed = {path for path in now.keys() | then.keys() if now.get(path) != then.get(path)}
        around = changed.union(*(parents(path) for path in changed))
        return [p for p in paths if p in around or any(up in changed for up in parents(p))]

    def _missing(self, path: RelPath) -> Seen:
        """What it means that the last listing does not show `path`."""
        written = self._written.get(fold(path), ())
        if self._twins(path) or any(other != path for other in written):
            return Seen(None, doubt=Doubt.TWIN)
        return _GONE if self._unlisted_twice(path) else Seen(None, doubt=Doubt.ONCE)

    def _unlisted_twice(self, path: RelPath) -> bool:
        """Whether two listings in a row do not show `path`, with no request for it between them."""
        both = (self._before, self._listing)
        unseen = all(listing is not None and path not in listing.files for listing in both)
        return unseen and path not in self._touched_between

    def _twins(self, path: RelPath) -> list[RelPath]:
        """Listed names that differ from `path` only in case or Unicode form."""
        return [twin for twin in self._folded.get(fold(path), ()) if twin != path]


def _by_name(paths: Iterable[RelPath]) -> dict[str, list[RelPath]]:
    """Paths by what JATOS may take for one name."""
    found: dict[str, list[RelPath]] = {}
    for path in paths:
        found.setdefault(fold(path), []).append(path)
    return found


def still_held(seen: Seen | None, held: Seen | None) -> Seen | None:
    """
    What is known of a path that waits for a person.

    What was seen when it was held counts until a listing says otherwise: so thousands of held
    files are not looked at again at each verification, and a restart forgets none.

    Args:
        seen: The newest that is known of it.
        held: What was seen when it was held; None where it is not held.
    """
    if held is None or (seen is not None and seen.looked):
        return seen
    if seen is None:
        return replace(held, sha256=None, looked=False)  # no listing: it is looked at again
    if seen.doubt is Doubt.TWIN or (seen.size is None and held.size is None):
        return held
    adler32 = held.adler32 if seen.adler32 is None else seen.adler32
    listed = (seen.size, adler32, seen.modified_ms)
    return held if listed == (held.size, held.adler32, held.modified_ms) else seen
