"""
What is done: the jobs that the engine gives out (`Job`), and how each can end (`Result`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from jatossync.core.actions import Delete, Hash, Keep, Look, Upload
from jatossync.core.ignore import RuleSet
from jatossync.core.model import Content, Entry, Listing, Row, Seen, Snapshot, Stat
from jatossync.core.paths import Dialect, RelPath


@dataclass(frozen=True, slots=True)
class Scan:
    """Look at a scope of the folder; hash what moved since `known`."""

    scope: frozenset[RelPath]
    known: Mapping[RelPath, Row]
    rules_before: tuple[RuleSet, ...] = ()
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


@dataclass(frozen=True, slots=True)
class SetAside:
    """Copy what stands here into the trash, for a command that is about to replace it."""

    path: RelPath
    stat: Stat
    why: str


Job = Scan | Hash | Provenance | Ask | List | Look | Keep | Upload | Delete | SetAside


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
    replaced: frozenset[RelPath] = frozenset()
    """Other spellings of its name under which JATOS has these bytes now, and theirs no more."""


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
    taken: bool = False
    """What lies under its name is another file of this folder: JATOS takes the two for one."""


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
SetAsideResult = Content | Overtaken
AskResult = Server | Unavailable | Stopped
ListResult = Listing | NoListing | Trouble
LookResult = Seen | Trouble
UploadResult = Done | AlreadyThere | Foreign | Overtaken | Trouble
DeleteResult = Done | AlreadyThere | Foreign | Overtaken | Trouble
Result = (
    ScanResult
    | HashResult
    | SetAsideResult
    | GitState
    | AskResult
    | ListResult
    | LookResult
    | UploadResult
    | DeleteResult
)
