"""
What is decided: the actions that a plan can contain, one for each path at most.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from jatossync.core.model import Content, Entry, Row, Seen, Stat
from jatossync.core.paths import RelPath


class Rival(NamedTuple):
    """What JATOS has of us, or may have, under another spelling of a name."""

    path: RelPath
    content: Content


@dataclass(frozen=True, slots=True)
class Upload:
    """Put these bytes on JATOS."""

    path: RelPath
    entry: Entry
    content: Content
    replaceable: frozenset[Content] = frozenset()
    """What may lie there now: ours by manifest or attempt, or kept in the trash."""
    look: bool = True
    """Look at the path before writing; False where a listing just did that for all."""
    rivals: frozenset[Rival] = frozenset()
    """Where JATOS takes these for the same name, what lies there may be theirs."""


@dataclass(frozen=True, slots=True)
class Delete:
    """Remove a path from JATOS, if it holds nothing but these bytes."""

    path: RelPath
    replaceable: frozenset[Content]
    look: bool = True
    rivals: frozenset[Rival] = frozenset()
    """As of `Upload`."""
    despite: frozenset[str] = frozenset()
    """What git is doing in the folder for so long that it is not waited for; else it waits."""


def sent_by(action: Upload | Delete) -> Content | None:
    """The bytes that an upload brings; None: a delete."""
    return action.content if isinstance(action, Upload) else None


@dataclass(frozen=True, slots=True)
class Adopt:
    """Take over what already lies on JATOS: a manifest row without a request."""

    path: RelPath
    entry: Entry
    content: Content
    proven: bool
    remote_ms: int | None


@dataclass(frozen=True, slots=True)
class Refresh:
    """Same bytes, newer stat or `lastModified`: only the row moves."""

    row: Row


@dataclass(frozen=True, slots=True)
class Forget:
    """Gone on both sides: drop the row."""

    path: RelPath


@dataclass(frozen=True, slots=True)
class Look:
    """Ask JATOS for this one path before anything is decided."""

    path: RelPath
    whole: bool = False
    """Read all its bytes, however many: nothing else can tell what they are."""


@dataclass(frozen=True, slots=True)
class Relist:
    """Another listing has to say whether this path is gone."""

    path: RelPath


@dataclass(frozen=True, slots=True)
class Keep:
    """Copy what lies there into the trash before it may be replaced (law 4)."""

    path: RelPath
    why: str


class HoldKind(Enum):
    """What a person is to decide. The paths of one list are all of one kind."""

    DELETES = "deletes"
    """Gone here, and too many at once to believe it (law 11)."""
    OVERWRITES = "overwrites"
    """Other bytes lie on JATOS at first contact, and too many of them (law 11)."""
    DRIFT = "drift"
    """Changed or removed on JATOS, not here."""
    CONFLICT = "conflict"
    """Changed on both sides, where the user wants to be asked (`conflict: hold`)."""
    PAGE = "page"
    """Gone here, and the page of a component: participants would get an error."""
    INCLUDED = "newly included"
    """Would be published only because an ignore rule changed (law 10)."""
    UNSEEN = "cannot be seen"
    """JATOS does not show what lies there: looked at again later, nothing to approve."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Wait for a person; nothing is written."""

    path: RelPath
    kind: HoldKind
    why: str
    """For people, about this path."""
    seen: Seen | None = None
    """What lay on JATOS when it was held; None where that does not matter or is not known."""
    list_reason: str = field(default="", compare=False)
    """For people, about all that is found together; empty: `why` says it for all."""


@dataclass(frozen=True, slots=True)
class Approval:
    """A person said: go on with this one, as this folder has it."""

    path: RelPath
    kind: HoldKind
    seen: Seen | None
    """What lay on JATOS when it was held."""

    def covers(self, seen: Seen | None) -> bool:
        """Whether what lies on JATOS is still what lay there when it was held."""
        if self.seen is None or seen is None:
            return True
        same_bytes = None in (self.seen.sha256, seen.sha256) or self.seen.sha256 == seen.sha256
        return self.seen.size == seen.size and same_bytes


class Topic(Enum):
    """What a note is about."""

    EMPTY = "empty"
    SPECIAL = "special"
    QUARANTINED = "quarantined"
    UNKNOWN = "unknown"
    FOREIGN = "foreign"
    """On JATOS and never ours: left alone."""
    KEPT = "kept"
    """Gone here, and left on JATOS because the user wants that (`deletes.mode: keep`)."""
    UNHOLDABLE = "unholdable"
    """A name this JATOS cannot hold."""


@dataclass(frozen=True, slots=True)
class Note:
    """Nothing to do, but the user should know."""

    path: RelPath
    topic: Topic
    why: str


@dataclass(frozen=True, slots=True)
class Hash:
    """Hash one large file that the scan left out, then decide."""

    path: RelPath
    stat: Stat


Change = Upload | Delete | Adopt | Forget | Keep
"""What changes JATOS, the manifest's paths or the trash."""

Unsure = Hold | Look | Relist | Keep | Hash
"""What waits for a person, or for more to be known: what was held stays held."""

Action = Change | Refresh | Look | Relist | Hash | Hold | Note
