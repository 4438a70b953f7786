"""The engine on a simulated clock: the road of a saved file, and what may happen on it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jatossync.core.actions import Delete, Upload
from jatossync.core.jobs import (
    Ask,
    Job,
    List,
    Overtaken,
    Refused,
    Result,
    RootGone,
    Scan,
    Stop,
    Stopped,
    Unavailable,
)
from jatossync.core.model import Listing, Seen
from jatossync.core.paths import RelPath
from jatossync.core.plan import Policy
from jatossync.core.ports import Settings
from jatossync.state.store import Store
from tests.engine.world import SERVER, World, asks_jatos


class LoseOnce:
    """JATOS takes the first upload, and its answer is lost."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._lost = False

    def __call__(self, job: Job) -> Result | None:
        if self._lost or not isinstance(job, Upload):
            return None
        self._lost = True
        self._world.act(job)
        return Unavailable("the connection broke")


def test_a_full_pass_with_a_listing_is_what_a_start_is(world: World) -> None:
    world.save("index.html", b"page", hint=False)
    world.settle()
    assert world.remote == {"index.html": b"page"}
    assert [type(job) for job in world.jobs[:3]] == [Ask, Scan, List]


def test_a_second_pass_over_an_unchanged_folder_sends_nothing(store: Store, world: World) -> None:
    world.save("index.html", b"page")
    world.settle()
    again = World(store)
    again.local, again.stats, again.remote = world.local, world.stats, world.remote
    again.settle()
    assert again.sent == []


def test_a_saved_file_waits_for_the_quiet_window_and_goes_up(world: World) -> None:
    world.settle()
    world.save("task.js", b"1")
    world.wait(0.2)
    assert world.remote == {}
    world.wait(0.2)
    assert world.remote == {"task.js": b"1"}


def test_a_file_that_is_saved_again_and_again_goes_up_after_the_longest_wait(world: World) -> None:
    world.save("data.log", b"0")
    world.settle()
    world.sent.clear()
    for n in range(60):
        world.save("data.log", b"%d" % (n + 1))
        world.wait(0.1)
    assert world.sent == [("upload", "data.log")]


def test_a_new_file_that_still_grows_goes_up_when_it_rests(world: World) -> None:
    world.settle()
    for n in range(100):
        world.save("video.mp4", b"x" * n or b"x")
        world.wait(0.1)
    assert world.sent == []
    world.settle()
    assert world.sent == [("upload", "video.mp4")]


def test_a_deleted_file_is_deleted_after_the_delay(world: World) -> None:
    world.save("old.png", b"png")
    world.save("other.png", b"other")
    world.settle()
    world.remove("old.png")
    world.wait(2.0)
    assert "old.png" in world.remote
    world.wait(0.5)
    assert world.remote == {"other.png": b"other"}


def test_a_file_that_comes_back_within_the_delay_is_never_deleted(world: World) -> None:
    world.save("a.txt", b"1")
    world.settle()
    world.remove("a.txt")
    world.wait(1.5)
    world.save("a.txt", b"2")
    world.settle()
    assert world.sent == [("upload", "a.txt"), ("upload", "a.txt")]
    assert world.remote == {"a.txt": b"2"}


def test_a_rename_uploads_the_bytes_once_and_deletes_the_old_name_after_that(world: World) -> None:
    world.save("a.txt", b"1")
    world.settle()
    world.remove("a.txt")
    world.save("b.txt", b"1")
    world.settle()
    assert world.sent[1:] == [("upload", "b.txt"), ("delete", "a.txt")]


def test_an_answer_that_is_lost_and_then_a_crash_is_ours_and_is_deleted_with_the_file(
    store: Store, world: World
) -> None:
    world.settle()

    def lost(job: Job) -> Result | None:
        if isinstance(job, Upload):
            world.remote[job.path] = world.local[job.path]
            return Unavailable("the connection broke")
        return None

    world.save("other.txt", b"other")
    world.settle()
    world.trouble = lost
    world.save("a.txt", b"1")
    world.wait(0.5)
    assert world.remote["a.txt"] == b"1"
    restarted = World(store)
    restarted.remote = world.remote
    restarted.save("other.txt", b"other")
    restarted.settle()
    assert restarted.remote == {"other.txt": b"other"}
    assert restarted.sent == [("delete", "a.txt")]


def test_a_delete_whose_answer_is_lost_does_not_hide_that_the_file_is_gone_there(
    store: Store, world: World
) -> None:
    world.save("a.txt", b"1")
    world.save("other.txt", b"other")
    world.settle()

    def lost(job: Job) -> Result | None:
        if isinstance(job, Delete):
            del world.remote[job.path]
            return Unavailable("the connection broke")
        return None

    world.trouble = lost
    world.remove("a.txt")
    world.wait(3)
    assert world.remote == {"other.txt": b"other"}
    restarted = World(store)
    restarted.can_list = False
    restarted.save("a.txt", b"1", hint=False)
    restarted.settle()
    assert restarted.remote == {"a.txt": b"1"}


def test_one_probe_finds_out_that_the_server_is_back(world: World) -> None:
    for n in range(20):
        world.save(f"{n}.png", b"%d" % n, hint=False)
    world.trouble = lambda job: Unavailable("nobody answers") if asks_jatos(job) else None
    world.wait(300)
    probes = [job for job in world.jobs if isinstance(job, Ask)]
    assert len(world.jobs) == len(probes)
    assert 5 <= len(probes) <= 15
    world.trouble = lambda job: None
    world.settle()
    assert len(world.remote) == 20


def test_work_goes_on_where_it_stood_when_the_server_is_back(world: World) -> None:
    world.settle()
    down = [True]
    world.trouble = lambda job: Unavailable("503") if down[0] and asks_jatos(job) else None
    world.save("a.txt", b"1")
    world.wait(10)
    assert world.remote == {}
    down[0] = False
    world.settle()
    assert world.remote == {"a.txt": b"1"}
    assert world.sent == [("upload", "a.txt")]


def test_a_file_deleted_while_the_server_is_down_is_deleted_when_it_is_back(world: World) -> None:
    world.save("a.txt", b"1")
    world.settle()
    down = [True]
    world.trouble = lambda job: Unavailable("503") if down[0] and asks_jatos(job) else None
    world.save("b.txt", b"2")
    world.wait(5)
    world.remove("a.txt")
    world.wait(60)
    down[0] = False
    world.settle()
    assert world.remote == {"b.txt": b"2"}


def test_a_refused_token_stops_everything_but_one_probe_a_minute(world: World) -> None:
    world.settle()
    refusal = Stopped(Stop.TOKEN, "the token is refused")
    world.trouble = lambda job: refusal if asks_jatos(job) else None
    world.save("a.txt", b"1")
    world.save("b.txt", b"1")
    world.wait(1)
    world.jobs.clear()
    world.wait(600)
    assert {type(job) for job in world.jobs} == {Ask}
    assert 9 <= len(world.jobs) <= 10


def test_nothing_is_written_to_a_locked_study_until_it_is_unlocked(world: World) -> None:
    world.server = replace(SERVER, locked=True)
    world.save("a.txt", b"1")
    world.wait(100)
    assert world.sent == []
    world.server = SERVER
    world.settle()
    assert world.remote == {"a.txt": b"1"}


def test_a_folder_that_is_gone_deletes_nothing_and_is_compared_when_it_is_back(
    world: World,
) -> None:
    world.save("a.txt", b"1")
    world.settle()
    world.trouble = lambda job: RootGone("it was deleted") if isinstance(job, Scan) else None
    world.remove("a.txt")
    world.wait(60)
    assert world.remote == {"a.txt": b"1"}
    assert world.engine.report.root_trouble == "it was deleted"
    world.trouble = lambda job: None
    world.save("a.txt", b"2", hint=False)
    world.settle()
    assert world.remote == {"a.txt": b"2"}
    assert world.engine.report.root_trouble is None


def test_deletes_that_wait_are_forgotten_when_the_folder_goes(world: World) -> None:
    world.save("a.txt", b"1")
    world.settle()
    world.remove("a.txt")
    world.wait(1)
    world.trouble = lambda job: RootGone("unmounted") if isinstance(job, Scan) else None
    world.engine.lost(world.now_s)
    world.wait(60)
    assert world.remote == {"a.txt": b"1"}


def test_a_file_changed_on_jatos_is_held_and_left_alone(world: World) -> None:
    world.save("a.txt", b"1")
    world.settle()
    world.remote["a.txt"] = b"theirs"
    world.wait(601)
    world.settle()
    assert world.remote == {"a.txt": b"theirs"}
    assert [held.reason for held in world.engine.report.held] == ["changed on JATOS"]


def test_with_restore_a_file_changed_on_jatos_is_kept_and_then_restored(store: Store) -> None:
    world = World(store, Settings(policy=Policy(drift="restore")))
    world.save("a.txt", b"1")
    world.settle()
    world.remote["a.txt"] = b"theirs"
    world.wait(601)
    world.settle()
    assert world.remote == {"a.txt": b"1"}
    assert world.trash == [b"theirs"]


@pytest.mark.parametrize("adopted", [False, True])
@pytest.mark.parametrize("answered", [False, True])
def test_with_restore_a_file_is_put_back_once_and_then_held(
    store: Store, adopted: bool, answered: bool
) -> None:
    world = World(store, Settings(policy=Policy(drift="restore")))
    world.save("a.txt", b"1", hint=False)
    if adopted:
        world.remote["a.txt"] = b"1"
    world.settle()
    if not answered:
        world.trouble = LoseOnce(world)
    for theirs in (b"theirs", b"theirs again"):
        world.remote["a.txt"] = theirs
        world.wait(601)
        world.settle()
    assert world.remote == {"a.txt": b"theirs again"}
    assert world.trash == [b"theirs"]
    (held,) = world.engine.report.held
    assert "again after it was put back" in held.reason


def test_an_edit_on_jatos_is_in_the_trash_before_it_is_overwritten(world: World) -> None:
    world.save("a.txt", b"1")
    world.settle()
    world.remote["a.txt"] = b"theirs"
    world.save("a.txt", b"2")
    world.settle()
    assert world.remote == {"a.txt": b"2"}
    assert world.trash == [b"theirs"]


def test_what_lies_on_jatos_already_is_adopted_without_an_upload(world: World) -> None:
    world.save("a.txt", b"1", hint=False)
    world.save("c.txt", b"3", hint=False)
    world.remote = {"a.txt": b"1", "b.txt": b"foreign", "c.txt": b"3"}
    world.settle()
    assert world.sent == []
    assert world.engine.report.totals.adopted == 2
    world.remove("a.txt")
    world.settle()
    assert world.remote == {"b.txt": b"foreign", "c.txt": b"3"}


def test_a_file_uploaded_while_the_listing_is_made_is_not_taken_for_removed(world: World) -> None:
    world.settle()

    def save_meanwhile(job: Job) -> None:
        if isinstance(job, List) and "late.txt" not in world.remote:
            world.save("late.txt", b"1")
            world.remote["late.txt"] = b"1"

    with world.happening(save_meanwhile):
        world.wait(601)
        world.settle()
    assert not world.engine.report.held
    assert world.remote == {"late.txt": b"1"}


def test_a_large_burst_is_looked_at_by_one_listing(world: World) -> None:
    world.settle()
    world.jobs.clear()
    for n in range(60):
        world.save(f"{n}.png", b"%d" % n)
    world.settle()
    assert len(world.remote) == 60
    assert sum(isinstance(job, List) for job in world.jobs) == 1
    assert not any(job.look for job in world.jobs if isinstance(job, Upload))


def test_a_small_burst_looks_at_each_path_and_lists_nothing(world: World) -> None:
    world.settle()
    world.jobs.clear()
    for n in range(5):
        world.save(f"{n}.png", b"%d" % n)
    world.settle()
    assert not any(isinstance(job, List) for job in world.jobs)
    assert all(job.look for job in world.jobs if isinstance(job, Upload))


def test_a_path_has_one_request_at_a_time_and_is_looked_at_again_after_it(world: World) -> None:
    world.settle()

    def save_meanwhile(job: Job) -> None:
        if isinstance(job, Upload) and world.local["a.txt"] == b"1":
            world.save("a.txt", b"2")

    with world.happening(save_meanwhile):
        world.save("a.txt", b"1")
        world.settle()
    assert world.remote == {"a.txt": b"2"}


def test_a_refused_file_is_tried_once_more_at_once_then_slowly(world: World) -> None:
    world.settle()
    world.trouble = lambda job: Refused("400") if isinstance(job, Upload) else None
    world.save("a.txt", b"1")
    world.save("b.txt", b"1")
    world.wait(5)
    tries = [job for job in world.jobs if isinstance(job, Upload)]
    assert len(tries) == 4
    assert set(world.engine.report.refused) == {"a.txt", "b.txt"}
    assert world.engine.settled
    world.trouble = lambda job: None
    world.wait(70)
    assert world.remote == {"a.txt": b"1", "b.txt": b"1"}
    assert not world.engine.report.refused


def test_a_name_that_jatos_cannot_hold_is_noted_and_never_sent(world: World) -> None:
    world.save("what?.txt", b"1")
    world.save("a.txt", b"1")
    world.settle()
    assert world.remote == {"a.txt": b"1"}
    assert "what?.txt" in world.engine.report.notes


def test_an_empty_file_leaves_the_last_full_version_there(world: World) -> None:
    world.save("a.txt", b"1")
    world.settle()
    world.save("a.txt", b"")
    world.settle()
    assert world.remote == {"a.txt": b"1"}
    assert "a.txt" in world.engine.report.notes


def test_a_dry_run_decides_everything_and_changes_nothing(store: Store) -> None:
    world = World(store, Settings(dry_run=True))
    world.save("new.txt", b"1")
    world.save("same.txt", b"2")
    world.remote["same.txt"] = b"2"
    world.settle()
    assert world.remote == {"same.txt": b"2"}
    assert sorted((type(c).__name__, c.path) for c in world.engine.planned) == [
        ("Adopt", "same.txt"),
        ("Upload", "new.txt"),
    ]


def test_a_path_that_never_gets_an_answer_stops_holding_up_the_others(world: World) -> None:
    world.settle()
    world.trouble = lambda job: (
        Unavailable("504 from the proxy")
        if isinstance(job, Upload) and job.path == "huge.mp4"
        else None
    )
    world.save("huge.mp4", b"1")
    world.save("page.html", b"2")
    world.wait(60)
    assert world.remote == {"page.html": b"2"}
    assert world.engine.report.refused[RelPath("huge.mp4")].reason == "504 from the proxy"
    assert world.engine.link.up


def test_many_requests_that_fail_at_once_are_one_failure(world: World) -> None:
    world.settle()
    down = [True]
    world.trouble = lambda job: Unavailable("503") if down[0] and isinstance(job, Upload) else None
    for n in range(8):
        world.save(f"{n}.png", b"%d" % n)
    world.wait(0.4)
    down[0] = False
    world.wait(2)
    assert len(world.remote) == 8


def test_what_stays_held_is_said_once(world: World) -> None:
    world.save("a.txt", b"1")
    world.settle()
    world.remote["a.txt"] = b"theirs"
    for _ in range(5):
        world.wait(601)
        world.settle()
    said = [event.name for event in world.engine.report.events]
    assert said.count("held") == 1


def test_a_held_file_that_is_put_right_on_jatos_is_no_longer_held(world: World) -> None:
    world.save("a.txt", b"1")
    world.settle()
    world.remote["a.txt"] = b"theirs"
    world.wait(601)
    world.settle()
    world.remote["a.txt"] = b"1"
    world.wait(601)
    world.settle()
    assert not world.engine.report.held


def test_a_refusal_ends_with_its_file(world: World) -> None:
    world.settle()
    world.trouble = lambda job: (
        Refused("a token is in it", for_good=True) if isinstance(job, Upload) else None
    )
    world.save("a.txt", b"1")
    world.settle()
    assert "a.txt" in world.engine.report.refused
    world.remove("a.txt")
    world.settle()
    assert not world.engine.report.refused


def test_after_an_outage_everything_is_compared_with_a_listing(world: World) -> None:
    world.save("a.txt", b"1")
    world.settle()
    down = [True]
    world.trouble = lambda job: Unavailable("503") if down[0] and asks_jatos(job) else None
    world.save("b.txt", b"2")
    world.wait(10)
    world.remote["a.txt"] = b"theirs"
    down[0] = False
    world.jobs.clear()
    world.settle()
    assert any(isinstance(job, List) for job in world.jobs)
    assert set(world.engine.report.held.paths) == {"a.txt"}


def test_an_upload_that_was_overtaken_is_looked_at_again(world: World) -> None:
    world.settle()
    overtaken = iter([Overtaken("it was replaced while it was sent")])
    world.trouble = lambda job: next(overtaken, None) if isinstance(job, Upload) else None
    world.save("a.txt", b"1")
    world.wait(1)
    assert world.remote == {"a.txt": b"1"}


def test_a_file_that_changes_while_it_is_sent_goes_up_again_without_another_hint(
    world: World,
) -> None:
    world.settle()
    world.latency_s = lambda job: 2.0 if isinstance(job, Upload) else 0.0
    world.save("a.txt", b"1")
    world.wait(1)
    assert [type(job) for _, _, job in world.running] == [Upload]
    world.save("a.txt", b"2", hint=False)
    world.engine.lost(world.now_s)
    world.wait(10)
    assert world.remote == {"a.txt": b"2"}


def test_a_file_is_not_taken_for_removed_by_a_listing_that_began_before_its_upload(
    world: World,
) -> None:
    world.save("a.txt", b"1", hint=False)
    world.latency_s = lambda job: 5.0 if isinstance(job, List) else 0.0
    world.settle()
    world.wait(597)
    assert [type(job) for _, _, job in world.running] == [List]
    listing_without_it = Listing(dict.fromkeys([RelPath("a.txt")], Seen(1, 3276849, modified_ms=5)))
    world.trouble = lambda job: listing_without_it if isinstance(job, List) else None
    world.save("b.txt", b"2")
    world.wait(100)
    assert not world.engine.report.held
    assert world.remote == {"a.txt": b"1", "b.txt": b"2"}


def test_a_page_waits_for_scripts_that_are_written_after_it(world: World) -> None:
    world.settle()
    for n in range(20):
        world.save(f"{n:02}.html", b"%d" % n)
        world.wait(0.05)
        world.save(f"{n:02}.js", b"%d" % n)
        world.wait(0.05)
    world.settle()
    kinds = [path.rpartition(".")[2] for _, path in world.sent]
    assert kinds == ["js"] * 20 + ["html"] * 20


def test_a_page_does_not_wait_for_a_log_that_is_written_all_the_time(world: World) -> None:
    world.settle()
    for n in range(30):
        world.save("data.log", b"%d" % n)
        world.wait(0.1)
    world.save("page.html", b"1")
    for n in range(5):
        world.save("data.log", b"more %d" % n)
        world.wait(0.1)
    assert world.remote == {"page.html": b"1"}


# --- history --------------------------------------------------------------------------------------


def test_what_happened_belongs_to_the_burst_it_went_out_with_also_after_a_restart(
    store: Store,
) -> None:
    for name in ("a.html", "b.html"):
        world = World(store)
        world.save("a.html", b"a")
        if name == "b.html":
            world.remote = {"a.html": b"a"}
            world.save("b.html", b"b")
        world.settle()
    first, second = store.history.newest()
    assert (first.path, second.path) == ("b.html", "a.html")
    assert first.burst != second.burst
