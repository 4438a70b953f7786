"""How it stands, told to people: on the screen of `status`, and where `sync` and `plan` end."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import click

from jatossync.cli.options import Volume
from jatossync.cli.paths import Standing
from jatossync.cli.saying import short
from jatossync.cli.terminal import fitted
from jatossync.cli.words import SHOWN, plural
from jatossync.core.actions import HoldKind, Topic
from jatossync.core.paths import RelPath
from jatossync.core.status import HeldPaths, Remark, Sending, State, Status, one_line
from jatossync.log import escaped, human_size

NAMED = 3
"""So many fit into a line."""

SOON_S = 7 * 86400.0
"""So long before it expires a token begins to be worth a word."""

_COLOURS: dict[State, str] = {
    "in sync": "green",
    "working": "cyan",
    "comparing": "cyan",
    "starting": "cyan",
    "folder": "red",
    "stopped": "red",
}
"""All others are yellow."""

_NOT_AS_IT_SHOULD_BE = {
    "refused": "Refused by JATOS; tried again when it changes, and now and then",
    Topic.UNKNOWN.value: "Could not be read; left as it is on JATOS",
}
_GOOD_TO_KNOW = {
    Topic.QUARANTINED.value: "kept back, may be secret",
    Topic.UNHOLDABLE.value: "not mirrored, JATOS cannot hold the name",
    Topic.EMPTY.value: "empty here, JATOS stores no empty files",
    Topic.SPECIAL.value: "not mirrored, no plain file",
    Topic.KEPT.value: "gone here, kept on JATOS",
    Topic.FOREIGN.value: "only on JATOS, left alone",
}

_APPROVED = {
    HoldKind.DELETES.value: "delete them on JATOS too",
    HoldKind.OVERWRITES.value: "yours replace theirs; theirs go to the trash",
    HoldKind.DRIFT.value: "yours win; theirs go to the trash",
    HoldKind.CONFLICT.value: "yours win; theirs go to the trash",
    HoldKind.PAGE.value: "delete the page; participants get an error",
    HoldKind.INCLUDED.value: "publish them",
}
"""What `approve` leads to; nothing to approve where a kind is not here."""

_OTHERWISE = {
    HoldKind.DELETES.value: "or put the files back, and this is settled",
    HoldKind.PAGE.value: "or put the file back, or take it out of the component in JATOS",
    HoldKind.INCLUDED.value: "or take the change of the rule back",
}
"""What a person can do who does not approve; where a kind is not here, take over theirs."""


class View:
    """How paths are shown: from where the user stands, and a few of them or, with `-v`, all."""

    def __init__(self, standing: Standing, volume: Volume = "normal") -> None:
        self.volume = volume
        self._standing = standing

    def path(self, path: str) -> str:
        """A path for the terminal."""
        return escaped(self._standing.shown(RelPath(path)))

    def few(self, lines: Sequence[str]) -> Iterator[str]:
        """Lines that are one path each; how many more there are, where they are not all shown."""
        shown = len(lines) if self.volume == "verbose" else SHOWN
        yield from (f"  {line}" for line in lines[:shown])
        if len(lines) > shown:
            yield f"  … and {len(lines) - shown} more"

    def names(self, paths: Sequence[str]) -> str:
        """The same in one line."""
        shown = len(paths) if self.volume == "verbose" else NAMED
        names = ", ".join(self.path(path) for path in paths[:shown])
        return names + (f" and {len(paths) - shown} more" if len(paths) > shown else "")


def show(lines: Iterable[str]) -> None:
    """Print lines, with what does not fit on a terminal's line below where its text begins."""
    for line in lines:
        before, text, after = _coloured(line)  # colours take no room
        fact = re.match(r"  \w+ {2,}", text)
        indent = " " * (len(fact[0]) if fact else 4)
        click.echo(before + fitted(text, sys.stdout, indent) + after)


def _coloured(line: str) -> tuple[str, str, str]:
    """A line without the colour it is in as a whole: colour, text, end of colour."""
    parts = re.fullmatch(r"((?:\x1b\[\d+m)*)(.*?)((?:\x1b\[\d+m)*)", line, re.DOTALL)
    assert parts, "everything matches"
    return parts[1], parts[2], parts[3]


def screen(told: Status, view: View) -> Iterator[str]:
    """The whole of `jatossync status`, line by line."""
    yield headline(told)
    if view.volume != "quiet":
        yield from _facts(told)
    yield from concerns(told, view)


def ending(told: Status, did: str, view: View) -> Iterator[str]:
    """How it stands after something was done, in the words and the layout of `status`."""
    yield headline(told)
    yield f"  done      {did}"
    yield from concerns(told, view)


def headline(told: Status, instead: str | None = None) -> str:
    """The first line: how it stands."""
    text = f"● {instead or sentence(told)}"
    return click.style(text, fg=_COLOURS.get(told.state, "yellow"), bold=True)


def concerns(told: Status, view: View) -> Iterator[str]:
    """What is not as it should be, what waits for a person, and what can be typed."""
    if told.trouble is not None:
        yield f"  JATOS     {escaped(told.trouble.reason)}"
    if told.folder_trouble is not None:
        yield f"  trouble   {escaped(told.folder_trouble)}"
    yield from _sending(told, view)
    for held in told.held:
        yield ""
        yield from decision(held, view)
    for topic, words in _NOT_AS_IT_SHOULD_BE.items():
        yield from _listed(words, told.about(topic), view)
    if view.volume != "quiet":
        yield from _good_to_know(told, view)
    yield from _what_to_do(told)


def sentence(told: Status) -> str:
    """How it stands."""
    if told.state != "not running":
        return one_line(told, clock)
    if told.ended is None:
        return "not running; nothing was compared yet"
    if told.ended == "starting":
        return "not running; the last start ended before anything was compared"
    was = one_line(replace(told, state=told.ended), clock)
    return f"not running; as of {clock(told.at)}: {was}"


def _facts(told: Status) -> Iterator[str]:
    title = f"{escaped(told.title)} (ID {told.study_id})" if told.title else told.study
    yield f"  study     {title} on {told.server}"
    looked = told.files or told.verified_at is not None or not told.can_list
    files = f", {plural(told.files, 'file')} on JATOS" if looked else ""
    yield f"  folder    {escaped(short(told.folder))}{files}"
    if told.state != "not running":
        yield f"  changes   {_watching(told)}"
        yield f"  compared  {_verified(told)}"
    if told.token_expires_at is not None:
        yield f"  token     {_expiry(told.token_expires_at, told.at)}"
    if told.paused_since is not None and told.state != "paused":
        yield f"  paused    since {clock(told.paused_since)}"


def _watching(told: Status) -> str:
    watching = told.watching
    if watching is None:
        return "not followed: this is one pass"
    if watching.mode == "poll":
        often = f" every {watching.interval_s:.0f} s" if watching.interval_s else ""
        return f"noticed by looking{often}: {escaped(watching.why)}"
    return "noticed at once" + (f", but not all: {escaped(watching.why)}" if watching.why else "")


def _verified(told: Status) -> str:
    if told.verified_at is not None:
        return f"with JATOS at {clock(told.verified_at, seconds=True)}"
    if not told.can_list:
        return "with what JATOS acknowledged: this JATOS cannot list what it has"
    return "not yet"


def _expiry(expires_at: float, at: float) -> str:
    day = time.strftime("%Y-%m-%d", time.localtime(expires_at))
    left_s = expires_at - at
    if left_s < 0:
        return click.style(f"expired on {day}; `jatossync token` takes a new one", fg="red")
    left = plural(int(left_s // 86400), "day")
    if left_s < SOON_S:
        return click.style(f"expires on {day}, in {left}: make a new one soon", fg="yellow")
    return f"expires on {day}, in {left}"


def _sending(told: Status, view: View) -> Iterator[str]:
    if told.pending and told.sending:
        yield ""
        yield f"Uploading, {told.pending} to go ({human_size(told.pending_bytes)}):"
    yield from view.few([_how_far(each, view) for each in told.sending])


def _how_far(each: Sending, view: View) -> str:
    amount = f"{human_size(each.sent)} of {human_size(each.size)}"
    pace = f", {human_size(each.bytes_per_s)}/s" if each.bytes_per_s else ""
    left = f", {each.left_s:.0f} s left" if each.left_s is not None else ""
    return f"{view.path(each.path)}  {amount}{pace}{left}"


def decision(held: HeldPaths, view: View) -> Iterator[str]:
    """A held list, and what can be typed."""
    since = f" since {clock(held.at)}" if held.at else ""
    yield click.style(f"Waiting for you{since}: {escaped(held.reason)}", bold=True)
    differ = len({each.reason for each in held.paths} - {held.reason}) > 1
    yield from view.few(
        [
            view.path(each.path) + (f": {escaped(each.reason)}" if differ else "")
            for each in held.paths
        ]
    )
    if not held.id or held.kind not in _APPROVED:
        return
    approve, pull = f"jatossync approve {held.id}", f"jatossync pull {held.id}"
    yield f"  → {approve}   {_APPROVED[held.kind]}"
    if held.kind in _OTHERWISE:
        yield f"  → {_OTHERWISE[held.kind]}"
    else:
        yield f"  → {pull:<{len(approve)}}   theirs win; yours go to the trash"


def outcome(kind: HoldKind) -> str:
    """What it means that things of this kind are approved."""
    return _APPROVED[kind.value]


def _listed(words: str, found: Sequence[Remark], view: View) -> Iterator[str]:
    if found:
        yield ""
        yield click.style(f"{words}:", bold=True)
    yield from view.few([f"{view.path(each.path)}: {escaped(each.reason)}" for each in found])


def _good_to_know(told: Status, view: View) -> Iterator[str]:
    about = {words: told.about(topic) for topic, words in _GOOD_TO_KNOW.items()}
    every = view.volume == "verbose"
    if any(about.values()):
        yield ""
        yield "Good to know:" if every else "Good to know (with -v: all of them, and why):"
    for words, found in about.items():
        if found and every:
            yield f"  {len(found)} {words}:"
            yield from (f"    {view.path(each.path)}: {escaped(each.reason)}" for each in found)
        elif found:
            yield f"  {len(found)} {words}: {view.names([each.path for each in found])}"


def _what_to_do(told: Status) -> Iterator[str]:
    checks = "jatossync check   says what is wrong and what to do"
    runs = "jatossync run   keeps JATOS up to date while you work"
    todo = {
        "not running": checks if told.ended in ("starting", "stopped") else runs,
        "folder": "put the folder back as it was; `run` then goes on by itself",
        "offline": "`run` goes on when it is back; `jatossync check` looks for the cause",
        "locked": "unlock the study in JATOS; `run` then goes on by itself",
        "paused": "jatossync resume   goes on",
        "stopped": checks,
    }.get(told.state)
    if todo is not None:
        yield ""
        yield f"  → {todo}"


def clock(at: float, *, seconds: bool = False) -> str:
    """A moment as people read it: the time, with the day where that is not today."""
    moment = time.localtime(at)
    text = time.strftime("%H:%M:%S" if seconds else "%H:%M", moment)
    if moment[:3] != time.localtime()[:3]:
        text = time.strftime("%Y-%m-%d ", moment) + text
    return text
