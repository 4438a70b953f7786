"""`jatossync approve`: a person says yes to what waits."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

import click

from jatossync.cli.asking import START_IT, answer, places, state_of
from jatossync.cli.options import config_option
from jatossync.cli.paths import Standing
from jatossync.cli.telling import SHOWN, decision, outcome, shown
from jatossync.cli.words import plural
from jatossync.config import Places
from jatossync.core.actions import Hold, HoldKind
from jatossync.core.holds import HeldList, chosen, chosen_all, chosen_list, chosen_path
from jatossync.core.status import held_paths
from jatossync.errors import JatossyncError, NotRunning

DIFFERENCES_EXIT_CODE = 2


@click.command("approve")
@config_option
@click.option("--all", "all_", is_flag=True, help="Every list of deletes and of overwrites.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for scripts.")
@click.argument("what", nargs=-1, metavar="[ID|PATH]...")
def command(config_path: str | None, all_: bool, as_json: bool, what: tuple[str, ...]) -> int:
    """Let happen what waits for your decision: a whole list by its ID, or single paths.

    What waits, `jatossync status` shows; so does `approve` alone. Each file is looked at again
    before anything is done. What changed on JATOS without you (drift) is in no `--all`: name it.

    \b
    Examples:
      jatossync approve 7f3a
      jatossync approve images/old.png
    """
    where = places(config_path)
    standing = Standing(where.folder)
    with state_of(where) as store:
        lists = store.holds.lists() if store is not None else []
    if not what and not all_:
        return _show(lists, standing, as_json)
    holds = _chosen(lists, what, all_, standing)
    paths = {hold.path for hold in holds}
    wanted: dict[str, list[str]] = {
        held.id: [path for path in held.paths if path in paths] for held in lists
    }
    approved, running = _approve(where, wanted)
    if as_json:
        told = {"approved": [_told(hold) for hold in holds if hold.path in approved]}
        click.echo(json.dumps({**told, "running": running}, ensure_ascii=False, indent=1))
    else:
        _print([hold for hold in holds if hold.path in approved], running, standing)
    return 0


def _show(lists: Sequence[HeldList], standing: Standing, as_json: bool) -> int:
    if as_json:
        waiting = [asdict(held) for held in held_paths(lists)]
        click.echo(json.dumps({"approved": [], "waiting": waiting}, ensure_ascii=False, indent=1))
    elif not lists:
        click.echo("Nothing waits for you.")
    else:
        for held in held_paths(lists):
            for line in decision(held, standing):
                click.echo(line)
    return DIFFERENCES_EXIT_CODE if lists else 0


def _chosen(
    lists: Sequence[HeldList], what: Sequence[str], all_: bool, standing: Standing
) -> list[Hold]:
    """
    Raises:
        JatossyncError: Something of it does not wait, or cannot be approved.
        click.BadParameter: It is no path of the study.
    """
    found = chosen_all(lists) if all_ else []
    for each in what:
        holds = chosen_list(lists, each) or chosen_path(lists, standing.meant(each))
        if not holds:
            raise JatossyncError(
                f"nothing that is called {each} waits for a decision",
                "`jatossync status` shows what waits, with the IDs of the lists.",
            )
        if all(hold.kind is HoldKind.UNSEEN for hold in holds):
            raise JatossyncError(
                f"{each}: JATOS does not show what lies there, so there is nothing to approve yet",
                "It is looked at again now and then; `jatossync check` may tell what is wrong.",
            )
        found += holds
    by_path = {hold.path: hold for hold in found}
    return [hold for hold in by_path.values() if hold.kind is not HoldKind.UNSEEN]


def _approve(where: Places, wanted: dict[str, list[str]]) -> tuple[set[str], bool]:
    """What could be approved, and whether a daemon acts on it now."""
    try:
        return set(answer(where, do="approve", lists=wanted)["approved"]), True
    except NotRunning:
        pass
    with state_of(where) as store:
        if store is None:
            return set(), False
        holds = chosen(store.holds.lists(), wanted)
        store.holds.approve(holds)
        return {hold.path for hold in holds}, False


def _print(holds: Sequence[Hold], running: bool, standing: Standing) -> None:
    if not holds:
        click.echo("Nothing to approve: no list of deletes or overwrites waits.")
        return
    for kind in dict.fromkeys(hold.kind for hold in holds):
        paths = [hold.path for hold in holds if hold.kind is kind]
        click.echo(f"Approved, {plural(len(paths), 'file')}: {outcome(kind)}")
        for path in paths[:SHOWN]:
            click.echo(f"  {shown(path, standing)}")
        if len(paths) > SHOWN:
            click.echo(f"  … and {len(paths) - SHOWN} more")
    if not running:
        click.echo(f"None runs now, so nothing happens yet.\n  → {START_IT}")


def _told(hold: Hold) -> dict[str, str]:
    return {"path": hold.path, "kind": hold.kind.value, "reason": hold.why}
