"""While git is at work in the folder, uploads wait for a moment and deletes for a minute."""

from __future__ import annotations

import pytest

from tests.engine.world import World

LOCK = frozenset({"index.lock:1"})


@pytest.fixture
def busy(world: World) -> World:
    """In step; then git begins, a file is saved and another one goes."""
    world.save("old.png", b"old")
    world.save("stays.png", b"stays")
    world.settle()
    world.git = LOCK
    world.save("new.png", b"new")
    world.remove("old.png")
    return world


def test_nothing_is_sent_until_git_is_done_and_then_at_once(busy: World) -> None:
    busy.wait(5)
    assert set(busy.remote) == {"old.png", "stays.png"}
    busy.git = frozenset()
    busy.wait(0.5)
    assert set(busy.remote) == {"new.png", "stays.png"}


def test_uploads_wait_ten_seconds_and_deletes_sixty(busy: World) -> None:
    busy.wait(9.9)
    assert "new.png" not in busy.remote
    busy.wait(1)
    assert set(busy.remote) == {"new.png", "old.png", "stays.png"}
    busy.wait(48)
    assert "old.png" in busy.remote
    busy.wait(2)
    assert "old.png" not in busy.remote


def test_a_lock_that_nobody_takes_away_holds_nothing_up_for_ever(busy: World) -> None:
    busy.wait(100)
    busy.remove("new.png")
    busy.save("later.png", b"later")
    busy.wait(4)
    assert set(busy.remote) == {"later.png", "stays.png"}


def test_the_next_operation_is_waited_for_again(busy: World) -> None:
    busy.wait(100)
    busy.git = frozenset({"index.lock:2"})
    busy.save("later.png", b"later")
    busy.wait(4)
    assert "later.png" not in busy.remote


def test_a_delete_whose_turn_comes_after_git_began_waits_for_git_too(world: World) -> None:
    world.save("page.png", b"page")
    world.save("stays.png", b"stays")
    world.settle()
    world.remove("page.png")
    world.wait(1)
    world.git = LOCK  # nobody looked since
    world.wait(5)
    assert "page.png" in world.remote
    world.save("page.png", b"of another branch")
    world.git = frozenset()
    world.settle()
    assert world.remote == world.local
    assert ("delete", "page.png") not in world.sent
