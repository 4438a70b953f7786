"""`jatossync approve`: a person says yes to what waits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict

import click

from jatossync.cli import exits
from jatossync.cli.asking import START_IT, answer, places, state_of
from jatossync.cli.options import Volume, config_option, json_option, volume_options
from jatossync.cli.paths import Standing
from jatossync.cli.saying import tell_json
from jatossync.cli.telling import View, decision, outcome, show
from jatossync.cli.words import plural
from jatossync.config import Places
from jatossync.core.actions import Hold, HoldKind
from jatossync.core.holds import HeldList, chosen, chosen_all, chosen_list, chosen_path
from jatossync.core.status import held_paths
from jatossync.errors import JatossyncError, NotRunning


@click.command("approve")
@config_option
@click.option("--all", "all_", is_flag=True, help="Every list of deletes and of overwrites.")
@volume_options
@json_option
@click.argument("what", nargs=-1, metavar="[ID|PATH]...")
def command(
    config_path: str | None, all_: bool, volume: Volume, as_json: bool, what: tuple[str, ...]
) -> int:
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
        return _show(lists, View(standing, volume), as_json)
    holds = _chosen(lists, what, all_, standing)
    paths = {hold.path for hold in holds}
    wanted: dict[str, list[str]] = {
        held.id: [path for path in held.paths if path in paths] for held in lists
    }
    approved, running = _approve(where, wanted)
    done = [hold for hold in holds if hold.path in approved]
    view = View(standing, volume)
    if as_json:
        tell_json({"approved": [_told(hold) for hold in done], "running": running})
    elif not done:
        show(_none([held for held in lists if not wanted[held.id]], view))
    elif volume != "quiet":
        show(_lines(done, running, view))
    return 0


def _show(lists: Sequence[HeldList], view: View, as_json: bool) -> int:
    waiting = held_paths(lists)
    if as_json:
        tell_json({"approved": [], "waiting": [asdict(held) for held in waiting]})
    elif waiting:
        show(line for held in waiting for line in decision(held, view))
    elif view.volume != "quiet":
        click.echo("Nothing waits for you.")
    return exits.DIFFERENCES if lists else 0


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


def _lines(holds: Sequence[Hold], running: bool, view: View) -> Iterator[str]:
    for kind in dict.fromkeys(hold.kind for hold in holds):
        paths = [hold.path for hold in holds if hold.kind is kind]
        yield f"Approved, {plural(len(paths), 'file')}: {outcome(kind)}"
        yield from view.few([view.path(path) for path in paths])
    if not running:
        yield f"None runs now, so nothing happens yet.\n  → {START_IT}"


def _none(lists: Sequence[HeldList], view: View) -> Iterator[str]:
    """Nothing could be approved; what waits for a yes of its own."""
    if lists or view.volume != "quiet":
        yield "Nothing to approve: no list of deletes or overwrites waits."
    for held in held_paths(lists):
        yield ""
        yield from decision(held, view)


def _told(hold: Hold) -> dict[str, str]:
    return {"path": hold.path, "kind": hold.kind.value, "reason": hold.why}
