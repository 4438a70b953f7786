"""`jatossync wait`: until all that was saved is on JATOS."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import Any

import click

from jatossync.cli import exits
from jatossync.cli.asking import START_IT, answer, places, understood
from jatossync.cli.options import Volume, config_option, json_option, volume_options
from jatossync.cli.paths import Standing
from jatossync.cli.saying import tell_json
from jatossync.cli.telling import View, sentence, show
from jatossync.cli.words import plural
from jatossync.config import Places, values
from jatossync.core.paths import RelPath
from jatossync.core.status import Remark
from jatossync.errors import JatossyncError, NotRunning
from jatossync.log import escaped

PATIENCE_S = 20.0
"""So much longer than the timeout the daemon may take to say that it is over."""


def _seconds(_context: click.Context, _parameter: click.Parameter, given: str) -> float:
    try:
        return float(str(values.duration("0", "1d")(given)))
    except ValueError as exc:
        raise click.BadParameter(str(exc)) from exc


@click.command("wait")
@config_option
@click.option(
    "--timeout",
    "timeout_s",
    metavar="DURATION",
    default="60s",
    show_default=True,
    callback=_seconds,
    help="How long to wait at most.",
)
@volume_options
@json_option
@click.argument("paths", nargs=-1, metavar="[PATH]...")
def command(
    config_path: str | None,
    timeout_s: float,
    volume: Volume,
    as_json: bool,
    paths: tuple[str, ...],
) -> int:
    """Return when everything that was saved before is on JATOS: of PATHs, or of the whole folder.

    Exits with 0 then; with 2 at once where only you can help (held, refused, locked, paused), and
    with 2 when the time is over; with 1 where no jatossync runs.

    \b
    Example:
      npm run build && jatossync wait
    """
    where = places(config_path)
    standing = Standing(where.folder)
    view = View(standing, volume)
    named = [standing.meant(path) for path in paths]
    began_s = time.monotonic()
    try:
        told = answer(
            where, silence_s=timeout_s + PATIENCE_S, do="wait", paths=named, timeout_s=timeout_s
        )
    except NotRunning as exc:
        raise NotRunning(exc.message, exc.hint or START_IT) from None
    seconds = time.monotonic() - began_s
    _refuse_misspelt(where, told, view)
    blockers = [Remark(*each) for each in told["blockers"]] or _left_out(told, named)
    outcome = "blocked" if blockers and told["outcome"] == "done" else told["outcome"]
    if as_json:
        _print_json(outcome, seconds, blockers, told)
    elif volume != "quiet" or outcome != "done":
        show(_lines(outcome, seconds, blockers, told, view))
    return 0 if outcome == "done" else exits.DIFFERENCES


def _refuse_misspelt(where: Places, told: dict[str, Any], view: View) -> None:
    """
    Raises:
        JatossyncError: A path is nowhere.
    """
    for path in told["unknown"]:
        if not os.path.lexists(os.path.join(where.folder, path)):
            raise JatossyncError(
                f"{view.path(path)} is neither in the folder nor on JATOS",
                "Is it misspelt?",
            )


def _left_out(told: dict[str, Any], named: list[RelPath]) -> list[Remark]:
    """What was asked for by name and is never sent."""
    status = understood(told["status"])
    remarks = [each for each in status.remarks if each.path in named]
    known = {each.path for each in remarks}
    return remarks + [
        Remark(path, "left out", "no file of it takes part (see `ignore:` and .jatosignore)")
        for path in told["unknown"]
        if path not in known and told["outcome"] == "done"
    ]


def _print_json(outcome: str, seconds: float, blockers: list[Remark], told: dict[str, Any]) -> None:
    said = {
        "outcome": outcome,
        "seconds": round(seconds, 3),
        "blockers": [
            {"path": each.path, "topic": each.topic, "reason": each.reason} for each in blockers
        ],
        "left": told["left"],
        "left_count": told["left_count"],
    }
    tell_json(said)


def _lines(
    outcome: str, seconds: float, blockers: list[Remark], told: dict[str, Any], view: View
) -> Iterator[str]:
    if outcome == "done":
        yield f"All that was saved is on JATOS ({seconds:.1f} s)."
        return
    if outcome == "blocked":
        yield "Not all on JATOS, and waiting does not help:"
        for line in _grouped(blockers, view):
            yield f"  {line}"
        yield "  → jatossync status   shows what you can do"
        return
    why = f"after {seconds:.0f} s" if outcome == "timeout" else "and the jatossync that ran ends"
    yield f"Not all on JATOS {why}: {sentence(understood(told['status']))}"
    if told["left"]:
        yield f"Missing, {plural(told['left_count'], 'file')}:"
    yield from view.few([view.path(path) for path in told["left"]])
    if told["left_count"] > len(told["left"]):
        yield "  … and more"


def _grouped(blockers: list[Remark], view: View) -> Iterator[str]:
    """A line for each reason, with some of the paths it is about."""
    by_reason: dict[str, list[str]] = {}
    for each in blockers:
        by_reason.setdefault(each.reason, []).append(each.path)
    for reason, paths in by_reason.items():
        names = view.names(sorted(path for path in paths if path))
        yield f"{names}: {escaped(reason)}" if names else escaped(reason)
