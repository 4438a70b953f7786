"""Single files, of which JATOS's version wins."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Any

from jatossync.cli.asking import asked, runs
from jatossync.cli.bring import SILENCE_S, Bringer, NotDone, by_daemon, by_us
from jatossync.cli.deeds import Deeds
from jatossync.cli.meet import meet
from jatossync.cli.paths import Standing
from jatossync.cli.progress import Progress, Tally
from jatossync.cli.setup import opened, places_of, remembered
from jatossync.config import Config, Places
from jatossync.core.holds import chosen_list
from jatossync.core.model import Content, Seen
from jatossync.core.paths import RelPath
from jatossync.local.arrivals import NotPut
from jatossync.local.root import StudyFolder
from jatossync.remote.client import Assets
from jatossync.state.store import Store

WHY = "replaced by JATOS's version (pull)"

Take = Callable[[Iterator[bytes]], Content]

Fetch = Callable[[RelPath, Take], bool]
"""Hands what JATOS has under a path to the second argument; whether it has anything.

NotDone: it cannot be known."""


def pull(
    config: Config, what: Sequence[str], standing: Standing, deeds: Deeds, shown: Progress
) -> int:
    """Theirs wins, ours is kept. A running daemon sees the files change, and agrees."""
    with _hands(config) as hands:
        paths = list(dict.fromkeys(_meant(hands.store, what, standing)))
        hands.bringer.sweep(paths)
        tally = Tally(shown, len(paths))
        for path in paths:
            try:
                _pull(path, hands, deeds, tally)
            except NotDone as exc:
                deeds.failed(path, exc.message)
            tally.done()
    return deeds.conclude()


@dataclass(frozen=True)
class _Hands:
    """What it takes to bring in files."""

    store: Store
    """Only to be read."""
    fetch: Fetch
    bringer: Bringer


@contextmanager
def _hands(config: Config) -> Iterator[_Hands]:
    """A daemon's, which has the token and the state for itself; or our own where none runs."""
    where = places_of(config)
    if runs(where):
        with StudyFolder.open(config.folder) as folder, remembered(config) as (store, _):
            bringer = Bringer(folder, by_daemon(where, WHY))
            yield _Hands(store, partial(_from_daemon, where), bringer)
    else:
        with opened(config, alone=False) as sides:
            aside = by_us(sides.folder, sides.store, sides.trash, WHY)
            bringer = Bringer(sides.folder, aside)
            yield _Hands(sides.store, partial(_from_jatos, meet(sides)), bringer)


def _meant(store: Store, what: Iterable[str], standing: Standing) -> Iterator[RelPath]:
    """The paths that are named, or in a list that is."""
    lists = store.holds.lists()
    for each in what:
        listed = chosen_list(lists, each)
        yield from (hold.path for hold in listed) if listed else (standing.file(each),)


def _pull(path: RelPath, hands: _Hands, deeds: Deeds, tally: Tally) -> None:
    """
    Raises:
        NotDone: It was not possible; nothing was changed.
    """
    arrived: list[Content] = []

    def take(chunks: Iterator[bytes]) -> Content:
        arrived.append(hands.bringer.bring(path, tally.passing(chunks)))
        return arrived[-1]

    if hands.fetch(path, take):
        deeds.did("pulled", path, arrived[-1].size, sha256=arrived[-1].sha256)
    elif hands.store.known(path):
        hands.bringer.take_away(path)
        deeds.did("removed", path, None)
    else:
        raise NotDone("JATOS has no such file")


def _from_jatos(assets: Assets, path: RelPath, take: Take) -> bool:
    found = assets.fetch(path, take)
    if not isinstance(found, Seen):
        raise NotDone(found.reason)
    return found.size is not None


def _from_daemon(where: Places, path: RelPath, take: Take) -> bool:
    """The bytes travel over its socket; the last line says how it ended."""
    lines = asked(where, silence_s=SILENCE_S, do="fetch", path=path)
    first = next(lines)
    if "bytes" in first:
        take(_bytes(chain([first], lines)))
        return True
    if "fault" in first:
        raise NotDone(str(first["fault"]))
    if first["found"]:
        take(iter(()))  # it is empty
    return bool(first["found"])


def _bytes(lines: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    for line in lines:
        if "bytes" in line:
            yield b64decode(line["bytes"])
        elif "fault" in line:
            raise NotPut(str(line["fault"]))
