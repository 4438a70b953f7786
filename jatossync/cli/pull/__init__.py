"""`jatossync pull`: from JATOS into the folder, a whole study or single files."""

from __future__ import annotations

import click

from jatossync.cli.deeds import Deeds
from jatossync.cli.options import Volume, config_option, json_option, volume_options
from jatossync.cli.paths import Standing
from jatossync.cli.progress import progress
from jatossync.cli.pull import files, study
from jatossync.cli.setup import read_config
from jatossync.cli.telling import View


@click.command("pull")
@config_option
@volume_options
@json_option
@click.argument("what", metavar="[ID|PATH]...", nargs=-1)
def command(config_path: str | None, volume: Volume, as_json: bool, what: tuple[str, ...]) -> int:
    """Take over from JATOS what is there.

    Without arguments: all files of the study, into an empty folder; how you begin on a second
    computer. With PATH, or with the ID of a list that waits for your decision: JATOS's version of
    these files wins, and yours go to the trash.

    \b
    Examples:
      jatossync pull
      jatossync pull index.html
      jatossync pull 7f3a
    """
    config = read_config(config_path)
    standing = Standing(config.folder)
    with progress("pulling", bar=volume != "quiet" and not as_json) as shown:
        deeds = Deeds(shown, View(standing, volume), as_json, "pulled", "removed")
        if what:
            return files.pull(config, what, standing, deeds, shown)
        return study.pull(config, deeds, shown)
