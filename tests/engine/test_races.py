"""What may go wrong where decisions, questions and requests about the same files overlap."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from jatossync.core.actions import Delete, Hash, Look, Upload
from jatossync.core.jobs import AlreadyThere, Job, List, Provenance, Refused, Result, Unavailable
from jatossync.core.limits import Limits
from jatossync.core.paths import RelPath
from jatossync.core.ports import Settings
from jatossync.state.store import Store
from tests.engine.world import World, asks_jatos, content_of

THEIRS = b"a colleague's work"


def takes(**seconds: float) -> Callable[[Job], float]:
    """How long each kind of job takes."""
    return lambda job: seconds.get(type(job).__name__, 0.0)


def save_many(world: World, data: bytes, count: int = 60) -> None:
    for n in range(count):
        world.save(f"f{n:02}", data)


def kept_or_there(world: World) -> bool:
    return THEIRS in [*world.trash, *world.remote.values()]


# --- large files and their hashes -----------------------------------------------------------------


def test_a_large_file_that_is_seen_again_before_its_hash_goes_up_once(world: World) -> None:
    world.large = {"1.mp4", "2.mp4"}
    world.settle()
    world.latency_s = takes(Hash=3.0, Upload=20.0)
    world.save("1.mp4", b"1")
    world.save("2.mp4", b"2")
    world.wait(1)
    world.engine.hint(RelPath("2.mp4"), world.now_s)
    world.wait(60)
    assert sorted(world.sent) == [("upload", "1.mp4"), ("upload", "2.mp4")]


def test_rescans_do_not_pile_up_hashes(world: World) -> None:
    world.large = {f"{n}.mp4" for n in range(50)}
    for name in world.large:
        world.save(name, name.encode(), hint=False)
    world.latency_s = takes(Hash=2.0)
    for _ in range(20):
        world.engine.lost(world.now_s)
        world.wait(15)
    assert sum(isinstance(job, Hash) for job in world.jobs) == 50


def test_a_rescan_does_not_hash_again_what_waits_for_its_turn(world: World) -> None:
    world.large = {f"{n}.mp4" for n in range(20)}
    for name in world.large:
        world.save(name, name.encode(), hint=False)
    world.latency_s = takes(Upload=600.0)
    world.wait(3600)
    assert sum(isinstance(job, Hash) for job in world.jobs) == 20


def test_a_rescan_does_not_cut_short_the_wait_of_a_large_refused_file(world: World) -> None:
    world.large = {"big.mp4"}
    world.trouble = lambda job: Refused("413") if isinstance(job, Upload) else None
    world.save("big.mp4", b"1")
    world.wait(24 * 3600)
    assert sum(isinstance(job, Upload) for job in world.jobs) < 40


def test_a_renamed_large_file_is_up_before_its_old_name_is_deleted(world: World) -> None:
    world.large = {"a.mp4", "b.mp4"}
    world.save("a.mp4", b"video")
    world.settle()
    world.sent.clear()
    world.latency_s = takes(Hash=10.0)
    world.save("b.mp4", b"video")
    world.remove("a.mp4")
    world.settle()
    assert world.sent == [("upload", "b.mp4"), ("delete", "a.mp4")]


def test_a_page_waits_for_a_script_that_is_still_being_hashed(world: World) -> None:
    world.large = {"app.js"}
    world.settle()
    world.latency_s = takes(Hash=1.0)
    world.save("app.js", b"1")
    world.save("index.html", b"1")
    world.settle()
    assert world.sent == [("upload", "app.js"), ("upload", "index.html")]


@pytest.mark.parametrize("can_list", [False, True])
@pytest.mark.parametrize("older", [b"", b"shorter", b"as long"])
def test_a_large_file_whose_answer_was_lost_is_not_sent_again(
    store: Store, can_list: bool, older: bytes
) -> None:
    world = World(store)
    world.can_list = can_list
    world.look_small = False
    world.save("a.mp4", older)
    world.settle()
    lost: list[Job] = []

    def lose_the_first(job: Job) -> Result | None:
        if not isinstance(job, Upload) or lost:
            return None
        lost.append(job)
        world.act(job)
        return Unavailable("the answer was lost")

    world.trouble = lose_the_first
    world.sent.clear()
    world.save("a.mp4", b"not old")
    world.settle()
    world.wait(60)
    assert world.sent == [("upload", "a.mp4")]
    assert store.rows([RelPath("a.mp4")])[RelPath("a.mp4")].content == content_of(b"not old")


# --- looks that come late -------------------------------------------------------------------------


def after_a_reimport(store: Store) -> World:
    """All files have a new time on JATOS, so many are to be looked at, two at a time."""
    world = World(store, Settings(workers=2))
    save_many(world, b"v1", 6)
    world.settle()
    world.wait(601)  # the times on JATOS are known now
    world.listed_ms = 6
    return world


def test_a_save_while_its_look_waits_is_what_the_manifest_says_in_the_end(store: Store) -> None:
    world = after_a_reimport(store)
    world.latency_s = takes(Look=2.0, Upload=3.0)
    world.wait(601)
    world.save("f05", b"version 2")
    world.wait(60)
    assert world.remote["f05"] == b"version 2"
    row = store.rows([RelPath("f05")])[RelPath("f05")]
    assert row.content == content_of(b"version 2")


def test_a_look_never_settles_what_an_upload_under_way_attempts(store: Store) -> None:
    world = after_a_reimport(store)
    world.latency_s = takes(Look=2.0, Upload=30.0)
    world.wait(599)
    world.save("f05", b"version 2")
    world.wait(10)
    assert [job.path for _, _, job in world.running if isinstance(job, Upload)] == ["f05"]
    assert store.attempts([RelPath("f05")])


def test_a_path_that_cannot_be_seen_is_held_and_holds_up_nobody(world: World) -> None:
    world.remote["a.js"] = THEIRS
    world.trouble = lambda job: Unavailable("broke off") if isinstance(job, Look) else None
    world.save("a.js", b"1")
    world.save("b.js", b"2")
    world.wait(3600)
    assert world.engine.settled
    assert sum(isinstance(job, Look) for job in world.jobs) < 50
    assert sum(isinstance(job, List) for job in world.jobs) < 50
    assert set(world.engine.report.held.paths) == {"a.js"}
    assert world.remote == {"a.js": THEIRS, "b.js": b"2"}


def test_two_hundred_conflicts_are_one_burst(store: Store) -> None:
    world = World(store, Settings(limits=Limits(max_files=200, max_share=1.0)))
    for n in range(200):
        world.remote[f"f{n}"] = THEIRS
        world.save(f"f{n}", b"ours")
    world.settle()
    assert sum(isinstance(job, Provenance) for job in world.jobs) == 1


# --- a listing instead of looks -------------------------------------------------------------------


def test_a_listing_from_before_an_outage_is_no_look(world: World) -> None:
    save_many(world, b"v1")
    world.settle()
    world.latency_s = takes(Upload=0.1)
    offline = [False]

    def lid_closed(job: Job) -> Result | None:
        if isinstance(job, Upload):
            offline[0] = True
        return Unavailable("offline") if offline[0] and asks_jatos(job) else None

    world.trouble = lid_closed
    save_many(world, b"v2")
    world.wait(7200)
    world.remote["f50"] = THEIRS
    world.trouble = lambda job: None
    world.settle()
    assert kept_or_there(world)


def test_a_listing_from_minutes_ago_is_no_look_before_an_upload(world: World) -> None:
    save_many(world, b"v1")
    world.settle()
    world.latency_s = takes(Upload=60.0)
    save_many(world, b"v2")
    world.wait(120)
    world.remote["f55"] = THEIRS
    world.settle()
    assert kept_or_there(world)


def test_a_listing_from_minutes_ago_is_no_look_before_a_delete(world: World) -> None:
    save_many(world, b"v1")
    world.settle()
    world.latency_s = takes(Delete=5.0)
    for n in range(60):
        world.remove(f"f{n:02}")
    world.wait(6)
    world.remote["f55"] = THEIRS
    world.settle()
    assert kept_or_there(world)


def test_nothing_is_settled_before_a_listing_that_was_lost_is_made_up_for(
    store: Store, world: World
) -> None:
    world.save("a.js", b"1")
    world.settle()
    again = World(store)
    again.local, again.stats = world.local, world.stats
    again.remote = {"a.js": THEIRS}
    lost = iter([Unavailable("down")])
    again.trouble = lambda job: next(lost, None) if isinstance(job, List) else None
    again.settle()
    assert set(again.engine.report.held.paths) == {"a.js"}


# --- refusals -------------------------------------------------------------------------------------


def test_a_refused_upload_makes_nothing_ours(store: Store, world: World) -> None:
    world.settle()
    world.trouble = lambda job: Refused("413", for_good=True) if isinstance(job, Upload) else None
    world.save("video.mp4", b"bytes")
    world.wait(5)
    assert not store.attempts([RelPath("video.mp4")])
    world.remote["video.mp4"] = b"bytes"
    world.trouble = lambda job: None
    world.remove("video.mp4")
    world.settle()
    assert world.remote == {"video.mp4": b"bytes"}


def test_a_refusal_after_a_lost_answer_does_not_forget_what_may_be_there(
    store: Store, world: World
) -> None:
    world.settle()
    answers: Iterator[Result] = iter(
        [Unavailable("the connection broke"), Refused("400"), Refused("400")]
    )
    world.trouble = lambda job: next(answers, None) if isinstance(job, Upload) else None
    world.save("a.txt", b"1")
    world.wait(3)
    assert store.attempts([RelPath("a.txt")])


def test_a_refusal_is_tried_again_before_anything_is_settled(world: World) -> None:
    refusals = iter([Refused("400 Error writing file")])
    world.trouble = lambda job: next(refusals, None) if isinstance(job, Upload) else None
    world.save("a.js", b"1")
    world.settle()
    assert world.remote == {"a.js": b"1"}


def test_a_refused_delete_does_not_hold_up_for_ever_what_it_stands_in_the_way_of(
    world: World,
) -> None:
    world.save("a", b"1")
    world.settle()
    world.trouble = lambda job: Refused("405") if isinstance(job, Delete) else None
    world.remove("a")
    world.save("a/x", b"2")
    world.wait(120)
    assert world.engine.settled


def test_a_large_file_that_nobody_compared_is_not_adopted_by_its_size(world: World) -> None:
    world.can_list = False
    world.look_small = False
    world.remote["a.wav"] = b"OLD!"
    world.save("a.wav", b"NEW!")
    world.settle()
    assert world.remote["a.wav"] == b"NEW!"
    assert world.trash == [b"OLD!"]


def test_what_lies_under_a_name_may_be_another_spellings_until_one_has_it_for_good(
    world: World, store: Store
) -> None:
    """A JATOS that ignores case: `A.txt` is renamed to `a.txt`, and a new `A.txt` made."""
    world.save("A.txt", b"one")
    world.settle()
    world.trouble = lambda job: (
        AlreadyThere() if isinstance(job, Upload) and job.path == "a.txt" else None
    )
    world.remove("A.txt")
    world.save("a.txt", b"one")
    world.wait(1.0)
    assert store.known(RelPath("A.txt")), "its delete waits"
    world.trouble = lambda job: (
        Refused("JATOS takes it for a.txt", taken=True)
        if isinstance(job, Upload) and job.path == "A.txt"
        else None
    )
    world.save("A.txt", b"new")
    world.wait(1.0)
    first, *again = uploads(world, "A.txt")[1:]
    assert first.rivals == {("a.txt", content_of(b"one"))}
    assert again
    assert not any(job.replaceable for job in again), "nothing that lies there is its own"
    assert store.paths() == {"a.txt"}
    world.save("a.txt", b"edited")
    world.wait(1.0)
    assert not uploads(world, "a.txt")[-1].rivals, "it is the only one that lies there"


def uploads(world: World, path: str) -> list[Upload]:
    """The tries to send it, so far."""
    return [job for job in world.jobs if isinstance(job, Upload) and job.path == path]
