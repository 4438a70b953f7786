"""
What is in the study folder: lstat of everything in a scope, hashes of what moved (laws 1 and 2).

The snapshot says of each path what it is; what could not be looked at is UNKNOWN, never missing.
"""

from __future__ import annotations

import errno
import os
import stat
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import groupby

from jatossync.core.actions import Hash
from jatossync.core.ignore import IGNORE_FILE, Rules, RuleSet
from jatossync.core.jobs import Overtaken, RootGone, Scan
from jatossync.core.model import LARGE_BYTES, Entry, Kind, Snapshot
from jatossync.core.paths import ROOT, BadPath, RelPath, below, join, minimal, parents, rel_path
from jatossync.local.cloud import only_in_the_cloud, placeholder_of, stands_for
from jatossync.local.directory import (
    Directory,
    is_plain_directory,
    lstat_or_none,
    special_kind,
    stat_of,
)
from jatossync.local.files import Changed, OpenFile, open_in, why_not
from jatossync.local.git import operations
from jatossync.local.hashing import read_through, still_holds
from jatossync.local.identity import REBIND
from jatossync.local.root import Blocked, StudyFolder
from jatossync.local.rules import RuleBook

OTHER_DISK = f"its disk is not the one that was there. {REBIND}"

_ANOTHER_NOW = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENXIO)
"""What opening a file says where it went, or a directory, symlink or socket took its place."""


@dataclass(slots=True)
class Looked:
    """How far looking at the folder has come; for progress, and for any thread to read."""

    entries: int = 0
    bytes: int = 0
    """That were read."""


class Scanner:
    """Looks at the folder when told to; the only thing it remembers is `.jatosignore`."""

    def __init__(
        self,
        folder: StudyFolder,
        ignore: Sequence[str],
        publish: Sequence[str],
        own_files: Iterable[str],
        clock_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        """
        Args:
            ignore: RuleSet of the configuration.
            publish: What is let out of the quarantine.
            own_files: Config, token file, state directory: never uploaded, wherever they are.
            clock_ns: The wall clock, which file times are compared with.

        Raises:
            ValueError: A pattern is broken; the text names it.
        """
        self._folder = folder
        self._rules = RuleBook(folder, ignore, publish, clock_ns)
        self._own = frozenset(_paths_in(folder.path, own_files))
        self._clock_ns = clock_ns
        self.looked = Looked()
        """By the last scan, and by `hash` since then."""

    def scan(self, job: Scan) -> Snapshot | RootGone:
        """Look at everything in the scope; files over `LARGE_BYTES` are left for `hash`."""
        if trouble := self._folder.trouble():
            return RootGone(trouble)
        try:
            rules = self._rules.read()
        except (Changed, ValueError) as exc:
            why = f"{IGNORE_FILE} cannot be used, so nothing moves: {exc}"
            return RootGone(self._folder.trouble() or why)
        self.looked = Looked()
        entries = _Pass(self._folder, rules, self._own, job, self._clock_ns, self.looked).run()
        if trouble := self._trouble(entries):
            return RootGone(trouble)
        return Snapshot(
            job.scope,
            entries,
            rules.rule_set,
            self._rules.in_doubt,
            operations(self._folder.path),
        )

    def glance(self) -> Mapping[RelPath, Entry] | None:
        """
        All that stands in the folder, by the rules of the last scan, without reading any file.

        For another thread than the one that scans. None: nothing can be concluded now.
        """
        if self._folder.trouble():
            return None
        job = Scan(frozenset([ROOT]), {})
        rules, nobody = self._rules.last, Looked()
        glance = _Pass(self._folder, rules, self._own, job, self._clock_ns, nobody, reads=False)
        entries = glance.run()
        return None if self._trouble(entries) else entries

    def ignores(self, path: RelPath) -> bool:
        """Whether a file at `path` would be ignored by the rules of the last scan."""
        verdict = self._rules.last.verdict(path, is_directory=False)
        return verdict is not None and not verdict.quarantined

    def _trouble(self, entries: Mapping[RelPath, Entry]) -> str | None:
        """Why nothing may be concluded from what was seen; a root not looked into is not empty."""
        top = entries.get(ROOT)
        if top is not None and top.kind is Kind.UNKNOWN:
            return f"the study folder {self._folder.path} cannot be read: {top.reason}"
        return self._folder.trouble()

    def hash(self, job: Hash, stop: Callable[[], bool]) -> Entry | Overtaken:
        """
        Hash one large file; `stop` is asked again and again whether to give up.

        One that is there and cannot be read is UNKNOWN: looking again would end the same.
        """
        if trouble := self._folder.trouble():
            return Overtaken(trouble)
        try:
            rules = self._rules.read()
        except (Changed, ValueError) as exc:
            return Overtaken(str(exc))
        if hidden := _excluded(job.path, False, rules, self._own):
            return hidden
        try:
            with self._folder.open_file(job.path, job.stat) as file:
                entry = _judged(file, job.path, rules, self._clock_ns(), stop)
                self.looked.bytes += file.size
                return entry
        except Changed as exc:
            return Entry(Kind.UNKNOWN, str(exc)) if _unreadable(exc) else Overtaken(str(exc))


@lru_cache(maxsize=16)
def _of_before(rules: Rules, rule_set: RuleSet) -> Rules:
    return rules.of_before(rule_set)


class _Pass:
    """One scan."""

    def __init__(
        self,
        folder: StudyFolder,
        rules: Rules,
        own: frozenset[RelPath],
        job: Scan,
        clock_ns: Callable[[], int],
        looked: Looked,
        *,
        reads: bool = True,
    ) -> None:
        self._folder = folder
        self._reads = reads
        self._rules = rules
        self._before = [
            _of_before(rules, rule_set)
            for rule_set in job.rules_before
            if rule_set != rules.rule_set
        ]
        self._own = own
        self._job = job
        self._clock_ns = clock_ns
        self._looked = looked
        self._displaced = folder.displaced()
        self._entries: dict[RelPath, Entry] = {}

    def run(self) -> dict[RelPath, Entry]:
        self._note_displaced(self._displaced)
        scope = minimal(self._job.scope)
        if ROOT in scope:
            self._whole_folder()
        else:
            by_directory = groupby(sorted(scope, key=_place), key=lambda path: _place(path)[0])
            for parent, paths in by_directory:
                self._some_of(parent, paths)
        self._note_displaced(self._folder.displaced())
        self._note_ignored()
        return self._entries

    def _note_ignored(self) -> None:
        """What is ignored is no less so when it is gone: its copy on JATOS is left (law 10)."""
        for path in {*self._job.known, *self._job.scope} - self._entries.keys() - {ROOT}:
            above = (self._entries.get(up) for up in parents(path))
            if all(entry is None or entry.kind is Kind.DIRECTORY for entry in above):
                hidden = self._excluded(path, is_directory=False)
                if hidden and not hidden.quarantined:
                    self._entries[path] = hidden

    def _note_displaced(self, displaced: Iterable[RelPath]) -> None:
        for path in displaced:
            self._entries[path] = Entry(Kind.UNKNOWN, OTHER_DISK)

    def _whole_folder(self) -> None:
        top = self._way_to(ROOT)
        if top:
            self._walk(top, ROOT)

    def _some_of(self, parent: RelPath, paths: Iterable[RelPath]) -> None:
        """Look at these paths of one directory and at all below them."""
        if any(below(parent, top) for top in self._displaced):
            return
        if parent != ROOT and (hidden := self._excluded(parent, is_directory=True)):
            self._entries[parent] = hidden
            return
        directory = self._way_to(parent)
        if directory:
            with closing(directory):
                for path in paths:
                    if self._one(directory, path):
                        self._enter(directory, path)

    def _way_to(self, path: RelPath) -> Directory | None:
        try:
            return self._folder.directory(path)
        except Blocked as block:
            self._note_block(block)
            return None

    def _note_block(self, block: Blocked) -> None:
        if block.missing:
            return
        if block.found is None:
            self._entries[block.at] = Entry(Kind.UNKNOWN, block.reason)
        elif stat.S_ISREG(block.found.st_mode):
            self._some_of(_place(block.at)[0], [block.at])  # it is what makes the rest absent
        else:
            self._entries[block.at] = Entry(Kind.SPECIAL, block.reason)

    def _one(self, directory: Directory, path: RelPath) -> bool:
        """Look at one path; whether it is a directory to walk."""
        name = _place(path)[1]
        try:
            found = lstat_or_none(directory, name)
            placeholder = None if found else placeholder_of(directory, name)
        except OSError as exc:
            self._entries[path] = Entry(Kind.UNKNOWN, why_not(exc))
            return False
        if placeholder:
            self._entries[path] = Entry(Kind.UNKNOWN, _in_the_cloud(placeholder))
        return found is not None and self._record(directory, name, path, found)

    def _enter(self, directory: Directory, path: RelPath) -> None:
        child = self._opened(directory, path)
        if child:
            self._walk(child, path)

    def _opened(self, directory: Directory, path: RelPath) -> Directory | None:
        try:
            return directory.enter(_place(path)[1])
        except FileNotFoundError:
            del self._entries[path]
        except OSError as exc:
            self._entries[path] = Entry(Kind.UNKNOWN, why_not(exc))
        return None

    def _walk(self, top: Directory, path: RelPath) -> None:
        """Look at everything below an open directory, and close it."""
        trail = [(top, self._children(top, path))]
        try:
            while trail:
                directory, waiting = trail[-1]
                if not waiting:
                    directory.close()
                    trail.pop()
                    continue
                child_path = waiting.pop()
                child = self._opened(directory, child_path)
                if child:
                    trail.append((child, self._children(child, child_path)))
        finally:
            for directory, _ in trail:
                directory.close()

    def _children(self, directory: Directory, path: RelPath) -> list[RelPath]:
        """Look at all children; those that are directories to walk."""
        try:
            children = directory.children()
        except FileNotFoundError:
            self._entries.pop(path, None)
            return []
        except OSError as exc:
            self._entries[path] = Entry(Kind.UNKNOWN, why_not(exc))
            return []
        names = {name for name, _ in children}
        nameless = []
        inner = []
        for name, found in children:
            if not _is_utf8(name):
                nameless.append(name)
                continue
            child = join(path, name)
            if self._record(directory, name, child, found):
                inner.append(child)
            original = stands_for(name)
            if original and original not in names:
                self._entries[join(path, original)] = Entry(Kind.UNKNOWN, _in_the_cloud(name))
        if nameless:
            self._entries[path] = Entry(Kind.DIRECTORY, _not_utf8(nameless))
        return inner

    def _record(
        self, directory: Directory, name: str, path: RelPath, found: os.stat_result | OSError
    ) -> bool:
        """Note what stands at a path; whether it is a directory to walk."""
        if path in self._entries:
            return False  # on a displaced disk
        entry = self._entry(directory, name, path, found)
        self._looked.entries += 1
        if entry:
            self._entries[path] = entry
        return entry is not None and entry.kind is Kind.DIRECTORY

    def _entry(
        self, directory: Directory, name: str, path: RelPath, found: os.stat_result | OSError
    ) -> Entry | None:
        if isinstance(found, OSError):
            return Entry(Kind.UNKNOWN, why_not(found))
        is_directory = is_plain_directory(found)
        if hidden := self._excluded(path, is_directory):
            return hidden
        if is_directory:
            return Entry(Kind.DIRECTORY)
        if not stat.S_ISREG(found.st_mode):
            return Entry(Kind.SPECIAL, special_kind(found))
        if stands_for(name):
            return Entry(Kind.EXCLUDED, "it only stands for a file that is in the cloud")
        entry = self._file(directory, name, path, found)
        return replace(entry, was_ignored=True) if entry and self._was_ignored(path) else entry

    def _was_ignored(self, path: RelPath) -> bool:
        return any(rules.verdict(path, is_directory=False) for rules in self._before)

    def _excluded(self, path: RelPath, is_directory: bool) -> Entry | None:
        return _excluded(path, is_directory, self._rules, self._own)

    def _file(
        self, directory: Directory, name: str, path: RelPath, found: os.stat_result
    ) -> Entry | None:
        """The entry of a plain file, hashed where it moved; None where it vanished meanwhile."""
        reason = ""
        for _ in range(2):
            seen = stat_of(found)
            if seen.size == 0:
                return Entry(Kind.EMPTY, stat=seen)
            row = self._job.known.get(path)
            if row and still_holds(row, seen):
                return Entry(
                    Kind.FILE, stat=seen, content=row.content, hashed_at_ns=row.hashed_at_ns
                )
            if only_in_the_cloud(found):
                return Entry(Kind.UNKNOWN, "its bytes are only in the cloud")
            if seen.size > LARGE_BYTES or not self._reads:
                return Entry(Kind.FILE, stat=seen)
            try:
                with open_in(directory, name, seen) as file:
                    entry = _judged(file, path, self._rules, self._clock_ns(), lambda: False)
                    self._looked.bytes += seen.size
                    return entry
            except Changed as changed:
                reason = changed.reason
            try:
                again = lstat_or_none(directory, name)
            except OSError as exc:
                return Entry(Kind.UNKNOWN, why_not(exc))
            if again is None:
                return None
            found = again
        return Entry(Kind.UNKNOWN, reason)


def _excluded(
    path: RelPath, is_directory: bool, rules: Rules, own: frozenset[RelPath]
) -> Entry | None:
    """The entry of a path that takes no part, whatever stands there."""
    verdict = rules.verdict(path, is_directory)
    if verdict is not None and not verdict.quarantined:
        return Entry(Kind.EXCLUDED, verdict.reason)
    if own and any(below(path, mine) for mine in own):
        return Entry(Kind.EXCLUDED, "jatossync's own file", quarantined=True)
    return Entry(Kind.EXCLUDED, verdict.reason, quarantined=True) if verdict else None


def _unreadable(changed: Changed) -> bool:
    """Whether the system would not give the file, and not because it is another one now."""
    cause = changed.__cause__
    if isinstance(cause, Blocked):
        cause = cause.__cause__
    return isinstance(cause, OSError) and cause.errno not in _ANOTHER_NOW


def _judged(
    file: OpenFile, path: RelPath, rules: Rules, now_ns: int, stop: Callable[[], bool]
) -> Entry:
    """The entry of an open file, by its bytes."""
    reading = read_through(file, stop)
    if reading.has_token:
        reason = "a JATOS token is in it: whoever has that can change your studies"
        return Entry(Kind.EXCLUDED, reason, stat=file.stat, quarantined=True)
    if reading.is_key and not rules.publishes(path):
        reason = "it is a private key; `publish:` lets it through"
        return Entry(Kind.EXCLUDED, reason, stat=file.stat, quarantined=True)
    return Entry(Kind.FILE, stat=file.stat, content=reading.content, hashed_at_ns=now_ns)


def _place(path: RelPath) -> tuple[RelPath, str]:
    parent, _, name = path.rpartition("/")
    return RelPath(parent), name


def _paths_in(folder: str, files: Iterable[str]) -> Iterable[RelPath]:
    top = folder.rstrip(os.sep) + os.sep
    for file in files:
        real = os.path.realpath(file)
        if real.startswith(top):
            try:
                yield rel_path(os.fsencode(real[len(top) :].replace(os.sep, "/")))
            except BadPath:
                continue  # never uploaded anyway


def _is_utf8(name: str) -> bool:
    if name.isascii():
        return True
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _not_utf8(names: list[str]) -> str:
    """
    A remark for the directory's own entry.

    Such a name gets no entry: any spelling of it could be the name of another file.
    """
    shown = sorted(name.encode("utf-8", "surrogateescape") for name in names)[:3]
    listed = ", ".join(name.decode("utf-8", "backslashreplace") for name in shown)
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"left out, for the names are not valid UTF-8: {listed}{more}"


def _in_the_cloud(placeholder: str) -> str:
    return f"it is only in the cloud: {placeholder} stands for it"
