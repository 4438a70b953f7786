"""`jatossync prune`: remove from JATOS what only JATOS has."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from jatossync.cli.meet import meet, rehearse
from jatossync.cli.paths import Standing
from jatossync.cli.setup import config_option, opened, read_config
from jatossync.cli.words import plural
from jatossync.core.actions import Delete, Keep, Topic
from jatossync.core.jobs import AlreadyThere, Done, Foreign, List, NoListing, Refused
from jatossync.core.model import Content, Listing, Seen
from jatossync.core.paths import RelPath
from jatossync.errors import JatossyncError, Unreachable
from jatossync.jobs import Jobs, Sides
from jatossync.log import escaped, human_size

DIFFERENCES_EXIT_CODE = 2

WHY = "removed from JATOS, which alone had it (prune)"


@click.command("prune")
@config_option
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
def command(config_path: str | None, yes: bool) -> int:
    """Remove from JATOS the files that are not in this folder and never were put there by it.

    They are listed first, and nothing happens without a yes. Copies go to the trash.

    \b
    Example:
      jatossync prune
    """
    config = read_config(config_path)
    with opened(config, alone=False) as sides:
        jobs = Jobs(sides, lambda: False)
        server = meet(sides).server
        jobs.met(server)
        foreign = _foreign(sides, jobs)
        pages = sorted(set(foreign) & server.pages)
        doomed = {path: seen for path, seen in foreign.items() if path not in server.pages}
        standing = Standing(sides.folder.path)
        for path in pages:
            print(f"{escaped(standing.shown(path))} stays: it is the page of a component")
        if not doomed:
            print("JATOS has no other files than this folder.")
            return 0
        for path, seen in sorted(doomed.items()):
            print(f"{escaped(standing.shown(path))}  {human_size(seen.size or 0)}")
        if not (yes or _agreed(len(doomed))):
            return DIFFERENCES_EXIT_CODE
        return _prune(sides, jobs, sorted(doomed), standing)


def _agreed(count: int) -> bool:
    if not sys.stdin.isatty():
        print(f"{plural(count, 'file')}, nothing was removed; `jatossync prune --yes` does it")
        return False
    return click.confirm(f"Remove {plural(count, 'file')} from JATOS? Copies go to the trash.")


def _foreign(sides: Sides, jobs: Jobs) -> dict[RelPath, Seen]:
    """
    What a plan calls foreign and another listing still shows.

    Never another spelling of a file that is here: the plan leaves those out.

    Raises:
        JatossyncError: It cannot be known.
    """
    report = rehearse(sides).report
    if report.root_trouble is not None:
        raise JatossyncError(report.root_trouble)
    listing = jobs.do(List())
    if isinstance(listing, NoListing | Refused):
        raise JatossyncError(f"it cannot be known what only JATOS has: {listing.reason}")
    if not isinstance(listing, Listing):
        raise Unreachable(f"{getattr(listing, 'reason', listing)}")
    return {
        path: listing.files[path]
        for path, note in report.notes.items()
        if note.topic is Topic.FOREIGN and path in listing.files
    }


def _prune(sides: Sides, jobs: Jobs, doomed: Sequence[RelPath], standing: Standing) -> int:
    burst = sides.store.begin([], None)
    removed = 0
    for path in doomed:
        if problem := _remove(path, burst, sides, jobs):
            print(f"{escaped(standing.shown(path))} was not removed: {problem}")
        else:
            removed += 1
    copies = "copies are in the trash (`jatossync trash list`)"
    print(f"{plural(removed, 'file')} removed from JATOS; {copies}")
    return 0 if removed == len(doomed) else 1


def _remove(path: RelPath, burst: int, sides: Sides, jobs: Jobs) -> str | None:
    """Keep one file, then delete it; why that was not possible, if it was not."""
    kept = jobs.do(Keep(path, WHY))
    if not isinstance(kept, Seen):
        return str(getattr(kept, "reason", kept))
    if kept.size is None or kept.sha256 is None or kept.adler32 is None:
        return None  # it is gone already
    content = Content(kept.size, kept.sha256, kept.adler32)
    sides.store.kept(path, content, sides.store.binding().get("study", ""), WHY)
    match jobs.do(Delete(path, frozenset([content]))):
        case Done(seconds=seconds):
            sides.store.deleted(path, burst, seconds, approved=True)
            sides.store.commit()
            return None
        case AlreadyThere():
            return "JATOS has it under another spelling of its name, which is here"
        case Foreign():
            return "somebody changed it a moment ago"
        case other:
            return str(getattr(other, "reason", other))
