"""First contact: how much of what lies on JATOS already is replaced without asking (law 11)."""

from __future__ import annotations

import pytest

from jatossync.core.actions import Hold, HoldKind, Upload
from jatossync.core.contact import Contact
from jatossync.core.holds import Holds
from jatossync.core.jobs import StateChanged
from jatossync.core.limits import Limits
from jatossync.core.model import Content, Doubt, Entry, Kind, Seen
from jatossync.core.paths import RelPath
from jatossync.core.ports import Settings
from jatossync.state.store import Store
from tests.engine.world import World

THEIRS = {f"{number}.png": b"theirs %d" % number for number in range(4)}


def met(store: Store, most: int) -> World:
    """A JATOS that has four files of somebody else where this folder has its own."""
    world = World(store, Settings(limits=Limits(max_files=most)))
    world.remote.update(THEIRS)
    for path in THEIRS:
        world.save(path, b"ours")
    world.settle()
    return world


@pytest.mark.parametrize(("most", "kept"), [(4, 4), (3, 0)])
def test_a_few_are_replaced_once_they_are_kept_and_many_wait(
    store: Store, most: int, kept: int
) -> None:
    world = met(store, most)
    assert len(world.trash) == kept
    assert (world.remote == THEIRS) is not kept
    assert [each.kind for each in world.engine.report.held] == [HoldKind.OVERWRITES] * (not kept)


def test_a_yes_is_for_what_was_shown(store: Store) -> None:
    world = met(store, 3)
    (held,) = world.engine.report.held
    world.remote["0.png"] = b"theirs, once more"
    store.holds.approve(held.paths.values())
    world.engine.command(StateChanged(), world.now_s)
    world.settle()
    assert world.remote == {**dict.fromkeys(THEIRS, b"ours"), "0.png": b"theirs, once more"}
    (again,) = world.engine.report.held
    assert list(again.paths) == ["0.png"]


def test_a_yes_counts_where_nothing_is_known_to_lie_under_this_spelling(store: Store) -> None:
    """On a JATOS that lists it under another one: the upload looks, and asks anew if need be."""
    path, data = RelPath("a.txt"), b"ours"
    content = Content(len(data), "0" * 64, 1)
    upload = Upload(path, Entry(Kind.FILE, content=content), content)
    theirs = Seen(6, sha256="1" * 64, looked=True)
    store.holds.approve([Hold(path, HoldKind.OVERWRITES, "differs", theirs)])
    contact = Contact(Holds(store.holds), Limits(), lambda _: False, first=False)
    assert contact.vet(upload, lambda _: Seen(None, doubt=Doubt.TWIN)) == upload
    assert contact.vet(upload, lambda _: theirs) == upload
    assert isinstance(contact.vet(upload, lambda _: Seen(7, looked=True)), Hold)
