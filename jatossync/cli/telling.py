"""How a status is told: one screen for people."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import replace

import click

from jatossync.cli.paths import Standing
from jatossync.cli.words import SHOWN as MORE_SHOWN
from jatossync.cli.words import plural
from jatossync.core.actions import HoldKind, Topic
from jatossync.core.paths import RelPath
from jatossync.core.status import HeldPaths, Remark, State, Status, one_line
from jatossync.log import escaped, human_size

SHOWN = 5
"""So many paths of one kind fit on the screen; the rest is a number."""

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


def screen(told: Status, standing: Standing) -> Iterator[str]:
    """The whole of `jatossync status`, line by line."""
    yield click.style(f"● {sentence(told)}", fg=_COLOURS.get(told.state, "yellow"), bold=True)
    yield from _facts(told)
    if told.trouble is not None:
        yield f"  JATOS     {escaped(told.trouble.reason)}"
    if told.folder_trouble is not None:
        yield f"  trouble   {escaped(told.folder_trouble)}"
    yield from _sending(told, standing)
    for held in told.held:
        yield ""
        yield from decision(held, standing)
    for topic, words in _NOT_AS_IT_SHOULD_BE.items():
        yield from _listed(words, told.about(topic), standing)
    yield from _good_to_know(told, standing)
    yield from _what_to_do(told)


def remarks(told: Status, standing: Standing) -> Iterator[str]:
    """What a person should know about single files, each with its reason, and what can be typed."""
    for held in told.held:
        yield ""
        yield from decision(held, standing)
    for topic, words in (_NOT_AS_IT_SHOULD_BE | _GOOD_TO_KNOW).items():
        yield from _listed(words[:1].upper() + words[1:], told.about(topic), standing, MORE_SHOWN)


def sentence(told: Status) -> str:
    """The first line: how it stands."""
    if told.state != "not running":
        return one_line(told, clock)
    if told.ended is None:
        return "not running; nothing was compared yet"
    was = one_line(replace(told, state=told.ended), clock)
    return f"not running; as of {clock(told.at)}: {was}"


def _facts(told: Status) -> Iterator[str]:
    title = f"{escaped(told.title)} (ID {told.study_id})" if told.title else told.study
    yield f"  study     {title} on {told.server}"
    yield f"  folder    {escaped(_home(told.folder))}, {plural(told.files, 'file')} on JATOS"
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


def _sending(told: Status, standing: Standing) -> Iterator[str]:
    if told.pending and told.sending:
        yield ""
        yield f"Uploading, {told.pending} to go ({human_size(told.pending_bytes)}):"
    for each in told.sending[:SHOWN]:
        amount = f"{human_size(each.sent)} of {human_size(each.size)}"
        pace = f", {human_size(each.bytes_per_s)}/s" if each.bytes_per_s else ""
        left = f", {each.left_s:.0f} s left" if each.left_s is not None else ""
        yield f"  {shown(each.path, standing)}  {amount}{pace}{left}"
    if len(told.sending) > SHOWN:
        yield f"  … and {len(told.sending) - SHOWN} more"


def decision(held: HeldPaths, standing: Standing) -> Iterator[str]:
    """A held list, and what can be typed."""
    since = f" (since {clock(held.at)})" if held.at else ""
    yield click.style(f"Waiting for you: {escaped(held.reason)}{since}", bold=True)
    differ = len({each.reason for each in held.paths} - {held.reason}) > 1
    for each in held.paths[:SHOWN]:
        why = f": {escaped(each.reason)}" if differ else ""
        yield f"  {shown(each.path, standing)}{why}"
    if len(held.paths) > SHOWN:
        yield f"  … and {len(held.paths) - SHOWN} more"
    if not held.id or held.kind not in _APPROVED:
        return
    approve, pull = f"jatossync approve {held.id}", f"jatossync pull {held.id}"
    yield f"  → {approve}   {_APPROVED[held.kind]}"
    if held.kind in _OTHERWISE:
        yield f"  → {_OTHERWISE[held.kind]}"
    else:
        yield f"  → {pull:<{len(approve)}}   theirs win; yours are replaced"


def outcome(kind: HoldKind) -> str:
    """What it means that things of this kind are approved."""
    return _APPROVED[kind.value]


def _listed(
    words: str, found: list[Remark], standing: Standing, most: int = SHOWN
) -> Iterator[str]:
    if not found:
        return
    yield ""
    yield click.style(f"{words}:", bold=True)
    for each in found[:most]:
        yield f"  {shown(each.path, standing)}: {escaped(each.reason)}"
    if len(found) > most:
        yield f"  … and {len(found) - most} more"


def _good_to_know(told: Status, standing: Standing) -> Iterator[str]:
    lines = []
    for topic, words in _GOOD_TO_KNOW.items():
        found = told.about(topic)
        if found:
            names = ", ".join(shown(each.path, standing) for each in found[:3])
            more = f" and {len(found) - 3} more" if len(found) > 3 else ""
            lines.append(f"  {len(found)} {words}: {names}{more}")
    if lines:
        yield ""
        yield "Good to know:"
        yield from lines


def _what_to_do(told: Status) -> Iterator[str]:
    todo = {
        "not running": "jatossync run   keeps JATOS up to date while you work",
        "locked": "unlock the study in JATOS; then it goes on by itself",
        "paused": "jatossync resume   goes on",
        "stopped": "jatossync check   says what is wrong and what to do",
    }.get(told.state)
    if todo is not None:
        yield ""
        yield f"  → {todo}"


def shown(path: str, standing: Standing) -> str:
    """A path for the terminal, from where the user stands."""
    return escaped(standing.shown(RelPath(path)))


def clock(at: float, *, seconds: bool = False) -> str:
    """A moment as people read it: the time, with the day where that is not today."""
    moment = time.localtime(at)
    text = time.strftime("%H:%M:%S" if seconds else "%H:%M", moment)
    if moment[:3] != time.localtime()[:3]:
        text = time.strftime("%Y-%m-%d ", moment) + text
    return text


def _home(path: str) -> str:
    home = os.path.expanduser("~")
    return "~" + path[len(home) :] if path.startswith(home + os.sep) else path
