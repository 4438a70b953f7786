"""`jatossync trash`: what was kept before it was overwritten or deleted."""

from __future__ import annotations

import json
import sys
import time

import click

from jatossync.cli.paths import Standing
from jatossync.cli.restore import bring_back, find
from jatossync.cli.setup import config_option, read_config, remembered
from jatossync.cli.words import plural
from jatossync.config import Config, values
from jatossync.core.model import Kept
from jatossync.log import escaped, human_size


@click.group("trash")
@config_option
def command(config_path: str | None) -> None:
    """See, bring back or let go of what was kept before it was overwritten or deleted.

    \b
    Example:
      jatossync trash list
    """


@command.command("list", short_help="List what is kept.")
@config_option
@click.option("--json", "as_json", is_flag=True, help="One JSON array, for scripts.")
def list_(config_path: str | None, as_json: bool) -> int:
    """List what is kept, the newest last: number, time, size, path, why."""
    config = _config(config_path)
    with remembered(config) as (store, trash):
        kept = [each for each in store.trash_index() if trash.has(each.sha256)]
        if as_json:
            json.dump([_told(each) for each in kept], sys.stdout, ensure_ascii=False, indent=1)
            print()
            return 0
        for each in kept:
            print(_line(each, Standing(config.folder)))
        print(
            f"{plural(len(kept), 'copy', 'copies')}, {human_size(trash.used_bytes())}; "
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
    config = _config(config_path)
    with remembered(config) as (store, trash):
        kept = find(store.trash_index(), which, trash, Standing(config.folder))
        for chunk in trash.read(kept.sha256):
            sys.stdout.buffer.write(chunk)
        sys.stdout.buffer.flush()
    return 0


@command.command("restore", short_help="The same as `jatossync restore`.")
@config_option
@click.argument("which", metavar="NUMBER|PATH")
def restore(config_path: str | None, which: str) -> int:
    """Put a kept file into the study folder again, as `jatossync restore` does."""
    return bring_back(_config(config_path), which)


@command.command("empty")
@config_option
@click.option("--older-than", metavar="AGE", help="Only what was kept longer ago, e.g. 7d.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
def empty(config_path: str | None, older_than: str | None, yes: bool) -> int:
    """Let go of what is kept, for good."""
    age_s = _age_s(older_than)
    with remembered(_config(config_path)) as (store, trash):
        index = store.trash_index()
        doomed = [each for each in index if time.time() - each.at_s >= age_s]
        if not doomed:
            print("Nothing to let go of.")
            return 0
        if not yes:
            question = f"Let go of {plural(len(doomed), 'copy', 'copies')} for good?"
            click.confirm(question, abort=True)
        store.no_longer_kept(doomed)
        trash.drop({each.sha256 for each in doomed} - {each.sha256 for each in store.trash_index()})
        print(f"{plural(len(doomed), 'copy', 'copies')} gone.")
    return 0


def _config(own: str | None) -> Config:
    """The configuration: `--config` may stand before or after the subcommand."""
    above = click.get_current_context().parent
    return read_config(own or (above.params.get("config_path") if above else None))


def _age_s(written: str | None) -> float:
    if written is None:
        return 0.0
    try:
        return float(str(values.duration("1ms", "10000d")(written)))
    except ValueError as exc:
        raise click.BadParameter(str(exc), param_hint="--older-than") from exc


def _line(kept: Kept, standing: Standing) -> str:
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(kept.at_s))
    size = human_size(kept.size)
    path = escaped(standing.shown(kept.path))
    return f"{kept.number:>5}  {when}  {size:>7}  {path}  ({escaped(kept.why)})"


def _told(kept: Kept) -> dict[str, object]:
    return {
        "number": kept.number,
        "path": kept.path,
        "study": kept.study,
        "at": kept.at_s,
        "size": kept.size,
        "sha256": kept.sha256,
        "why": kept.why,
    }
