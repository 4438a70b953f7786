"""`jatossync prune`: remove from JATOS what only JATOS has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import click

from jatossync.cli.asking import answer, runs
from jatossync.cli.bring import SILENCE_S
from jatossync.cli.deeds import WAITING, Deeds
from jatossync.cli.meet import meet, rehearse
from jatossync.cli.options import (
    Volume,
    config_option,
    json_option,
    volume_options,
    yes_option,
)
from jatossync.cli.paths import Standing
from jatossync.cli.progress import Progress, Tally, progress
from jatossync.cli.saying import agreed
from jatossync.cli.setup import opened, places_of, read_config
from jatossync.cli.telling import View
from jatossync.cli.words import plural
from jatossync.core.actions import Topic
from jatossync.core.jobs import List, NoListing, Refused, Stopped
from jatossync.core.model import Listing, Seen
from jatossync.core.paths import RelPath
from jatossync.errands import remove, run
from jatossync.errors import JatossyncError, Locked, Unreachable
from jatossync.jobs import Jobs, Sides

WHY = "removed from JATOS, which alone had it (prune)"


@click.command("prune")
@config_option
@yes_option
@volume_options
@json_option
def command(config_path: str | None, yes: bool, volume: Volume, as_json: bool) -> int:
    """Remove from JATOS the files that are not in this folder and never were put there by it.

    They are listed first, and nothing happens without a yes. Copies go to the trash.

    \b
    Example:
      jatossync prune
    """
    config = read_config(config_path)
    drawn = volume != "quiet" and not as_json
    with opened(config, alone=False) as sides:
        jobs = Jobs(sides, lambda: False)
        server = meet(sides).server
        jobs.met(server)
        with progress("comparing", bar=drawn) as shown:
            foreign = _foreign(sides, jobs, shown)
        with progress("pruning", bar=drawn and yes) as shown:  # no bar below a question
            view = View(Standing(sides.folder.path), volume)
            deeds = Deeds(shown, view, as_json, "removed", WAITING, "stays")
            for path in sorted(set(foreign) & server.pages):
                why = "it is the page of a component"
                deeds.did("stays", path, foreign.pop(path).size, reason=why)
            if not foreign:
                return deeds.conclude("JATOS has no other files than this folder.")
            if not (yes or _agreed(foreign, deeds, as_json)):
                nothing = "Nothing was removed; `jatossync prune --yes` does it."
                return deeds.unanswered(nothing)
            _prune(sides, jobs, sorted(foreign), deeds, Tally(shown, len(foreign)))
            removed = deeds.count("removed")
            trash = "; copies are in the trash (`jatossync trash list`)" if removed else ""
            return deeds.conclude(f"{plural(removed, 'file')} removed from JATOS{trash}.")


def _agreed(doomed: Mapping[RelPath, Seen], deeds: Deeds, as_json: bool) -> bool:
    for path, seen in sorted(doomed.items()):
        deeds.did(WAITING, path, seen.size)
    files = plural(len(doomed), "file")
    return agreed(f"Remove {files} from JATOS? Copies go to the trash.", as_json)


def _foreign(sides: Sides, jobs: Jobs, shown: Progress) -> dict[RelPath, Seen]:
    """
    What a plan calls foreign and another listing still shows.

    Never another spelling of a file that is here: the plan leaves those out.

    Raises:
        JatossyncError: It cannot be known.
    """
    engine = rehearse(sides, shown).engine
    report = engine.report
    if report.root_trouble is not None:
        raise JatossyncError(report.root_trouble)
    if isinstance(engine.link.trouble, Stopped):  # an empty report then means: nobody looked
        raise Locked(
            f"it was not compared what only JATOS has: {engine.link.trouble.reason}",
            "Nothing was removed. Unlock the study in JATOS, and try again.",
        )
    listing = jobs.do(List())
    if isinstance(listing, NoListing | Refused):
        raise JatossyncError(
            f"it cannot be known what only JATOS has: {listing.reason}",
            "Nothing was removed. What you know to be superfluous can be removed on the server "
            "itself; a JATOS from 3.8.2 on can list.",
        )
    if not isinstance(listing, Listing):
        raise Unreachable(f"{getattr(listing, 'reason', listing)}")
    return {
        path: listing.files[path]
        for path, note in report.notes.items()
        if note.topic is Topic.FOREIGN and path in listing.files
    }


def _prune(sides: Sides, jobs: Jobs, doomed: Iterable[RelPath], deeds: Deeds, tally: Tally) -> None:
    """The daemon that runs does it, with its own state; or we, where none runs."""
    where = places_of(sides.config)
    running = runs(where)
    for path in doomed:
        if running:
            told = answer(where, silence_s=SILENCE_S, do="remove", path=path, why=WHY)
        else:
            told = run(remove(sides.store, path, WHY), jobs.do)
        if "fault" in told:
            deeds.failed(path, told["fault"])
        else:
            deeds.did("removed", path, told["size"])
        tally.done()
