"""`jatossync pull`: from JATOS into the folder, a whole study or single files."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass

import click

from jatossync.cli.bring import Bringer, NotDone, Passing
from jatossync.cli.meet import meet
from jatossync.cli.paths import Standing
from jatossync.cli.progress import Amount, progress
from jatossync.cli.setup import config_option, opened, read_config
from jatossync.cli.words import plural
from jatossync.core.holds import chosen_list
from jatossync.core.jobs import Scan, Unavailable
from jatossync.core.model import Content, Entry, Kind, Listing, Row, Seen, Snapshot, Stat
from jatossync.core.paths import ROOT, RelPath
from jatossync.errors import ConfigError, JatossyncError, Unreachable
from jatossync.jobs import Sides
from jatossync.local.arrivals import NotPut, put
from jatossync.log import escaped, human_size
from jatossync.remote.client import Assets

TRIES = 3
"""So often a file is asked for while nobody answers."""

TRY_AGAIN_S = 1.0


@click.command("pull")
@config_option
@click.argument("what", metavar="[PATH|LIST]...", nargs=-1)
def command(config_path: str | None, what: tuple[str, ...]) -> int:
    """Take over from JATOS what is there.

    Without arguments: all files of the study, into an empty folder; how you begin on a second
    computer. With PATH, or with the id of a list that waits for your decision: JATOS's version of
    these files wins, and yours go to the trash.

    \b
    Examples:
      jatossync pull
      jatossync pull index.html
      jatossync pull 7f3a
    """
    config = read_config(config_path)
    with opened(config, alone=not what) as sides:
        assets = meet(sides)
        return _pull_these(sides, assets, what) if what else _pull_all(sides, assets)


# --- single files ---------------------------------------------------------------------------------


def _pull_these(sides: Sides, assets: Assets, what: Sequence[str]) -> int:
    """Theirs wins, ours is kept. A running daemon sees the files change, and agrees."""
    bringer = Bringer(sides.folder, sides.store, sides.trash, "replaced by JATOS's version (pull)")
    standing = Standing(sides.folder.path)
    failed = 0
    for path in dict.fromkeys(_meant(sides, what, standing)):
        try:
            print(_pulled(path, escaped(standing.shown(path)), sides, assets, bringer))
        except NotDone as exc:
            failed += 1
            print(exc.message)
    return 1 if failed else 0


def _meant(sides: Sides, what: Iterable[str], standing: Standing) -> Iterator[RelPath]:
    """The paths that are named, or in a list that is."""
    lists = sides.store.holds.lists()
    for each in what:
        listed = chosen_list(lists, each)
        yield from (hold.path for hold in listed) if listed else (standing.file(each),)


def _pulled(path: RelPath, shown: str, sides: Sides, assets: Assets, bringer: Bringer) -> str:
    """Bring in one file; what to say about it."""
    found = assets.fetch(path, lambda chunks: bringer.bring(path, chunks))
    if not isinstance(found, Seen):
        raise NotDone(f"{shown} was not pulled: {found.reason}")
    if found.size is not None:
        return f"pulled    {shown}  {human_size(found.size)}"
    if not sides.store.known(path):
        raise NotDone(f"{shown} was not pulled: JATOS has no such file")
    bringer.take_away(path)
    return f"removed   {shown}, as on JATOS; yours is in the trash"


# --- the whole study ------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Arrived:
    """A file that was downloaded."""

    content: Content
    stat: Stat
    at_ns: int


def _pull_all(sides: Sides, assets: Assets) -> int:
    """Download all that the folder does not have yet, and adopt it."""
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
    problems, count = _download(sides, assets, wanted)
    for problem in problems:
        print(problem)
    print(f"{plural(count, 'file')} pulled into {escaped(sides.folder.path)}")
    if problems:
        print("Run it again for what is missing; nothing that is here is touched.")
    return 1 if problems else 0


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


def _download(sides: Sides, assets: Assets, wanted: dict[RelPath, Seen]) -> tuple[list[str], int]:
    """Fetch these files side by side; what went wrong, and how many arrived."""
    problems: list[str] = []
    done = Amount(0, len(wanted), 0, sum(seen.size or 0 for seen in wanted.values()))
    pool = ThreadPoolExecutor(sides.config.upload.workers)
    with progress("pulling") as shown:
        try:
            jobs = {pool.submit(_fetch, sides, assets, *file): file[0] for file in wanted.items()}
            for job in as_completed(jobs):
                path, arrived = jobs[job], job.result()
                if isinstance(arrived, str):
                    problems.append(f"{escaped(path)} was not pulled: {arrived}")
                    continue
                remote_ms = wanted[path].modified_ms
                row = Row(path, arrived.content, arrived.stat, arrived.at_ns, remote_ms=remote_ms)
                sides.store.adopted(row)
                size = done.bytes + row.content.size
                done = Amount(done.files + 1, done.of_files, size, done.of_bytes)
                shown.show(done)
        finally:
            pool.shutdown(cancel_futures=True)
            sides.store.commit()
    return sorted(problems), done.files


def _fetch(sides: Sides, assets: Assets, path: RelPath, seen: Seen) -> _Arrived | str:
    """Download one file; text says why it was not possible."""
    for _ in range(TRIES):
        stats: list[Stat] = []
        at_ns = time.time_ns()

        def store(chunks: Iterator[bytes], stats: list[Stat] = stats) -> Content:
            passing = Passing(chunks, as_listed=seen)
            stats.append(put(sides.folder, path, passing, None))
            return passing.content

        try:
            found = assets.fetch(path, store)
        except NotPut as exc:
            return str(exc)
        if not isinstance(found, Unavailable):
            break
        time.sleep(TRY_AGAIN_S)
    if not isinstance(found, Seen):
        return found.reason
    if found.size is None or found.sha256 is None or found.adler32 is None:
        return "it is gone from JATOS"
    return _Arrived(Content(found.size, found.sha256, found.adler32), stats[-1], at_ns)
