"""
What is known of JATOS: one listing, and what looks at single paths found since.

A listing is no instant: the server walks and hashes for a while. So it says nothing of a path for
which a request ran or ended since it was asked for.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from jatossync.core.model import Listing, Seen
from jatossync.core.paths import RelPath

_NOTHING_LISTED = Seen(size=None)


class Evidence:
    """Seen by path; None where nothing is known."""

    def __init__(self) -> None:
        self._listing: Listing | None = None
        self._newer: dict[RelPath, Seen | None] = {}
        self._since_listing: set[RelPath] | None = None

    def seen(self, path: RelPath) -> Seen | None:
        """The newest that is known of `path`."""
        if path in self._newer:
            return self._newer[path]
        if self._listing is None:
            return None
        return self._listing.files.get(path, _NOTHING_LISTED)

    @property
    def listed(self) -> Iterable[RelPath]:
        """The paths of the last listing."""
        return self._listing.files if self._listing is not None else ()

    def looked(self, path: RelPath, seen: Seen) -> None:
        """A request for this very path says what is there."""
        self._newer[path] = seen

    def confirmed(self, path: RelPath, seen: Seen) -> None:
        """
        A look that the listing gave reason for: what it did not see is as it was listed.

        The size of a large file (all that a look at it tells) with the Adler-32 of the listing.
        """
        listed = self._listing.files.get(path) if self._listing is not None else None
        if listed is not None and listed.size == seen.size:
            adler32 = seen.adler32 if seen.adler32 is not None else listed.adler32
            seen = replace(seen, adler32=adler32, modified_ms=listed.modified_ms)
        self._newer[path] = seen

    def touched(self, path: RelPath) -> None:
        """A request that writes ran for `path`: what was known of it no longer counts."""
        self._newer[path] = None
        if self._since_listing is not None:
            self._since_listing.add(path)

    def listing_began(self, under_way: Iterable[RelPath]) -> None:
        """JATOS was asked for a listing while requests for these paths were under way."""
        self._since_listing = set(under_way)

    def listing_ended(self, listing: Listing | None) -> None:
        """The listing is here; None where there is none to be had."""
        self._listing = listing
        self._newer = dict.fromkeys(self._since_listing or ())
        self._since_listing = None
