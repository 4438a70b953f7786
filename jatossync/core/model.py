"""
What is known: the values that flow through jatossync, in the words of design.md.

Local side: `Entry` and `Snapshot` (what the scan saw on disk). Agreed: `Row` (the manifest: what
JATOS acknowledged) and `Attempt` (what was sent and not yet answered). Remote side: `Seen` and
`Listing` (what JATOS says it has).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from jatossync.core.ignore import RuleSet
from jatossync.core.paths import RelPath, parents, within

SMALL_BYTES = 256 * 1024
"""Up to this size bytes are fetched and compared; above, size (and Adler-32) must do."""

LARGE_BYTES = 8 * 1024 * 1024
"""Files over this size never take the last two workers, and are hashed beside the scan."""


class Content(NamedTuple):
    """The identity of a file's bytes."""

    size: int
    """Bytes."""
    sha256: str
    """Hexadecimal."""
    adler32: int
    """What JATOS lists as `checksum`; an alarm, not a proof."""


class Stat(NamedTuple):
    """What moves when a file is written: a file with an equal one is (almost) surely unchanged."""

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int


class Kind(Enum):
    """What a path is on the local side. Absence is no kind: it is the lack of an entry."""

    FILE = "file"
    EMPTY = "empty"
    DIRECTORY = "directory"
    SPECIAL = "special"
    """A symlink, FIFO, socket or device: reported, never followed or opened."""
    EXCLUDED = "excluded"
    """Ignored, quarantined, or under a name that cannot be mirrored."""
    UNKNOWN = "unknown"
    """Could not be looked at: unreadable, or below something that is not a plain directory."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One path as the scan saw it."""

    kind: Kind
    reason: str = ""
    """For people: why it is special, excluded or unknown."""
    stat: Stat | None = None
    content: Content | None = None
    """Of a FILE; None where the file is large and has yet to be hashed (`Hash`)."""
    hashed_at_ns: int = 0
    """Wall clock before the hashing began."""
    quarantined: bool = False
    """Excluded because it may be secret; shown to the user, unlike what is merely ignored."""
    was_ignored: bool = False
    """It takes part only because the ignore rules changed (law 10)."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """
    What the scan saw of a scope.

    `entries` has every path looked at, directories too. A path of the scope without an entry is
    *absent* unless a directory above it could not be looked into (law 2).
    """

    scope: frozenset[RelPath]
    entries: Mapping[RelPath, Entry]
    rule_set: RuleSet | None = None
    """The ignore rules that held."""
    rules_in_doubt: bool = False
    """`.jatosignore` went a moment ago: the last good rules held, and it is to be read again."""
    git: frozenset[str] = frozenset()
    """What git was doing there, each operation with a name of its own."""

    def covers(self, path: RelPath) -> bool:
        """Whether the scan was to look at `path`."""
        return within(path, self.scope)

    def at(self, path: RelPath) -> Entry | None:
        """The entry that holds for `path`: its own or that of what hides it; None means absent."""
        own = self.entries.get(path)
        if own is not None:
            return own
        for up in parents(path):
            above = self.entries.get(up)
            if above is None or above.kind is Kind.DIRECTORY:
                continue
            if above.kind is Kind.SPECIAL:
                return Entry(Kind.UNKNOWN, f"{up} is {above.reason}")
            if above.kind in (Kind.UNKNOWN, Kind.EXCLUDED):
                return above
            return None
        return None


@dataclass(frozen=True, slots=True)
class Row:
    """One manifest row: the bytes that JATOS acknowledged for a path (law 5)."""

    path: RelPath
    content: Content
    stat: Stat
    hashed_at_ns: int
    proven: bool = True
    """False where a file was adopted by size and Adler-32 alone."""
    remote_ms: int | None = None
    """`lastModified` on JATOS as first listed after our upload."""
    put_back: bool = False
    """These bytes were sent once more after JATOS had acknowledged them: others had changed it."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A line of the trash's index: bytes that were kept before they were destroyed."""

    number: int
    path: RelPath
    study: str
    """The UUID of the study."""
    at_s: float
    """Wall clock."""
    why: str
    size: int
    sha256: str


class Verb(Enum):
    """What a request does to an asset."""

    UPLOAD = "upload"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Attempt:
    """A request that was sent, or is about to be, and has no definite answer."""

    path: RelPath
    verb: Verb
    content: Content | None
    """The bytes of an upload; None for a delete."""
    late: bool = False
    """Whether JATOS may yet act on it (core/late.py): then no look settles it."""


Unanswered = Collection[Content | None]
"""What JATOS may yet do to a path, by the bytes; None: a delete."""


class Doubt(Enum):
    """Why a listing that does not show a path is no reason yet to believe that it is gone."""

    ONCE = "no other listing says so"
    """A listing is no instant: a file that is being replaced meanwhile may be missing in it."""
    TWIN = "it shows a name that differs only in case or Unicode form"
    """A JATOS on Windows or macOS may have it under that name."""
    ELSEWHERE = "it is there when asked for, and two listings show no such name"
    """What stands in front may change the path: a delete could hit another file (surprise 14)."""


@dataclass(frozen=True, slots=True)
class Past:
    """A request that JATOS acknowledged, from the history."""

    path: RelPath
    verb: Verb
    sha256: str | None
    """Of the bytes that came, or that went."""
    approved: bool
    """Whether a person said yes to it."""


@dataclass(frozen=True, slots=True)
class Seen:
    """
    What was seen of one path on JATOS.

    A listing gives `size`, `adler32` and `modified_ms`; a look gives `size` and, for small files,
    `sha256`. `size` None means that nothing is there.
    """

    size: int | None
    adler32: int | None = None
    sha256: str | None = None
    modified_ms: int | None = None
    looked: bool = False
    """By a request for this very path, not by a listing."""
    kept: bool = False
    """These bytes are in the trash: they may be overwritten or deleted (law 4)."""
    doubt: Doubt | None = None
    """Of what a listing does not show: whether that counts."""


@dataclass(frozen=True, slots=True)
class Listing:
    """All files that JATOS says the study has."""

    files: Mapping[RelPath, Seen]
