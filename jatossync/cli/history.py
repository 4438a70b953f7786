"""`jatossync history`: what went up or was deleted, when, and from which git commit."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict

import click

from jatossync.cli.asking import places, state_of
from jatossync.cli.options import config_option, json_option
from jatossync.cli.paths import Standing
from jatossync.cli.saying import tell_json
from jatossync.cli.telling import View
from jatossync.config import values
from jatossync.core.paths import ROOT
from jatossync.log import human_size
from jatossync.state.history import Happened

LINES = 50
"""So many are shown where nothing is asked for."""

DIGITS = 10
"""Of a digest or a commit: enough to tell them apart, and to find them again."""


@click.command("history")
@config_option
@click.option(
    "--since", metavar="WHEN", help="Only from then on: 2h, 3d, 14:30, 2026-05-04 or both."
)
@json_option
@click.argument("path", required=False)
def command(config_path: str | None, since: str | None, as_json: bool, path: str | None) -> int:
    """Show what JATOS got and when, the newest last: of PATH and all below it, or of everything.

    Each line has the time, what was done, size, seconds it took, the beginning of the SHA-256, and
    the path. Where the folder lies in a git work tree, the commit stands above what it led to.

    \b
    Examples:
      jatossync history --since 2h
      jatossync history js/task.js --json
    """
    where = places(config_path)
    standing = Standing(where.folder)
    top = standing.meant(path) if path is not None else ROOT
    from_s = 0.0 if since is None else _moment(since)
    limit = LINES + 1 if path is None and since is None and not as_json else None
    with state_of(where) as store:
        happened = list(store.history.newest(top, from_s, limit)) if store is not None else []
        begins = store.history.begins if store is not None else None
    happened.reverse()
    if as_json:
        tell_json([asdict(each) for each in happened])
    else:
        if begins is not None and begins > from_s:
            day = time.strftime("%Y-%m-%d", time.localtime(begins))
            click.echo(f"What was before {day} is not remembered any more.")
        if not happened:
            click.echo(_nothing(filtered=path is not None or since is not None))
        _print(happened, View(standing), limit is not None and len(happened) > LINES)
    return 0


def _nothing(*, filtered: bool) -> str:
    if filtered:
        return "Nothing of that; `jatossync history` alone shows what else there is."
    return "Nothing: JATOS has got nothing and lost nothing by jatossync."


def _print(happened: Sequence[Happened], view: View, more: bool) -> None:
    if more:
        happened = happened[-LINES:]
        click.echo("… and what was before; --since 30d shows more")
    above = ""
    for each in happened:
        day = time.strftime("%Y-%m-%d", time.localtime(each.at))
        heading = day + _commit(each)
        if heading != above:
            click.echo(click.style(heading, bold=True))
            above = heading
        click.echo(_line(each, view))


def _commit(each: Happened) -> str:
    if each.git_commit is None:
        return ""
    dirty = " and changes that were not committed" if each.git_dirty else ""
    return f"  commit {each.git_commit[:DIGITS]}{dirty}"


def _line(each: Happened, view: View) -> str:
    moment = time.strftime("%H:%M:%S", time.localtime(each.at))
    verb = "uploaded" if each.verb == "upload" else "deleted"
    size = human_size(each.size) if each.size is not None else ""
    took = f"{each.seconds * 1000:.0f} ms" if each.seconds < 10 else f"{each.seconds:.0f} s"
    digest = each.sha256[:DIGITS] if each.sha256 is not None else ""
    return (
        f"  {moment}  {verb:<8}  {size:>6}  {took:>7}  {digest:<{DIGITS}}  {view.path(each.path)}"
    )


def _moment(written: str) -> float:
    """
    Seconds since 1970 of `2h` (ago), `14:30` (today), `2026-05-04` or `2026-05-04 14:30`.

    Raises:
        click.BadParameter: It is none of these.
    """
    for form in ("%H:%M", "%H:%M:%S"):
        try:
            clock = time.strptime(written, form)
        except ValueError:
            continue
        today = time.localtime()
        return time.mktime((*today[:3], *clock[3:6], 0, 0, -1))
    for form in ("%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"):
        try:
            return time.mktime((*time.strptime(written, form)[:6], 0, 0, -1))
        except (ValueError, OverflowError):
            continue
    try:
        return time.time() - float(str(values.duration("0", "36500d")(written)))
    except ValueError:
        raise click.BadParameter(
            f"{values.quoted(written)} is no time; write for example 2h, 3d, 14:30, 2026-05-04 "
            "or '2026-05-04 14:30'",
            param_hint="--since",
        ) from None
