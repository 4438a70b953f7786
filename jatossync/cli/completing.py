"""
Completion by Tab: what the shells are given to read, and what they are told when they ask.

It is asked for while somebody types. So paths are completed without importing the command they are
for, and whatever goes wrong, there is merely nothing to complete.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stderr

import click
from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    ShellComplete,
    ZshComplete,
)

from jatossync.cli.asking import places, state_of
from jatossync.cli.main import COMMANDS, COMPLETION
from jatossync.cli.paths import Standing
from jatossync.config import Places
from jatossync.state.store import Store

Find = Callable[[Store, Standing], Iterator[tuple[str, str]]]
"""What can be given, and a few words on it."""


class _Bash(BashComplete):
    """click's, for names with spaces and the like too."""

    name = "bash"

    def format_completion(self, item: CompletionItem) -> str:
        # Twice: what click gives to bash passes `read`, which takes a backslash away.
        escaped = re.sub(r"([^\w@%+=:,./-])", r"\\\\\1", item.value)
        return f"{item.type},{escaped}"


class _Fish(FishComplete):
    """click's, for names with a comma too."""

    name = "fish"
    source_template = FishComplete.source_template.replace(
        'string split ","', 'string split --max 1 ","'
    )


SHELLS: dict[str, type[ShellComplete]] = {"bash": _Bash, "zsh": ZshComplete, "fish": _Fish}


def script(shell: str) -> str:
    """What this shell is to read at its start."""
    return SHELLS[shell](click.Command("jatossync"), {}, "jatossync", COMPLETION).source()


def complete(cli: click.Command, asked: str) -> int:
    """
    Answer a shell.

    Args:
        asked: What stands in `COMPLETION`: `bash_complete`.
    """
    with open(os.devnull, "w", encoding="utf-8") as nowhere, redirect_stderr(nowhere):
        try:
            shell = SHELLS[asked.partition("_")[0]](cli, {}, "jatossync", COMPLETION)
            words, begun = shell.get_completion_args()
            found = _completions(shell, words, begun)
            lines = [shell.format_completion(item) for item in found]
        except Exception:  # noqa: BLE001  (somebody is in the middle of typing)
            lines = []
    if lines:
        click.echo("\n".join(lines))
    return 0


def _completions(shell: ShellComplete, words: list[str], begun: str) -> list[CompletionItem]:
    if not words and not begun.startswith("-"):
        known = COMMANDS.items()
        return [CompletionItem(name, help=about) for name, about in known if name.startswith(begun)]
    if words and words[-1] in _OPTION_VALUES:
        return [CompletionItem(begun, type=_OPTION_VALUES[words[-1]])]
    command = " ".join(word for word in words[:2] if word in _TWO_WORDS or word == words[0])
    if begun.startswith("-") or command not in _ARGUMENTS:
        return shell.get_completions(words, begun)
    find = _ARGUMENTS[command]
    if find is None:
        return [CompletionItem(begun, type="file")]
    where = places(_config(words))
    return [
        CompletionItem(value, help=about)
        for value, about in _remembered(where, find)
        if value.startswith(begun) and value not in words
    ]


def _remembered(where: Places, find: Find) -> list[tuple[str, str]]:
    """What the state knows; nothing where there is none yet."""
    with state_of(where) as store:
        return [] if store is None else list(find(store, Standing(where.folder)))


def _trashed(store: Store, standing: Standing) -> Iterator[tuple[str, str]]:
    """The paths of which a copy is kept, each once."""
    why = {standing.shown(kept.path): kept.why for kept in store.trash_index()}
    yield from sorted(why.items())


def _held_paths(store: Store, standing: Standing) -> Iterator[tuple[str, str]]:
    """The paths that wait for a decision."""
    for held in store.holds.lists():
        for path in sorted(held.paths):
            yield standing.shown(path), held.reason


def _held(store: Store, standing: Standing) -> Iterator[tuple[str, str]]:
    """The lists that wait for a decision, then their paths."""
    for held in store.holds.lists():
        yield held.id, held.reason
    yield from _held_paths(store, standing)


def _config(words: Sequence[str]) -> str | None:
    """The configuration that is named in what was typed so far."""
    for number, word in enumerate(words):
        if word.startswith("--config="):
            return word.partition("=")[2]
        if word == "--config" and number + 1 < len(words):
            return words[number + 1]
    return None


_ARGUMENTS: dict[str, Find | None] = {
    "restore": _trashed,
    "trash show": _trashed,
    "trash restore": _trashed,
    "approve": _held,
    "pull": _held_paths,
    "open": None,
    "wait": None,
    "history": None,
}
"""What stands behind a command: what the state knows, or (None) any file."""

_TWO_WORDS = ("show", "restore")

_OPTION_VALUES = {"--config": "file", "--token-file": "file", "--folder": "dir"}
