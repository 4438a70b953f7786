"""`jatossync restore`: kept files back into the study folder, and so onto JATOS."""

from __future__ import annotations

from collections.abc import Sequence

import click

from jatossync.cli.asking import START_IT, runs
from jatossync.cli.bring import Bringer, NotDone, by_daemon, by_us
from jatossync.cli.deeds import Deeds
from jatossync.cli.options import Volume, config_option, json_option, volume_options
from jatossync.cli.paths import Standing
from jatossync.cli.progress import Tally, progress
from jatossync.cli.setup import places_of, read_config, remembered
from jatossync.cli.telling import View
from jatossync.core.model import Kept
from jatossync.local.root import StudyFolder
from jatossync.log import escaped
from jatossync.state.trash import Trash

WHY = "replaced here by a copy from the trash (restore)"


@click.command("restore", short_help="Bring files back, as `jatossync restore` does.")
@config_option
@volume_options
@json_option
@click.argument("which", metavar="NUMBER|PATH...", nargs=-1, required=True)
def command(config_path: str | None, volume: Volume, as_json: bool, which: tuple[str, ...]) -> int:
    """Put kept files into the study folder again; from there they go up to JATOS.

    PATH brings back the newest copy of that file, NUMBER the one of `jatossync trash list`. What
    stands in its place now is kept in the trash first.

    \b
    Examples:
      jatossync restore index.html
      jatossync restore 12 13
    """
    config = read_config(config_path)
    where = places_of(config)
    with (
        remembered(config) as (store, trash),
        StudyFolder.open(config.folder) as folder,
        progress("restoring", bar=volume != "quiet" and not as_json) as shown,
    ):
        standing = Standing(folder.path)
        running = runs(where)
        aside = by_daemon(where, WHY) if running else by_us(folder, store, trash, WHY)
        bringer = Bringer(folder, aside)
        index = store.trash_index()
        meant = [find(index, each, trash, standing) for each in which]
        bringer.sweep([kept.path for kept in meant])
        deeds = Deeds(shown, View(standing, volume), as_json, "restored")
        tally = Tally(shown, len(meant), sum(kept.size for kept in meant))
        for kept in meant:
            try:
                bringer.bring(kept.path, tally.passing(trash.read(kept.sha256)))
                more = {"number": kept.number, "sha256": kept.sha256}
                deeds.did("restored", kept.path, kept.size, **more)
            except NotDone as exc:
                deeds.failed(kept.path, exc.message)
            tally.done()
        when = "now." if running else f"with the next start.\n  → {START_IT}"
        then = [f"JATOS gets it {when}"] if deeds.count("restored") else []
        return deeds.conclude(*then)


def find(index: Sequence[Kept], which: str, trash: Trash, standing: Standing) -> Kept:
    """
    The kept copy that a person means by a number or a path.

    Raises:
        NotDone: There is none.
    """
    by_number = [each for each in index if str(each.number) == which]
    by_path = [each for each in index if each.path == standing.meant(which)]
    for kept in reversed(by_path or by_number):  # a file may have a number for its name
        if trash.has(kept.sha256):
            return kept
    raise NotDone(
        f"the trash has no copy of {escaped(which)}",
        "`jatossync trash list` shows what it has, with numbers and paths.",
    )
