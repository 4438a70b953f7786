"""`jatossync trash`: what was kept before it was overwritten or deleted."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

import click

from jatossync.cli import restore
from jatossync.cli.asking import answer
from jatossync.cli.deeds import WAITING, Deeds
from jatossync.cli.options import (
    Volume,
    config_option,
    json_option,
    volume_options,
    yes_option,
)
from jatossync.cli.paths import Standing
from jatossync.cli.progress import progress
from jatossync.cli.saying import agreed, tell_json
from jatossync.cli.setup import places_of, read_config, remembered
from jatossync.cli.telling import View
from jatossync.cli.terminal import fitted
from jatossync.cli.words import plural
from jatossync.config import Config, values
from jatossync.core.model import Kept
from jatossync.errors import NotRunning
from jatossync.jobs import let_go
from jatossync.log import escaped, human_size
from jatossync.state.store import Store
from jatossync.state.trash import Trash


@click.group("trash")
@config_option
def command(config_path: str | None) -> None:
    """See, bring back or let go of what was kept before it was overwritten or deleted.

    \b
    Example:
      jatossync trash list
    """


command.add_command(restore.command)


@command.command("list", short_help="List what is kept.")
@config_option
@json_option
def list_(config_path: str | None, as_json: bool) -> int:
    """List what is kept, the newest last: number, time, size, path, why.

    \b
    Example:
      jatossync trash list
    """
    config = read_config(config_path)
    with remembered(config) as (store, trash):
        kept = [each for each in store.trash_index() if trash.has(each.sha256)]
        used = trash.used_bytes()
    if as_json:
        tell_json([_told(each) for each in kept])
        return 0
    view = View(Standing(config.folder))
    for each in kept:
        click.echo(fitted(_line(each, view), sys.stdout, 34 * " "))
    click.echo(
        f"{plural(len(kept), 'copy', 'copies')}, {human_size(used)}; "
        "`jatossync restore PATH` brings one back"
        if kept
        else "The trash is empty."
    )
    return 0


@command.command("show", short_help="Write kept bytes to standard output.")
@config_option
@click.argument("which", metavar="NUMBER|PATH")
def show(config_path: str | None, which: str) -> int:
    """Write the kept bytes to standard output: of this number, or the newest of this path.

    \b
    Example:
      jatossync trash show index.html | diff - index.html
    """
    config = read_config(config_path)
    with remembered(config) as (store, trash):
        kept = restore.find(store.trash_index(), which, trash, Standing(config.folder))
        for chunk in trash.read(kept.sha256):
            sys.stdout.buffer.write(chunk)
        sys.stdout.buffer.flush()
    return 0


@command.command("empty")
@config_option
@click.option("--older-than", metavar="AGE", help="Only what was kept longer ago, e.g. 7d.")
@yes_option
@volume_options
@json_option
def empty(
    config_path: str | None, older_than: str | None, yes: bool, volume: Volume, as_json: bool
) -> int:
    """Let go of what is kept, for good.

    \b
    Example:
      jatossync trash empty --older-than 7d
    """
    age_s = _age_s(older_than)
    config = read_config(config_path)
    with remembered(config) as (store, trash), progress("", bar=False) as shown:
        deeds = Deeds(shown, View(Standing(config.folder), volume), as_json, "removed", WAITING)
        old = [each for each in store.trash_index() if time.time() - each.at_s >= age_s]
        if not old:
            return deeds.conclude("Nothing to let go of.")
        copies = plural(len(old), "copy", "copies")
        if not (yes or agreed(f"Let go of {copies} for good?", as_json)):
            for each in old:
                deeds.did(WAITING, each.path, each.size, number=each.number)
            nothing = "Nothing was removed; `jatossync trash empty --yes` does it."
            return deeds.unanswered(nothing)
        _let_go(config, store, trash, old)
        for each in old:
            deeds.did("removed", each.path, each.size, number=each.number)
        return deeds.conclude(f"{copies} gone.")


def _let_go(config: Config, store: Store, trash: Trash, old: Sequence[Kept]) -> None:
    """By the daemon that runs, or here where none does."""
    try:
        answer(places_of(config), do="let go", numbers=[each.number for each in old])
    except NotRunning:
        let_go(store, trash, old)


def _age_s(written: str | None) -> float:
    if written is None:
        return 0.0
    try:
        return float(str(values.duration("1ms", "10000d")(written)))
    except ValueError as exc:
        raise click.BadParameter(str(exc), param_hint="--older-than") from exc


def _line(kept: Kept, view: View) -> str:
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(kept.at_s))
    size = human_size(kept.size)
    return f"{kept.number:>5}  {when}  {size:>7}  {view.path(kept.path)}  ({escaped(kept.why)})"


def _told(kept: Kept) -> dict[str, object]:
    return {
        "number": kept.number,
        "path": kept.path,
        "study": kept.study,
        "at": kept.at_s,
        "size": kept.size,
        "sha256": kept.sha256,
        "reason": kept.why,
    }
