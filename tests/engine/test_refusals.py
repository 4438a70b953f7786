"""Paths that JATOS does not take: over restarts, and what ends a refusal."""

from __future__ import annotations

import zlib
from dataclasses import replace

import pytest

from jatossync.core.actions import Delete, Hash, Upload
from jatossync.core.jobs import Job, List, Refused, Result
from jatossync.core.model import Listing, Seen
from jatossync.core.paths import RelPath
from jatossync.core.ports import Settings
from jatossync.state.store import Store
from tests.engine.world import SERVER, World

A = RelPath("a.txt")


def no_uploads(job: Job) -> Result | None:
    return Refused("413: too large") if isinstance(job, Upload) else None


def no_uploads_for_good(job: Job) -> Result | None:
    return Refused("a token is in it", for_good=True) if isinstance(job, Upload) else None


def tries(world: World) -> int:
    return sum(isinstance(job, Upload | Delete) for job in world.jobs)


@pytest.fixture
def refused(world: World) -> World:
    """A world whose only file JATOS has refused twice, and then was asked for ever more slowly."""
    world.trouble = no_uploads
    world.save("a.txt", b"1")
    world.settle()
    world.wait(65)
    assert tries(world) == 3
    return world


def restarted(world: World, store: Store) -> World:
    """The same folder and the same JATOS with a new process."""
    store.commit()
    after = World(store)
    after.now_s = world.now_s
    after.local, after.stats, after.remote = world.local, world.stats, world.remote
    return after


def test_a_start_knows_what_was_refused_before_anything_is_asked(
    refused: World, store: Store
) -> None:
    assert restarted(refused, store).engine.report.refused[A].reason == "413: too large"


def test_a_start_tries_a_refused_file_once_and_then_as_slowly_as_before(
    refused: World, store: Store
) -> None:
    world = restarted(refused, store)
    world.trouble = no_uploads
    world.save("index.html", b"page", hint=False)
    world.trouble = lambda job: no_uploads(job) if getattr(job, "path", "") == A else None
    world.settle()
    assert world.remote == {"index.html": b"page"}, "a page waited for a refused file"
    world.wait(200)
    assert world.engine.report.refused[A].times == 4
    world.wait(60)
    assert world.engine.report.refused[A].times == 5


def test_a_start_never_tries_what_only_a_change_can_help(world: World, store: Store) -> None:
    world.trouble = no_uploads_for_good
    world.save("a.txt", b"1")
    world.settle()
    later = restarted(world, store)
    later.settle()
    later.wait(4000)
    assert tries(later) == 0
    assert later.engine.report.refused[A].reason == "a token is in it"
    later.save("a.txt", b"2")
    later.settle()
    assert later.remote == {"a.txt": b"2"}
    assert not later.engine.report.refused


def test_another_version_of_the_file_is_tried_at_once(refused: World) -> None:
    refused.trouble = lambda job: None
    refused.save("a.txt", b"2")
    refused.wait(1)
    assert refused.remote == {"a.txt": b"2"}
    assert not refused.engine.report.refused


def test_a_refused_file_is_tried_at_once_when_the_listing_shows_another_directory(
    refused: World,
) -> None:
    refused.settle()
    before = tries(refused)
    refused.wait(600)  # a verification without news: the refused file keeps its own time
    quiet = tries(refused) - before
    refused.remote["a.txt/in the way.txt"] = b"theirs"
    refused.wait(601)
    del refused.remote["a.txt/in the way.txt"]
    refused.wait(600)
    assert tries(refused) - before > quiet + 2


def test_a_file_elsewhere_in_the_listing_hastens_nothing(refused: World, store: Store) -> None:
    refused.wait(7200)
    before = tries(refused)
    refused.remote["elsewhere.txt"] = b"theirs"
    refused.wait(1300)
    assert tries(refused) <= before + 1


def test_another_version_of_jatos_has_refused_nothing_yet(refused: World, store: Store) -> None:
    world = restarted(refused, store)
    world.server = replace(SERVER, api_version="1.2.0")
    world.settle()
    assert world.remote == {"a.txt": b"1"}
    assert not store.refusals.all()


def test_a_jatos_that_is_updated_meanwhile_is_asked_anew(refused: World) -> None:
    refused.server = replace(SERVER, api_version="1.2.0")
    refused.trouble = lambda job: None
    refused.engine.link.refresh(refused.now_s)
    refused.wait(1)
    assert refused.remote == {"a.txt": b"1"}


def test_names_that_no_longer_arrive_are_left_alone_from_then_on(world: World) -> None:
    world.save("a+b.txt", b"1")
    world.settle()
    world.server = replace(SERVER, api_version="1.2.0", changed_on_the_way=frozenset("+"))
    world.engine.link.refresh(world.now_s)
    world.wait(1)
    world.save("a+b.txt", b"2")
    world.wait(1)
    world.remove("a+b.txt")
    world.wait(10)
    assert world.remote == {"a+b.txt": b"1"}
    assert world.sent == [("upload", "a+b.txt")]


def test_a_rehearsal_shows_refusals_and_forgets_none(refused: World, store: Store) -> None:
    store.commit()
    plan = World(store, Settings(dry_run=True))
    plan.settle()
    assert A in [refusal.path for refusal in store.refusals.all()]


def test_a_file_that_is_there_and_listed_under_no_such_name_is_never_deleted(world: World) -> None:
    """As behind a web server that turns the name into another one, both ways."""
    world.save("a.txt", b"1")
    world.save("index.html", b"2")
    world.settle()
    world.trouble = lambda job: elsewhere(world) if isinstance(job, List) else None
    world.wait(1300)
    world.remove("a.txt")
    world.wait(3000)
    assert "a.txt" in world.remote
    assert ("delete", "a.txt") not in world.sent
    assert "lists no such name" in world.engine.report.notes[A].why
    world.trouble = lambda job: None
    world.wait(1300)
    assert "a.txt" not in world.remote


def elsewhere(world: World) -> Listing:
    """What JATOS lists that stored a.txt under another name."""
    return Listing(
        {
            RelPath(path if path != A else "b.txt"): Seen(len(data), zlib.adler32(data))
            for path, data in world.remote.items()
        }
    )


def test_a_large_file_that_is_refused_for_good_is_not_read_again_at_every_look(
    world: World,
) -> None:
    world.large = {"a.txt"}
    world.trouble = no_uploads_for_good
    world.save("a.txt", b"1")
    world.settle()
    assert sum(isinstance(job, Hash) for job in world.jobs) == 1
    world.wait(3600)
    assert sum(isinstance(job, Hash) for job in world.jobs) == 1
    world.save("a.txt", b"2")
    world.settle()
    assert sum(isinstance(job, Hash) for job in world.jobs) == 2


def test_a_refused_delete_is_tried_soon_once_its_other_spelling_is_up(world: World) -> None:
    """A JATOS that takes both for one has these bytes under either name then."""
    for name in ("a.txt", "b.txt", "c.txt", "d.txt"):
        world.save(name, name.encode())
    world.settle()
    world.trouble = lambda job: (
        Refused("taken for the other") if isinstance(job, Upload | Delete) else None
    )
    world.remove("a.txt")
    world.save("A.txt", b"2")
    world.wait(1000)
    world.trouble = lambda job: None
    world.sent.clear()
    world.save("A.txt", b"3")
    world.wait(30)
    assert world.sent == [("upload", "A.txt"), ("delete", "a.txt")]
