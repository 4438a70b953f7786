"""
The laws of design.md as checks: what must be true at every step, whatever goes wrong.

They are asked where it counts (a request arrives, takes effect, is answered) and after each step.
What they know is the model's own: what stood in the folder, what others did on JATOS.
"""

from __future__ import annotations

import math
import zlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from jatossync.core.actions import Delete, Hash, Hold, HoldKind, Upload
from jatossync.core.jobs import Ask, Job, Provenance, Scan, Stopped
from jatossync.core.model import Seen
from tests.simulation.edges import SMALL
from tests.simulation.folder import Stance, is_hidden_name, is_secret
from tests.simulation.jatos import LISTING, Request, digest

if TYPE_CHECKING:
    from tests.simulation.together import Together
    from tests.simulation.world import World

GAP_S = 0.6
"""So long after the answer to a look its write may begin."""

LISTED_GAP_S = 10.5
"""The same where one listing is the look for a burst."""

COMMITTED_S = 1.0
"""So long after an answer what it led to is on disk."""

LOOKED_AGAIN_S = 100.0
"""The same where names may be one: whoever overwrote another looks at that once more."""

STORM_S = 50.0
WINDOW_S = 600.0
"""Deletes are counted over so long."""

STOOD_S = 30.0
"""What has stood for so long was seen by any look at it."""

UNHEARD_S = 400.0
"""So long until what nobody told of is found by a look at everything: five minutes, and a little
for the look itself."""

OFTEN = 3
"""What goes up more often within a minute goes its own way."""

MOMENT_S = 9.0
"""So long a rule that is gone may come back."""

MOMENT_TO_LOOK_S = 0.1
"""So long after a hint it may not have come to the engine."""

PAUSE_S = AWAY_S = 5.0
"""So long until a pause is noticed, and a folder that is gone."""

LOCK_S = 150.0
"""What is sent so long after the study was locked was sent in spite of it."""


class Violation(AssertionError):  # noqa: N818  (named for what happened)
    """A law is broken."""

    def __init__(self, law: str, what: str) -> None:
        super().__init__(f"{law}: {what}")
        self.law = law


@dataclass
class Known:
    """What the client has last been told of a path."""

    stamp: int
    told_s: float
    listed: bool


@dataclass
class Lies:
    """Who put there what lies on JATOS (or took it away), when, and under which name."""

    path: str
    ours: bool
    stamp: int
    at_s: float


class Laws:
    """The memory of the checks."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.first: Violation | None = None
        self._confirmed: dict[str, set[str]] = defaultdict(set)
        self._likely: dict[str, set[tuple[int, int]]] = defaultdict(set)
        """Size and Adler-32 of what was listed: of large files nobody is told more."""
        self._lies: dict[str, Lies] = {}
        """By what JATOS takes the path for; so are the next two."""
        self._known: dict[str, Known] = {}
        self._listed: defaultdict[int, dict[str, Known]] = defaultdict(dict)
        """What listings that are not answered yet have seen, by their number."""
        self._refused_s: list[float] = []
        self._troubled_s: dict[str, float] = {}
        self.saved_together: list[Together] = []
        self._acknowledged_s: dict[tuple[str, str], float] = {}
        self._agreed: dict[str, Agreed] = {}
        """What JATOS has last said yes to."""
        self._touched_by_others: set[str] = set()
        self.changed_unlisted: set[str] = set()
        """What others changed before a listing had told when ours was stored."""
        self._uploads_s: dict[str, list[float]] = defaultdict(list)
        """When each path was uploaded."""
        self.others_s = -math.inf
        """When others last changed something on JATOS."""
        self.listed_s = -math.inf
        """When the last listing was asked for that was answered."""
        self.approved: set[str] = set()
        """Paths to which a person has said yes, for whatever."""
        self._approved_seen: dict[str, list[Seen | None]] = defaultdict(list)
        """What that person was shown of JATOS."""
        self.hinted: dict[str, tuple[object, int, float]] = {}
        """The last hint of each path: which watcher had it, and when."""
        self.locked_s: float | None = None
        """Since when the study is locked."""
        self._deleted: list[Deleted] = []
        self._started_at: dict[str, int] = {}
        """When a job for a path was last begun, in steps of the world."""
        self._here_then: dict[str, frozenset[str]] = {}
        """What lay under other names here when a delete was last started (digests)."""
        self._held_deletes: dict[str, int] = {}
        """What waited for a person as a delete after the last step, and when that was."""
        self.hidden, self.ruled_s = "", -STOOD_S
        """What `.jatosignore` hides, and since when."""
        self._rule_is_known = False
        """Whether the program surely knows what is hidden."""
        self._unhidden: dict[str, float] = {}
        """When a directory ceased to be hidden, and nothing else was from then on."""
        self._newly_included: dict[str, int] = {}
        """Paths that take part because a rule went away, and when that was."""

    def broken(self, law: str, what: str) -> Violation:
        """Remember it: whoever is asked inside the program might swallow the exception."""
        self.first = self.first or Violation(law, what)
        return self.first

    # What others do on JATOS.

    def others_changed(self, path: str) -> None:
        """Somebody else put or removed a file on JATOS."""
        if any(self.listed_s < at_s for at_s in self._uploads_s[path][-1:]):
            self.changed_unlisted.add(path)
        self._lie(path, ours=False)
        self._touched_by_others.add(self._same(path))
        self.others_s = self._world.scheduler.now_s

    def _lie(self, path: str, *, ours: bool) -> None:
        now_s, same = self._world.scheduler.now_s, self._same(path)
        self._lies[same] = Lies(path, ours, self._world.stamp(), now_s)
        self._agreed.pop(same, None)

    def lies_at(self, path: str) -> Lies | None:
        """Who put there what JATOS has under this name, however it was spelled."""
        return self._lies.get(self._same(path))

    def touched(self, path: str) -> bool:
        """Whether somebody else ever changed it on JATOS."""
        return self._same(path) in self._touched_by_others

    def _same(self, path: str) -> str:
        return self._world.jatos.same(path)

    def spellings(self, path: str) -> Iterable[str]:
        """All paths that ever were here and are the same file for JATOS."""
        if self._world.jatos.exact:
            return (path,)
        here, same = self._world.folder.versions, self._same(path)
        return {path, *(each for each in here if self._same(each) == same)}

    def _rows(self, path: str, rows: dict[str, str]) -> set[str | None]:
        """What the manifest has under a name that JATOS takes for this one."""
        return {rows.get(each) for each in self.spellings(path)}

    def _versions(self, path: str) -> set[str]:
        """Digests of all that ever stood under a name that JATOS takes for this one."""
        versions = self._world.folder.versions
        return set().union(*(versions[each] for each in self.spellings(path)))

    def approves(self, holds: Iterable[Hold]) -> None:
        """A person says yes to these."""
        for hold in holds:
            self.approved.add(hold.path)
            self._approved_seen[hold.path].append(hold.seen)

    def troubled(self, path: str) -> None:
        """A request for this path is refused for no fault of its own."""
        self._troubled_s[path] = self._world.scheduler.now_s

    def known_paths(self) -> Iterable[str]:
        """All paths that ever were anywhere."""
        return {*self._world.folder.versions, *(lies.path for lies in self._lies.values())}

    # What the program does.

    def started(self, job: Job) -> None:
        """The engine wants a job done."""
        engine = self._world.engine
        stopped = engine is not None and isinstance(engine.link.trouble, Stopped)
        if stopped and not isinstance(job, Ask | Scan | Hash | Provenance):
            raise self.broken("L9", f"all is refused, and yet {job}")
        paused_s, now_s = self._world.paused_s, self._world.scheduler.now_s
        if isinstance(job, Upload | Delete) and paused_s is not None and now_s - paused_s > PAUSE_S:
            raise self.broken("L13", f"it is paused, and yet {job}")
        folder = self._world.folder
        if isinstance(job, Upload | Delete) and folder.is_away and now_s - folder.away_s > AWAY_S:
            raise self.broken("L2", f"the folder is away, and yet {job}")
        if isinstance(job, Upload | Delete):
            self._started_at[job.path] = self._world.stamp()
        if isinstance(job, Delete):
            self._here_then[job.path] = self._here(job.path)
            self._may_want_to_delete(job.path)

    def _may_want_to_delete(self, path: str) -> None:
        """Law 2. No look could find missing what has stood here ever since we put it on JATOS."""
        folder, lies = self._world.folder, self.lies_at(path)
        if lies is None or not lies.ours or not folder.stands(path):
            return
        long_ago_s = self._world.scheduler.now_s - STOOD_S
        if folder.changed_s.get(path, 0.0) < lies.at_s < long_ago_s:
            raise self.broken("L2", f"{path} was never missing, and is to be deleted")

    def rules_change(self, directory: str) -> None:
        """`.jatosignore` will hide this directory and no other."""
        now_s, folder = self._world.scheduler.now_s, self._world.folder
        if self._rule_is_known:
            if not directory:
                self._unhidden[self.hidden] = now_s
            for path in folder.files():
                rests = now_s - folder.changed_s[path] > STOOD_S
                if path.startswith(self.hidden + "/") and rests and self.lies_at(path) is None:
                    self._newly_included[path] = self._world.stamp()
        self.hidden, self.ruled_s, self._rule_is_known = directory, now_s, False
        folder.ignored = lambda path: (
            bool(directory)
            and path.startswith(directory + "/")
            and not (folder.stands(directory) or folder.is_below_a_file(directory))
        )

    def arrives(self, asked: Request) -> None:
        """A request has left the program."""
        secret = self._world.jatos.token.token
        shown = asked.target + repr({**asked.headers, "authorization": ""})
        if secret in shown:
            raise self.broken("L12", f"the token is in the request {asked.target}")
        if asked.kind not in ("POST", "DELETE"):
            return
        asked.setup = self._world.setup
        known = self._known.get(asked.path)
        asked.known = replace(known) if known is not None else None
        for other in self._world.jatos.under_way:
            if other.path == asked.path and other.kind in ("POST", "DELETE"):
                raise self.broken("one request per path", asked.path)
        attempted = {(path, verb) for path, verb, _ in self._world.on_disk.attempts()}
        verb = "upload" if asked.kind == "POST" else "delete"
        if (asked.path, verb) not in attempted:
            raise self.broken("L7", f"{verb} of {asked.path} is not on disk as an attempt")
        if asked.kind == "DELETE":
            self._may_delete(asked)

    def _may_delete(self, asked: Request) -> None:
        folder = self._world.folder
        if self._world.setup.deletes == "keep":
            raise self.broken("L3", f"{asked.path} is deleted, and nothing is to be")
        if folder.is_away:
            raise self.broken("L2", f"{asked.path} is deleted while the folder is away")
        stance = folder.stance(asked.path)
        if stance is not Stance.ABSENT and not self._was_gone_before_the_rule(asked.path):
            raise self.broken("L3", f"{asked.path} is deleted, and here it is {stance.value}")
        before = self._world.jatos.at(asked.path)
        if before is not None and asked.path not in self._ever_ours():
            raise self.broken("L3", f"{asked.path} is deleted, and was never ours")
        if asked.path == self._world.setup.page and asked.path not in self.approved:
            raise self.broken("L11", f"{asked.path} is a component's page, and is deleted")
        self._may_go_on(asked.path)

    def _may_go_on(self, path: str) -> None:
        """Law 11. What waits for a person waits until one says yes, or it turns up again."""
        held_at, folder = self._held_deletes.get(path), self._world.folder
        if held_at is None or path in self.approved or folder.changed_at.get(path, 0) > held_at:
            return
        gone = Deleted(path, self._world.scheduler.now_s)
        if not folder.versions[path] & self._uploaded_elsewhere(gone):
            raise self.broken("L11", f"{path} waited for a person, and is deleted")

    def _was_gone_before_the_rule(self, path: str) -> bool:
        """
        Nobody has to know a rule that came a moment ago, or that what it hides is a directory
        again; the file is gone in any case.
        """
        folder = self._world.folder
        hides_s = max(self.ruled_s, folder.made_s.get(self.hidden, -STOOD_S))
        since_s = self._world.scheduler.now_s - hides_s
        return since_s < STOOD_S and folder.ignored(path) and not folder.stands(path)

    def _ever_ours(self) -> set[str]:
        return {path for path, shas in self._confirmed.items() if shas} | {
            path for path, _, _ in self._world.on_disk.attempts()
        }

    def seen(self, asked: Request, path: str, data: bytes | None) -> None:
        """The answer of a look or a listing says what lies under a path now."""
        listed = asked.kind == "LIST"
        told_s = asked.began_s if listed else self._world.scheduler.now_s
        known = self._listed[asked.number] if listed else self._known
        known[path] = Known(self._world.stamp(), told_s, listed)
        if data is None:
            return
        self._confirmed[path].add(digest(data))
        if listed and len(data) > SMALL["SMALL_BYTES"]:
            self._likely[path].add((len(data), zlib.adler32(data)))

    def wrote(self, asked: Request, before: bytes | None) -> None:
        """An upload or a delete took effect."""
        path = asked.path
        self._takes_no_other(asked, before)
        after = self._world.jatos.at(path)
        if asked.kind == "POST":
            assert after is not None
            self._may_lie_there(path, after)
            if before == after and not asked.late:
                self._needless(asked, after)
        if self.locked_s is not None and asked.began_s - self.locked_s > LOCK_S:
            raise self.broken("L9", f"{path} is written although the study is locked")
        if before is not None and before != after:
            self._destroyed(asked, before)
            if after is not None:
                self._wanted(asked, before, after)
            if after is None and not asked.late:
                self._not_too_many(path)
        if not asked.late:  # else all was in order when it was sent
            self._in_order(path, after)
        self._lie(path, ours=True)

    def _takes_no_other(self, asked: Request, before: bytes | None) -> None:
        """Law 3. Of two files that are one for JATOS, none is taken away by the other."""
        lies, folder = self.lies_at(asked.path), self._world.folder
        if asked.late or before is None or lies is None or not lies.ours or lies.path == asked.path:
            return
        if digest(before) == self._world.row(asked.path) != self._world.row(lies.path):
            return  # it was renamed to this, without a request
        stood = folder.changed_at.get(lies.path, 0) < self._started_at[asked.path]
        if stood and folder.stance(lies.path) is Stance.FILE:
            raise self.broken("L3", f"{asked.kind} of {asked.path} takes {lies.path} away")

    def _may_lie_there(self, path: str, data: bytes) -> None:
        if digest(data) not in self._world.folder.versions[path]:
            raise self.broken("L6", f"{path} has bytes it never had here: {data[:60]!r}")
        if is_secret(data) or is_hidden_name(path):
            raise self.broken("L12", f"{path} is published")
        since = self._newly_included.get(path)
        untouched = since is not None and self._world.folder.changed_at.get(path, 0) < since
        if untouched and path not in self.approved:
            raise self.broken("L10", f"{path} is published because a rule changed")
        self._not_just_unhidden(path)
        shas = {sha for each, _, sha in self._world.on_disk.attempts() if each == path}
        if digest(data) not in shas:
            raise self.broken("L7", f"the bytes sent to {path} are not on disk as an attempt")

    def _not_just_unhidden(self, path: str) -> None:
        """Law 10. A rule that is missing for a moment hides all the same."""
        for directory, at_s in self._unhidden.items():
            moment = self._world.scheduler.now_s - at_s < MOMENT_S and path not in self.approved
            if moment and path.startswith(directory + "/"):
                raise self.broken("L10", f"{path} is published while its rule is being written")

    def _not_too_many(self, path: str) -> None:
        """
        Law 11. What is, or soon will be, there under another name was no loss; what was to be
        there is none either, of a delete that was on its way when that file was saved anew.
        """
        now_s, jatos = self._world.scheduler.now_s, self._world.jatos
        folder = self._world.folder
        self._deleted.append(Deleted(path, now_s, self._here_then[path]))
        counted = {
            each.path
            for each in self._deleted
            if now_s - each.at_s < WINDOW_S
            and not (each.path in self.approved or jatos.at(each.path) is not None)
            and not folder.versions[each.path] & self._uploaded_elsewhere(each)
        }
        if len(counted) > self._world.setup.max_files:
            raise self.broken("L11", f"too many deletes: {sorted(counted)}")
        coming = any(folder.stance(each) is Stance.FILE for each in folder.files())
        if path in counted and not coming and not jatos.files():
            raise self.broken("L11", f"{path} was the last one")

    def _uploaded_elsewhere(self, gone: Deleted) -> set[str]:
        uploaded = {sha for path, sha in self._acknowledged_s if path != gone.path}
        return uploaded | self._here(gone.path) | gone.here_then

    def _here(self, but: str) -> frozenset[str]:
        folder = self._world.folder
        here = (path for path in folder.files() if folder.stance(path) is Stance.FILE)
        return frozenset(digest(folder.read(path)) for path in here if path != but)

    def _destroyed(self, asked: Request, before: bytes) -> None:
        """Bytes on JATOS are gone. Were they ours, or kept, or so new that nobody could know?"""
        path = asked.path
        if digest(before) in self._versions(path):
            return
        if self._world.in_trash(before) or self._could_not_know(asked, before):
            return
        raise self.broken(
            "L4", f"{path}: {before[:40]!r} was destroyed by {asked.kind} and not kept"
        )

    def _wanted(self, asked: Request, before: bytes, after: bytes) -> None:
        """Law 11 and the policies: theirs is overwritten only where the user wants that."""
        path, setup = asked.path, asked.setup
        if digest(before) in self._versions(path) or self._could_not_know(asked, before):
            return
        attempted = {sha for each, _, sha in self._world.on_disk.attempts() if each == path}
        drift = self._world.on_disk.rows().get(path) == digest(after)
        if drift and attempted != {digest(after)}:
            return  # more than one version may have been there: nobody can call it drift
        assert setup is not None
        policy = setup.drift if drift else setup.conflict
        if policy == "hold" and not self._said_yes(path, before):
            raise self.broken("L11", f"{path} of somebody else is overwritten; nobody said yes")

    def _said_yes(self, path: str, before: bytes) -> bool:
        """Whether a person said so who was shown these very bytes."""
        return any(
            seen is None or (seen.size == len(before) and seen.sha256 in (None, digest(before)))
            for seen in self._approved_seen[path]
        )

    def _needless(self, asked: Request, data: bytes) -> None:
        """The very same bytes lay there already."""
        if len(data) > SMALL["SMALL_BYTES"] or asked.path == LISTING:
            rows, attempts = self._world.on_disk.rows(), self._world.on_disk.attempts()
            lies = self.lies_at(asked.path)
            others = [sha for path, _, sha in attempts if path == asked.path]
            surely = rows.get(asked.path) == digest(data) and others == [digest(data)]
            if not surely or lies is None or not lies.ours:
                return  # only their size can be looked at
        elif self._could_not_know(asked, data):
            return
        raise self.broken("L8", f"{asked.path} is sent again with the same bytes")

    def _could_not_know(self, asked: Request, before: bytes) -> bool:
        """Whether what was destroyed came in the gap between the look and the write."""
        known, lies = asked.known, self.lies_at(asked.path)
        if len(before) > SMALL["SMALL_BYTES"] and known is not None and not known.listed:
            return True  # of large files only the size is looked at
        if known is None or lies is None:
            return False
        gap_s = LISTED_GAP_S if known.listed else GAP_S
        return known.stamp < lies.stamp and asked.began_s - known.told_s <= gap_s

    def answered(self, asked: Request, status: int, *, cut: bool) -> None:
        """The program has the answer."""
        now_s = self._world.scheduler.now_s
        if asked.kind == "POST" and status < 300 and not cut:
            data = self._world.sent_bytes(asked)
            self._confirmed[asked.path].add(digest(data))
            self._acknowledged_s[asked.path, digest(data)] = now_s
            self._uploads_s[asked.path].append(now_s)
            if asked.acted and self._world.jatos.at(asked.path) == data:
                agreed = Agreed(asked.path, digest(data), now_s, self._world.process)
                self._agreed[self._same(asked.path)] = agreed
        if asked.kind == "LIST":
            if status == 200 and not cut:
                self.listed_s = asked.began_s
            for path, known in self._listed.pop(asked.number, {}).items():
                if path not in self._known or self._known[path].stamp < known.stamp:
                    self._known[path] = known
        if asked.kind in ("GET", "HEAD") and asked.path in self._known:
            self._known[asked.path].told_s = now_s
        if asked.kind not in ("ASK", "LIST") and status == 401:
            self._refused_s = [at_s for at_s in self._refused_s if now_s - at_s < STORM_S]
            self._refused_s.append(now_s)
            if len(self._refused_s) > 2 * self._world.setup.workers + 2:
                raise self.broken("L9", "it goes on asking with a token that is refused")

    def never_rests(self, path: str) -> bool:
        """Whether it went up so often in the last minute that nobody waits for it."""
        since_s = self._world.scheduler.now_s - 60.0
        return sum(at_s > since_s for at_s in self._uploads_s[path]) >= OFTEN

    def _in_order(self, path: str, after: bytes | None) -> None:
        """Law 14, for what was saved together with nothing else going on."""
        for together in self.saved_together:
            together.check(self._world, self._acknowledged_s, self._troubled_s, path, after)

    # After each step.

    def step(self) -> None:
        """What is on disk is true, and enough to begin anew from (laws 5 and 7)."""
        if self.first is not None:
            raise self.first
        rows, attempts = self._world.on_disk.rows(), self._world.on_disk.attempts()
        unproven = self._world.on_disk.unproven()
        for path, sha in rows.items():
            likely = unproven.get(path) in self._likely[path]
            if sha not in self._confirmed[path] and not likely:
                raise self.broken("L5", f"the manifest claims of {path} what JATOS never said")
        self._agreed_to(rows)
        self._held_with_reason()
        self._in_sync()
        self._remember()
        for lies in self._lies.values():
            if lies.ours:
                self._remembered(lies.path, rows, attempts)

    def _agreed_to(self, rows: dict[str, str]) -> None:
        """Law 5. What JATOS has said yes to is in the manifest a moment later."""
        within_s = COMMITTED_S if self._world.jatos.exact else LOOKED_AGAIN_S
        long_ago_s = self._world.scheduler.now_s - within_s
        for agreed in self._agreed.values():
            heard = agreed.process is self._world.process and agreed.at_s < long_ago_s
            if heard and agreed.sha256 not in self._rows(agreed.path, rows):
                raise self.broken(
                    "L5", f"JATOS said yes to {agreed.path}, and the manifest has it not"
                )

    def _held_with_reason(self) -> None:
        """Law 13. Nobody is told of a change on JATOS that nobody made."""
        engine = self._world.engine
        for held in engine.report.held if engine is not None else ():
            alone = {path for path in held.paths if not self.touched(path)}
            if alone and held.kind is HoldKind.DRIFT:
                raise self.broken("L13", f"nobody else touched {sorted(alone)}")

    def _remember(self) -> None:
        """What holds now, to be compared with what happens next."""
        world = self._world
        rests = bool(self.hidden) and world.scheduler.now_s - self.ruled_s > STOOD_S
        self._rule_is_known = self._rule_is_known or (rests and world.is_calm())
        held = world.engine.report.held if world.engine is not None else ()
        self._held_deletes = {
            path: world.stamp()
            for each in held
            if each.kind is HoldKind.DELETES
            for path in each.paths
        }

    def _in_sync(self) -> None:
        """
        Law 13. Nobody says "in sync" while a file is not on JATOS who was told of it, or had the
        time to look at everything.
        """
        world = self._world
        now_s = world.scheduler.now_s
        if not world.said_in_sync:
            return
        for path in world.folder.files():
            if self.touched(path) or not (
                self._is_told(path, now_s) or self._rests_long(path, now_s)
            ):
                continue
            if world.folder.stance(path) is not Stance.FILE or world.cannot_be_there(path):
                continue
            if world.has_twin(path):
                continue  # which of two it has may be known only once it lists again
            if world.jatos.at(path) != world.folder.read(path):
                raise self.broken("L13", f"it says that all is in sync, and {path} is not")
        for asked in world.jatos.late:
            coming = world.sent_bytes(asked) if asked.kind == "POST" else None
            path, there = asked.path, world.jatos.at(asked.path)
            if coming != there and not self.touched(path):
                raise self.broken(
                    "L13", f"it says that all is in sync, and {asked.path} may change"
                )

    def _is_told(self, path: str, now_s: float) -> bool:
        """Whether the program was told of what stands there, and what rules there are was known."""
        watcher, stamp, at_s = self.hinted.get(path, (None, 0, now_s))
        told = watcher is self._world.watcher and stamp > self._world.folder.changed_at[path]
        in_force = at_s > self.ruled_s or now_s - self.ruled_s > STOOD_S
        return told and in_force and now_s - at_s > MOMENT_TO_LOOK_S

    def _rests_long(self, path: str, now_s: float) -> bool:
        """Whether all is as it is for so long that nobody had to tell of it."""
        folder = self._world.folder
        since_s = max(folder.changed_s[path], folder.opened_s, self.ruled_s)
        return now_s - since_s > UNHEARD_S

    def _remembered(
        self, path: str, rows: dict[str, str], attempts: set[tuple[str, str, str]]
    ) -> None:
        data = self._world.jatos.at(path)
        if data is None:
            if path in rows and (path, "delete", "") not in attempts:
                raise self.broken("L7", f"{path} was deleted, and the manifest still has it")
            return
        sent = any((each, "upload", digest(data)) in attempts for each in self.spellings(path))
        if not sent and digest(data) not in self._rows(path, rows):
            raise self.broken(
                "L7", f"{path} lies on JATOS because of us, and nothing on disk says so"
            )


@dataclass(frozen=True)
class Agreed:
    """Bytes to which JATOS said yes."""

    path: str
    sha256: str
    at_s: float
    process: object
    """Which life of the program was told."""


@dataclass(frozen=True)
class Deleted:
    """A file that we removed from JATOS."""

    path: str
    at_s: float
    here_then: frozenset[str] = frozenset()
    """What lay under other names here when it was started (digests)."""
