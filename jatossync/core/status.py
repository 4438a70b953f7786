"""
What a person is told who asks "is it in sync?": one value, for `status`, its JSON and systemd.

"In sync" means compared (law 13): with the folder, and with JATOS at the time of the last
verification. All times are seconds since 1970.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from jatossync.core.actions import Topic
from jatossync.core.holds import HeldList
from jatossync.core.jobs import Stop, Stopped
from jatossync.core.link import Link
from jatossync.core.paths import RelPath
from jatossync.core.report import Report
from jatossync.core.upkeep import Progress
from jatossync.core.watching import Watching

VERSION = 1
"""Of the JSON form; fields are added, never renamed."""

MOMENTS = 4
"""So many are remembered; a status has two."""

State = Literal[
    "not running",
    "starting",
    "folder",
    "stopped",
    "offline",
    "locked",
    "paused",
    "comparing",
    "working",
    "waiting",
    "in sync",
]
"""What keeps both sides apart, the most important first. `waiting`: for a person, or for JATOS to
take a file that it refuses; `folder`: the study folder cannot be used; `stopped`: JATOS refuses."""


@dataclass(frozen=True, slots=True)
class Work:
    """What the engine has to do and did; times of its own clock."""

    starting: bool
    comparing: bool
    settled: bool
    """Compared, and nothing to do; a routine look at everything changes nothing about that."""
    pending: int
    unanswered: int
    """Of these, what is only waited for: JATOS may still act on what had no answer."""
    pending_bytes: int
    sending: Mapping[RelPath, int]
    """Uploads under way, with their sizes."""
    verified_s: float | None
    can_list: bool


@dataclass(frozen=True, slots=True)
class Sending:
    """An upload under way; in bytes."""

    path: str
    sent: int
    size: int
    bytes_per_s: int
    left_s: float | None
    """At this rate; None where nothing is known of it."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why nothing goes to JATOS."""

    kind: str
    reason: str
    since: float | None


@dataclass(frozen=True, slots=True)
class HeldPath:
    """One path that waits for a decision."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class HeldPaths:
    """One list that waits for a decision; `kind` as in `HoldKind`."""

    id: str
    kind: str
    reason: str
    at: float
    paths: tuple[HeldPath, ...]


@dataclass(frozen=True, slots=True)
class Remark:
    """What should be known about one file; `topic` as in `Topic`, or `refused`."""

    path: str
    topic: str
    reason: str


@dataclass(frozen=True, slots=True)
class Status:
    """How it stands at one moment. Every field is in the JSON form under its name."""

    state: State
    in_sync: bool
    ended: State | None
    """What it was when jatossync last ended; None while it runs, and before it ever ran."""
    at: float
    """The moment all this is about."""
    since: float
    """When the daemon (or the `sync`) began."""
    server: str
    folder: str
    study: str
    """As configured, until JATOS has told its title."""
    study_id: int | None
    title: str | None
    token_expires_at: float | None
    """None: never, or not known yet."""
    watching: Watching | None
    """None: nobody watches."""
    verified_at: float | None
    """When JATOS was last asked for all it has, and compared."""
    can_list: bool
    """Whether this JATOS can tell what it has (3.8.1 cannot)."""
    files: int
    """That JATOS has acknowledged."""
    pending: int
    unanswered: int
    """Of these, what was sent without an answer and is looked at again soon (core/late.py)."""
    pending_bytes: int
    sending: tuple[Sending, ...]
    paused_since: float | None
    trouble: Trouble | None
    folder_trouble: str | None
    held: tuple[HeldPaths, ...]
    remarks: tuple[Remark, ...]

    @property
    def refused(self) -> list[Remark]:
        """The files JATOS does not take."""
        return self.about("refused")

    def about(self, topic: str) -> list[Remark]:
        """The remarks of one topic."""
        return [remark for remark in self.remarks if remark.topic == topic]

    def to_json(self) -> dict[str, Any]:
        """The documented, stable form."""
        return {"version": VERSION, **asdict(self)}


def from_json(told: Mapping[str, Any]) -> Status:
    """
    The reverse of `to_json`.

    Raises:
        KeyError, TypeError: It is of another version.
    """
    fields = {name: told[name] for name in Status.__dataclass_fields__}
    watching, trouble = told["watching"], told["trouble"]
    return Status(
        **fields
        | {
            "watching": Watching(**watching) if watching else None,
            "trouble": Trouble(**trouble) if trouble else None,
            "sending": tuple(Sending(**each) for each in told["sending"]),
            "held": tuple(
                HeldPaths(**each | {"paths": tuple(HeldPath(**path) for path in each["paths"])})
                for each in told["held"]
            ),
            "remarks": tuple(Remark(**each) for each in told["remarks"]),
        }
    )


def not_running(told: Status, held: Iterable[HeldList], paused_since: float | None) -> Status:
    """`told` when it ended, with what people have decided since."""
    return replace(
        told,
        state="not running",
        in_sync=False,
        ended=told.ended or told.state,
        watching=None,
        sending=(),
        paused_since=paused_since,
        trouble=None,
        held=held_paths(held),
    )


def never_ran(
    server: str, folder: str, study: str, at: float, paused_since: float | None
) -> Status:
    """Of a configuration with which nothing was ever compared."""
    return Status(
        state="not running",
        in_sync=False,
        ended=None,
        at=at,
        since=at,
        server=server,
        folder=folder,
        study=study,
        study_id=None,
        title=None,
        token_expires_at=None,
        watching=None,
        verified_at=None,
        can_list=True,
        files=0,
        pending=0,
        unanswered=0,
        pending_bytes=0,
        sending=(),
        paused_since=paused_since,
        trouble=None,
        folder_trouble=None,
        held=(),
        remarks=(),
    )


@dataclass(frozen=True, slots=True)
class Place:
    """What a status says that the engine does not know."""

    server: str
    folder: str
    study: str
    since: float
    files: int
    paused_since: float | None
    uploads: Mapping[RelPath, Progress]
    """How far each upload under way is."""


class Moments:
    """
    When moments of the engine's clock were, in seconds since 1970: found out once for each.

    Of two clocks that are read one after the other the difference is never twice the same, and the
    engine's stands still while the computer sleeps.
    """

    def __init__(self) -> None:
        self._known: dict[float, float] = {}

    def wall(self, moment_s: float, now_s: float, at: float) -> float:
        """
        When `moment_s` was.

        Args:
            now_s: By the engine's clock.
            at: The same moment in seconds since 1970.
        """
        when = self._known.pop(moment_s, at - (now_s - moment_s))
        self._known[moment_s] = when  # the last, so what nobody asks for any more goes first
        if len(self._known) > MOMENTS:
            del self._known[next(iter(self._known))]
        return when


def status(
    link: Link,
    report: Report,
    work: Work,
    place: Place,
    *,
    wall: Callable[[float], float],
    at: float,
) -> Status:
    """
    How it stands.

    Args:
        wall: When a moment of the engine's clock was, in seconds since 1970.
        at: Now, in these.
    """
    server = link.server
    remarks = _remarks(report)
    held = held_paths(report.held)
    unread = any(remark.topic == Topic.UNKNOWN.value for remark in remarks)
    undone = bool(held) or unread or any(remark.topic == "refused" for remark in remarks)
    in_sync = work.settled and not undone and report.root_trouble is None
    return Status(
        state=_state(link, report, work, place.paused_since is not None, undone),
        in_sync=in_sync,
        ended=None,
        at=at,
        since=place.since,
        server=place.server,
        folder=place.folder,
        study=place.study,
        study_id=server.study_id if server else None,
        title=server.study_title if server else None,
        token_expires_at=(server.token_expires_ms / 1000 or None) if server else None,
        watching=report.watching,
        verified_at=None if work.verified_s is None else wall(work.verified_s),
        can_list=work.can_list,
        files=place.files,
        pending=work.pending,
        unanswered=work.unanswered,
        pending_bytes=work.pending_bytes,
        sending=_sending(work.sending, place.uploads),
        paused_since=place.paused_since,
        trouble=_trouble(link, wall),
        folder_trouble=report.root_trouble,
        held=held,
        remarks=remarks,
    )


def _sending(
    sizes: Mapping[RelPath, int], uploads: Mapping[RelPath, Progress]
) -> tuple[Sending, ...]:
    """What is under way, with how far it is where that is known."""
    return tuple(
        _progress(uploads.get(path) or Progress(path, size, 0, 0.0))
        for path, size in sorted(sizes.items())
    )


def _progress(upload: Progress) -> Sending:
    left_s = None if upload.left_s is None else round(upload.left_s, 1)
    sent = min(upload.sent, upload.size)
    return Sending(upload.path, sent, upload.size, round(upload.bytes_per_s), left_s)


def _state(link: Link, report: Report, work: Work, paused: bool, undone: bool) -> State:
    if report.root_trouble is not None:
        return "folder"
    if isinstance(link.trouble, Stopped):
        return "locked" if link.trouble.stop is Stop.LOCKED else "stopped"
    if link.trouble is not None:
        return "offline"
    if paused:
        return "paused"
    if work.starting:
        return "starting"
    if work.comparing:
        return "comparing"
    if not work.settled:
        return "working"
    return "waiting" if undone else "in sync"


def _trouble(link: Link, wall: Callable[[float], float]) -> Trouble | None:
    if link.trouble is None:
        return None
    since = None if link.trouble_since_s is None else wall(link.trouble_since_s)
    kind = link.trouble.stop.value if isinstance(link.trouble, Stopped) else "offline"
    return Trouble(kind, link.trouble.reason, since)


def _remarks(report: Report) -> tuple[Remark, ...]:
    notes = [Remark(path, note.topic.value, note.why) for path, note in report.notes.items()]
    refused = [Remark(path, "refused", each.reason) for path, each in report.refused.items()]
    return tuple(sorted(notes + refused, key=lambda remark: (remark.topic, remark.path)))


def held_paths(lists: Iterable[HeldList]) -> tuple[HeldPaths, ...]:
    """What waits for a decision, as it is told."""
    return tuple(
        HeldPaths(
            held.id,
            held.kind.value,
            held.reason,
            held.at,
            tuple(HeldPath(path, held.paths[path].why) for path in sorted(held.paths)),
        )
        for held in lists
    )


def one_line(told: Status, clock: Callable[[float], str]) -> str:
    """
    How it stands, in one line: for systemd's STATUS and the head of `jatossync status`.

    Args:
        clock: Shows a time to people, such as `14:03`.
    """
    return "; ".join([_head(told, clock), *_concerns(told)])


_HEADS: Mapping[State, str] = {
    "not running": "not running",
    "starting": "starting, JATOS has not answered yet",
    "comparing": "comparing both sides",
    "folder": "the folder cannot be used, nothing is sent",
    "stopped": "JATOS refuses{since}{waits}",
    "offline": "JATOS is away{since}{waits}",
    "locked": "the study is locked{since}{waits}",
    "paused": "paused since {paused}{waits}",
    "waiting": "not in sync",
}


def _head(told: Status, clock: Callable[[float], str]) -> str:
    if told.state == "in sync":
        return "in sync" + (f", verified {clock(told.verified_at)}" if told.verified_at else "")
    if told.state == "working" and told.pending == told.unanswered > 0:
        return f"{told.pending} sent without an answer, looked at again soon"
    if told.state == "working":
        sending = f", {len(told.sending)} under way" if told.sending else ""
        return f"{told.pending} to go{sending}" if told.pending else "looking at what changed"
    began = told.trouble.since if told.trouble is not None else None
    return _HEADS[told.state].format(
        since=f" since {clock(began)}" if began is not None else "",
        waits=f", {told.pending} to go" if told.pending else "",
        paused=clock(told.paused_since or told.at),
    )


def _concerns(told: Status) -> list[str]:
    """What is not as it should be with single files, counted."""
    held = sum(len(each.paths) for each in told.held)
    counts = {
        "held": held,
        "refused": len(told.refused),
        "unreadable": len(told.about(Topic.UNKNOWN.value)),
    }
    return [f"{count} {what}" for what, count in counts.items() if count]
