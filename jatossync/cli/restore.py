"""`jatossync restore`: a kept file back into the study folder, and so onto JATOS."""

from __future__ import annotations

from collections.abc import Sequence

import click

from jatossync.cli.bring import Bringer, NotDone
from jatossync.cli.paths import Standing
from jatossync.cli.setup import config_option, read_config, remembered
from jatossync.config import Config
from jatossync.core.model import Kept
from jatossync.local.root import StudyFolder
from jatossync.log import escaped
from jatossync.state.trash import Trash


@click.command("restore")
@config_option
@click.argument("which", metavar="PATH|NUMBER")
def command(config_path: str | None, which: str) -> int:
    """Put a kept file into the study folder again; from there it goes up to JATOS.

    PATH brings back the newest copy of that file, NUMBER the one of `jatossync trash list`. What
    stands in its place now is kept in the trash first.

    \b
    Example:
      jatossync restore index.html
    """
    return bring_back(read_config(config_path), which)


def bring_back(config: Config, which: str) -> int:
    """Put one kept file into the folder; the exit code."""
    with remembered(config) as (store, trash), StudyFolder.open(config.folder) as folder:
        standing = Standing(folder.path)
        kept = find(store.trash_index(), which, trash, standing)
        bringer = Bringer(folder, store, trash, f"replaced here by copy {kept.number} (restore)")
        bringer.bring(kept.path, trash.read(kept.sha256))
        print(f"{escaped(standing.shown(kept.path))} is back; `run` or `sync` uploads it")
    return 0


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
