"""
The values that flow through jatossync, in the words of design.md.

Local side: `Entry` and `Snapshot` (what was seen on disk). Agreed: `Row` (the manifest: what JATOS
acknowledged) and `Attempt` (what was sent and not yet answered). Remote side: `Seen` and `Listing`
(what JATOS says it has). Decisions: the actions of a plan. Work: jobs and their outcomes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from jatossync.core.ignore import Patterns
from jatossync.core.paths import Dialect, RelPath, parents

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
    patterns: Patterns = ()
    """The ignore rules that held."""
    rules_in_doubt: bool = False
    """`.jatosignore` went a moment ago: the last good rules held, and it is to be read again."""
    git: frozenset[str] = frozenset()
    """What git was doing there, each operation with a name of its own."""

    def covers(self, path: RelPath) -> bool:
        """Whether the scan was to look at `path`."""
        return path in self.scope or any(up in self.scope for up in parents(path))

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


# --- decisions -----------------------------------------------------------------------------------


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


@dataclass(frozen=True, slots=True)
class Delete:
    """Remove a path from JATOS, if it holds nothing but these bytes."""

    path: RelPath
    replaceable: frozenset[Content]
    look: bool = True


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

Action = Change | Refresh | Look | Relist | Hash | Hold | Note


# --- work ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Scan:
    """Look at a scope of the folder; hash what moved since `known`."""

    scope: frozenset[RelPath]
    known: Mapping[RelPath, Row]
    rules_before: tuple[Patterns, ...] = ()
    """Ignore rules that held before: what any of them ignored is marked (law 10)."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """Find out which git commit the folder is at while this burst goes out."""

    burst: int


@dataclass(frozen=True, slots=True)
class GitState:
    """The work tree the folder lies in; None where it lies in none."""

    commit: str | None
    dirty: bool | None


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask JATOS for the token's and the study's properties: also the probe after trouble."""

    folder: bool = False
    """Ask also whether the study's folder is there, which the properties do not tell."""


@dataclass(frozen=True, slots=True)
class List:
    """Ask JATOS for all files of the study."""


Job = Scan | Hash | Provenance | Ask | List | Look | Keep | Upload | Delete


@dataclass(frozen=True, slots=True)
class Server:
    """What `Ask` found out."""

    api_version: str
    dialect: Dialect
    username: str
    token_expires_ms: int
    """0: never."""
    study_id: int
    study_uuid: str
    study_title: str
    dir_name: str
    locked: bool
    pages: frozenset[RelPath] = frozenset()
    """`htmlFilePath` of the study's components."""
    changed_on_the_way: frozenset[str] = frozenset()
    """What does not reach JATOS as it is sent in a path: samples of core/passage.py."""


@dataclass(frozen=True, slots=True)
class Done:
    """JATOS acknowledged the request."""

    created: bool = False
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class AlreadyThere:
    """The look found that JATOS is as it should be: the same bytes, or nothing left to delete."""


@dataclass(frozen=True, slots=True)
class Foreign:
    """The look found bytes that are not ours: nothing was written."""

    seen: Seen


@dataclass(frozen=True, slots=True)
class Overtaken:
    """The file changed, vanished or came back meanwhile: nothing was stored; look at it again."""

    reason: str


@dataclass(frozen=True, slots=True)
class Refused:
    """JATOS does not take this path, or the bytes may not leave: the others go on."""

    reason: str
    for_good: bool = False
    """Only a change of the file can help: a token in its bytes, a size over the limit."""


@dataclass(frozen=True, slots=True)
class Unavailable:
    """The server is not there, or does not answer as one: all wait, one probes."""

    reason: str
    not_jatos: bool = False
    retry_after_s: float | None = None


class Stop(Enum):
    """Why every request has to stop at once."""

    TOKEN = "token"  # noqa: S105  (a word, not a secret)
    API_OFF = "API off"
    NO_ACCESS = "no access"
    ROLE = "role"
    STUDY_GONE = "study gone"
    FOLDER_GONE = "assets folder gone"
    """The study is there, and the folder with all that we put there is not."""
    LOCKED = "locked"
    """Only requests that write."""
    NOT_SIGNED_IN = "sign-in page"


@dataclass(frozen=True, slots=True)
class Stopped:
    """JATOS refuses everything (or, if locked, all writing) until something there changes."""

    stop: Stop
    reason: str


@dataclass(frozen=True, slots=True)
class NoListing:
    """This JATOS cannot list (3.8.1), or the study's folder is missing there: remote unknown."""

    reason: str
    folder_gone: bool = False
    """The study itself is there (jatos-api.md, surprise 11)."""


@dataclass(frozen=True, slots=True)
class RootGone:
    """The study folder is not what it was: nothing may be concluded from it (law 2)."""

    reason: str


@dataclass(frozen=True, slots=True)
class StateChanged:
    """Another process wrote into the state: people may have approved something."""


@dataclass(frozen=True, slots=True)
class AskAgain:
    """JATOS may answer otherwise now: there is a new token, or the network is back."""


Command = StateChanged | AskAgain
"""What people tell a running engine; told by `Engine.command`."""

Trouble = Refused | Unavailable | Stopped
"""How a request can end that did not do what it was to do."""

ScanResult = Snapshot | RootGone
HashResult = Entry | Overtaken
AskResult = Server | Unavailable | Stopped
ListResult = Listing | NoListing | Trouble
LookResult = Seen | Trouble
UploadResult = Done | AlreadyThere | Foreign | Overtaken | Trouble
DeleteResult = Done | AlreadyThere | Foreign | Overtaken | Trouble
Result = (
    ScanResult
    | HashResult
    | GitState
    | AskResult
    | ListResult
    | LookResult
    | UploadResult
    | DeleteResult
)
