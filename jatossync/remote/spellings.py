"""
Whether JATOS takes two names for one: on Windows or macOS it ignores case or Unicode form.

Of two files of the folder that it takes for one, none may be overwritten by the other, and none
deleted with the other (law 3; design.md, "Names that fold").
"""

from __future__ import annotations

import threading
import time

from jatossync.core.jobs import ListResult, NoListing, Stopped, Unavailable
from jatossync.core.model import Listing, Seen
from jatossync.core.paths import RelPath, fold
from jatossync.remote.client import Assets

LISTING_HOLDS_S = 30.0
"""For so long a listing serves all names that may fold: JATOS hashes every file."""

Verdict = bool | None | Unavailable | Stopped
"""None where it cannot be found out."""


class Spellings:
    """
    Asks one JATOS. May be used by several threads at once; one lists, the others wait for it.

    Of a name that was sent since the last listing began, in whatever spelling, that says nothing.
    """

    def __init__(self, assets: Assets) -> None:
        self._assets = assets
        self._asking = threading.Lock()
        self._last: ListResult | None = None
        self._until_s = 0.0
        self._sent_since: set[str] = set()

    def sent(self, path: RelPath) -> None:
        """An upload of `path` ended, however it did."""
        self._sent_since.add(fold(path))

    def are_one(self, path: RelPath, own: Seen, twin: RelPath) -> Verdict:
        """Whether what was just seen under `path` is what lies under `twin`."""
        others = self._assets.look(twin)
        if isinstance(others, Unavailable | Stopped):
            return others
        if not isinstance(others, Seen):
            return None
        if _differ(own, others):
            return False
        listing = self._listing(path)
        if isinstance(listing, Unavailable | Stopped):
            return listing
        if isinstance(listing, Listing):
            return not (path in listing.files and twin in listing.files)
        return self._has_any_case(path, own, twin)

    def goes_with(self, path: RelPath, twin: RelPath) -> Verdict:
        """Whether `path` is gone already, or there only as another spelling of `twin`."""
        listing = self._listing(path)
        if isinstance(listing, Unavailable | Stopped):
            return listing
        if isinstance(listing, Listing):
            if path not in listing.files:
                return True
            if twin in listing.files:
                return False
            look = self._assets.look(twin)
            return look.size is not None if isinstance(look, Seen) else None
        own, others = self._assets.look(path), self._assets.look(twin)
        if not isinstance(own, Seen) or not isinstance(others, Seen):
            return None
        if own.size is None:
            return True
        return False if _differ(own, others) else self._has_any_case(path, own, twin)

    def _listing(self, path: RelPath) -> ListResult:
        """A listing that began after the last upload of `path` or of a name that folds to it."""
        with self._asking:
            holds = time.monotonic() < self._until_s and fold(path) not in self._sent_since
            if self._last is None or not holds:
                self._sent_since = set()  # before it begins: what ends meanwhile may not be in it
                self._last = self._assets.listing()
                lasting = isinstance(self._last, Listing | NoListing)
                self._until_s = time.monotonic() + LISTING_HOLDS_S if lasting else 0.0
            return self._last

    def _has_any_case(self, path: RelPath, own: Seen, twin: RelPath) -> bool | None:
        """Without a listing: a third spelling with the same bytes tells that case is ignored."""
        third = RelPath(path.swapcase())
        if third in (path, twin) or path.casefold() != twin.casefold():
            return None
        look = self._assets.look(third)
        return not _differ(own, look) if isinstance(look, Seen) else None


def _differ(one: Seen, other: Seen) -> bool:
    """Whether these are surely not the same bytes; of large files only the size is known."""
    return one.size != other.size or (
        None not in (one.sha256, other.sha256) and one.sha256 != other.sha256
    )
