"""A whole study, into an empty folder."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass

from jatossync.cli.deeds import Deeds
from jatossync.cli.meet import meet
from jatossync.cli.progress import Progress, Tally
from jatossync.cli.setup import opened
from jatossync.cli.words import SHOWN, plural
from jatossync.config import Config
from jatossync.core.jobs import Scan, Unavailable
from jatossync.core.model import Content, Entry, Kind, Listing, Row, Seen, Snapshot, Stat
from jatossync.core.passing import Passing
from jatossync.core.paths import ROOT, RelPath
from jatossync.errors import ConfigError, JatossyncError, Unreachable
from jatossync.jobs import Sides
from jatossync.local.arrivals import NotPut, put, sweep
from jatossync.log import escaped
from jatossync.remote.client import Assets

TRIES = 3
"""So often a file is asked for while nobody answers."""

TRY_AGAIN_S = 1.0

COMMIT_S = 1.0
"""So long what has arrived may be known to nobody else."""


def pull(config: Config, deeds: Deeds, shown: Progress) -> int:
    """Download all that the folder does not have yet, and adopt it."""
    with opened(config, alone=True) as sides:
        assets = meet(sides)
        listing = assets.listing()
        if isinstance(listing, Unavailable):
            raise Unreachable(listing.reason)
        if not isinstance(listing, Listing):
            raise JatossyncError(
                f"the study cannot be pulled as a whole: {listing.reason}",
                "Single files can: `jatossync pull PATH`; or export the study in JATOS.",
            )
        here = _only_what_was_pulled(sides, listing)
        wanted = {path: seen for path, seen in listing.files.items() if here.at(path) is None}
        # A hook in .git, or a configuration, would be carried out here: anybody's who may upload.
        ignored = [path for path in wanted if sides.scanner.ignores(path)]
        for path in ignored:
            del wanted[path]
        sweep(sides.folder, wanted)
        _download(sides, assets, wanted, deeds, shown)
    count = plural(deeds.count("pulled"), "file")
    again = "Run it again for what is missing; nothing that is here is touched."
    return deeds.conclude(
        f"{count} pulled into {escaped(config.folder)}.",
        *([_left_out(ignored)] if ignored else []),
        *([again] if deeds.count("failed") else []),
    )


def _left_out(ignored: list[RelPath]) -> str:
    some = ", ".join(escaped(path) for path in ignored[:SHOWN])
    more = f" and {len(ignored) - SHOWN} more" if len(ignored) > SHOWN else ""
    return f"Left on JATOS, for they are ignored here: {some}{more}."


@dataclass(frozen=True)
class _Arrived:
    """A file that was downloaded."""

    content: Content
    stat: Stat
    at_ns: int


def _only_what_was_pulled(sides: Sides, listing: Listing) -> Snapshot:
    """
    What is in the folder: nothing, or what an interrupted pull has left.

    Also one that was killed: what it brought is not in the state, but as it is on JATOS.

    Raises:
        ConfigError: Something else is in it, or it cannot be used.
    """
    rows = sides.store.rows([ROOT])
    found = sides.scanner.scan(Scan(frozenset([ROOT]), rows))
    if not isinstance(found, Snapshot):
        raise ConfigError(found.reason)
    files = (Kind.FILE, Kind.EMPTY)
    for path, entry in found.entries.items():
        known = path in rows or _is_as_listed(entry, listing.files.get(path))
        if entry.kind in files and not known:
            raise ConfigError(
                f"the folder {sides.folder.path} is not empty: it has {escaped(path)}",
                "Pull into an empty folder. To bring together what is in both, use `jatossync "
                "plan` and `jatossync sync`; for single files `jatossync pull PATH`.",
            )
    return found


def _is_as_listed(entry: Entry, seen: Seen | None) -> bool:
    """As far as can be told without reading a large file."""
    if seen is None or entry.stat is None or entry.stat.size != seen.size:
        return False
    return entry.content is None or entry.content.adler32 == seen.adler32


def _download(
    sides: Sides, assets: Assets, wanted: dict[RelPath, Seen], deeds: Deeds, shown: Progress
) -> None:
    """Fetch these files side by side. An interrupt ends it soon; what has arrived stays known."""
    tally = Tally(shown, len(wanted), sum(seen.size or 0 for seen in wanted.values()))
    fetcher = _Fetcher(sides, assets, tally)
    pool = ThreadPoolExecutor(sides.config.upload.workers)
    committed_s = time.monotonic()
    try:
        jobs = {pool.submit(fetcher.fetch, *file): file[0] for file in wanted.items()}
        for job in as_completed(jobs):
            path, arrived = jobs[job], job.result()
            if isinstance(arrived, str):
                deeds.failed(path, arrived)
            else:
                remote_ms = wanted[path].modified_ms
                row = Row(path, arrived.content, arrived.stat, arrived.at_ns, remote_ms=remote_ms)
                sides.store.adopted(row)
                deeds.did("pulled", path, row.content.size, sha256=row.content.sha256)
            tally.done()
            if time.monotonic() - committed_s > COMMIT_S:  # others wait for the state
                sides.store.commit()
                committed_s = time.monotonic()
    finally:
        fetcher.stop.set()
        pool.shutdown(cancel_futures=True)
        sides.store.commit()


class _Fetcher:
    """Downloads files, each in the thread that calls."""

    def __init__(self, sides: Sides, assets: Assets, tally: Tally) -> None:
        self.stop = threading.Event()
        self._sides = sides
        self._assets = assets
        self._tally = tally

    def fetch(self, path: RelPath, seen: Seen) -> _Arrived | str:
        """Download one file; text says why it was not possible."""
        for _ in range(TRIES):
            stats: list[Stat] = []
            at_ns = time.time_ns()

            def store(chunks: Iterator[bytes], stats: list[Stat] = stats) -> Content:
                passing = Passing(self._tally.passing(chunks))
                stats.append(put(self._sides.folder, path, self._checked(passing, seen), None))
                return passing.content

            try:
                found = self._assets.fetch(path, store)
            except NotPut as exc:
                return str(exc)
            if not isinstance(found, Unavailable) or self.stop.wait(TRY_AGAIN_S):
                break
        if not isinstance(found, Seen):
            return found.reason
        if found.size is None or found.sha256 is None or found.adler32 is None:
            return "it is gone from JATOS"
        return _Arrived(Content(found.size, found.sha256, found.adler32), stats[-1], at_ns)

    def _checked(self, passing: Passing, listed: Seen) -> Iterable[bytes]:
        """The bytes, if they are what was listed in the end."""
        for chunk in passing:
            if self.stop.is_set():
                raise NotPut("it was interrupted")
            yield chunk
        size, _, adler32 = passing.content
        if size != listed.size or listed.adler32 not in (None, adler32):
            raise NotPut("it changed on JATOS meanwhile")
