"""What random histories seldom bring about: each guard in the one moment in which it counts."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from jatossync.core.paths import RelPath
from tests.simulation.history import relive
from tests.simulation.operations import (
    Approve,
    During,
    FolderGoes,
    Hints,
    Ignore,
    Invent,
    Kill,
    Link,
    Lock,
    Operation,
    OthersPut,
    Pause,
    Readable,
    Remove,
    Rewrite,
    SaveTogether,
    Trouble,
    Truncate,
    Wait,
    Write,
)
from tests.simulation.world import Setup, World


@dataclass(frozen=True)
class Told(Operation):
    """A look at what is told of a path that is refused."""

    path: str
    words: str

    def do(self, world: World) -> None:
        """It says so."""
        assert world.engine is not None
        assert self.words in world.engine.report.refused[RelPath(self.path)].reason


SAVED: list[Operation] = [Write("img/a.png", "v1"), Write("img/b.png", "v2"), Wait(70.0)]


@pytest.mark.parametrize(
    "what",
    [Readable("img", False), FolderGoes("empty"), FolderGoes("unmounted")],
    ids=["unreadable", "replaced", "unmounted"],
)
def test_what_cannot_be_seen_at_the_moment_of_a_delete_is_not_deleted(what: Operation) -> None:
    """Laws 2 and 3: a scan had found it gone."""
    relive(Setup(), [*SAVED, During("delete", 1, what), Remove("img/a.png"), Wait(70.0)])


def test_a_directory_that_closes_while_jatos_is_looked_at_lets_nothing_be_deleted() -> None:
    """Laws 2 and 3: all that was asked before the last guard still said that it was gone."""
    closes = During("delete", 1, During("request", 1, Readable("img", False)))
    relive(Setup(), [*SAVED, closes, Remove("img/a.png"), Wait(70.0)])


def test_a_delete_that_waits_for_an_unreadable_directory_of_like_name_says_so() -> None:
    """Law 13: it was tried every two seconds, for ever, and nobody was told why."""
    files = ("IMG/a.png", "IMG/b.png", "img/structure")
    waits = [Readable("img", False), Wait(3.0), Remove("IMG/b.png"), Wait(70.0)]
    told = Told("IMG/b.png", "cannot be looked at: img")
    relive(Setup(), [SaveTogether("w3", files), Wait(20.0), *waits, told])


@pytest.mark.parametrize("gone", ["data/x/list.json", "data"])
def test_what_is_ignored_stays_on_jatos_when_it_is_deleted_here(gone: str) -> None:
    """Law 10: neither the file is deleted there nor those of a directory."""
    ignored = [Ignore("data"), Wait(60.0), Remove(gone), Wait(70.0)]
    relive(Setup(), [Write("data/x/list.json", "v1"), *SAVED, *ignored])


def test_nobody_wants_to_delete_what_is_in_a_directory_that_cannot_be_read() -> None:
    """Law 2."""
    saved = [Write("task.js", "v3"), *SAVED, Wait(70.0)]
    relive(Setup(max_share=1.0), [*saved, Readable("img", False), Wait(70.0)])


@pytest.mark.parametrize("after_s", [0.6, 1.2, 1.8])
def test_two_writes_in_one_tick_of_the_disk_are_two_versions(after_s: float) -> None:
    """Law 15."""
    setup = Setup(tick_ms=2000, latency_s=0.005)
    relive(setup, [*SAVED, Rewrite("img/a.png", "v3", "v4", after_s), Wait(3.0)])


def test_what_is_written_in_one_tick_between_scan_and_upload_is_noticed() -> None:
    """Law 5."""
    rewritten = During("request", 1, Write("img/a.png", "v4", keep_mtime=True))
    setup = Setup(tick_ms=2000, latency_s=1.0)
    relive(setup, [*SAVED, rewritten, Write("img/a.png", "v3"), Wait(20.0)])


def test_a_lock_counts_where_jatos_does_not_enforce_it() -> None:
    """Law 9, surprise 6: JATOS 3.8 stores what it is sent, locked or not."""
    locked = [Lock(True), Wait(200.0), Write("img/a.png", "v3"), Wait(200.0)]
    relive(Setup(dialect="3.8"), [*SAVED, *locked])


def test_an_approval_is_for_what_was_shown() -> None:
    """Law 11: somebody wrote once more before what was approved could be done."""
    drift = [OthersPut("img/a.png", "theirs"), Wait(700.0)]
    meanwhile = [
        Pause(True),
        Wait(5.0),
        Approve("drift"),
        Wait(5.0),
        OthersPut("img/a.png", "later"),
    ]
    relive(Setup(), [*SAVED, *drift, *meanwhile, Pause(False), Wait(70.0)])


@pytest.mark.parametrize("policy", ["drift", "conflict"])
def test_what_others_wrote_waits_where_the_user_wants_that(policy: str) -> None:
    """Law 11."""
    mine = [Pause(True), Write("img/a.png", "mine"), Wait(5.0)] if policy == "conflict" else []
    theirs = [OthersPut("img/a.png", "theirs"), Pause(False), Wait(700.0)]
    relive(Setup(conflict="hold"), [*SAVED, *mine, *theirs])


@pytest.mark.parametrize("size", [0, 900], ids=["small", "large"])
def test_a_rule_that_went_while_nobody_ran_publishes_nothing(size: int) -> None:
    """Law 10."""
    hidden = [Ignore("img"), Wait(20.0), Write("img/a.png", "v1", size), Wait(70.0)]
    relive(Setup(), [*hidden, Kill(), Ignore(""), Wait(70.0)])


@pytest.mark.parametrize("label", ["token", "key"])
def test_what_is_secret_stays_here(label: str) -> None:
    """Law 12."""
    relive(Setup(), [*SAVED, Write("img/a.png", label), Write("key.txt", label), Wait(20.0)])


@pytest.mark.parametrize("name", [".env", "id_rsa", "jatos_results_1.txt", "node_modules/m.js"])
def test_names_that_may_be_secret_stay_here(name: str) -> None:
    """Law 12."""
    relive(Setup(), [*SAVED, Write(name, "v1"), Wait(20.0)])


@pytest.mark.parametrize("target", ["index.html", "data"])
def test_where_a_symlink_leads_is_no_content_of_its_own(target: str) -> None:
    """Laws 2 and 6."""
    there = [Write("index.html", "v3"), Write("data/a.png", "v4")]
    relive(Setup(max_share=1.0), [*SAVED, *there, Wait(20.0), Link("img", target), Wait(70.0)])


def test_deletes_do_not_wait_for_what_jatos_will_never_take() -> None:
    """Law 9: where an upload needs a directory, there is a file of somebody else."""
    stands = [OthersPut("blocked", "theirs"), Wait(700.0)]
    both = SaveTogether("w1", ("blocked/a.txt", "task.js"), ("img/b.png",))
    relive(Setup(), [*SAVED, *stands, both, Wait(70.0)])


def test_deletes_before_a_restart_count() -> None:
    """Law 11."""
    saved = SaveTogether("w1", ("a.png", "b.png", "c.png", "d.png", "e.png"))
    removed = [Remove("a.png"), Remove("b.png"), Wait(20.0), Kill(), Wait(20.0), Remove("c.png")]
    relive(Setup(max_files=2), [saved, Wait(20.0), *removed, Wait(20.0)])


def test_a_file_that_becomes_empty_is_not_deleted() -> None:
    """Law 3."""
    relive(Setup(), [*SAVED, Truncate("img/a.png"), Wait(70.0)])


def test_what_nobody_told_of_is_found() -> None:
    """Law 1."""
    relive(Setup(), [*SAVED, Hints("lost"), Write("img/a.png", "v3"), Wait(410.0), Wait(1.0)])


def test_a_folder_that_is_away_stops_what_waits() -> None:
    """Law 2: what was decided before does not go out from wherever it is now."""
    waits = [Pause(True), Write("img/a.png", "v3"), Remove("img/b.png"), Wait(10.0)]
    relive(Setup(), [*SAVED, *waits, FolderGoes("moved"), Wait(10.0), Pause(False), Wait(70.0)])


def test_a_rule_that_is_being_written_hides_what_comes_meanwhile() -> None:
    """Law 10: nothing that it hid is there to be remembered; a checkout brings both anew."""
    hidden = [Ignore("img"), Wait(400.0), Ignore(""), Wait(2.0)]
    relive(Setup(), [*hidden, Write("img/a.png", "v1"), Wait(4.0), Ignore("img"), Wait(70.0)])


def test_deletes_that_wait_go_on_waiting_when_one_of_them_is_back() -> None:
    """Law 11: those that are left would not have been too many."""
    saved = SaveTogether("w1", tuple(f"many/{number}.png" for number in range(9)))
    removed = [Remove(f"many/{number}.png") for number in range(3)]
    back = [Write("many/0.png", "v1"), Wait(20.0), Invent("many"), Wait(700.0)]
    relive(Setup(max_files=2, max_share=1.0), [saved, Wait(20.0), *removed, Wait(20.0), *back])


def test_a_listing_that_takes_long_says_nothing_of_what_was_saved_meanwhile() -> None:
    """Law 13: some of the old versions are in it, and nobody else changed anything."""
    names = tuple(f"many/{number}.png" for number in range(3))
    slow = [Trouble("slow:8", "LIST"), Trouble("slow:10", "POST", 3), Wait(529.2)]
    saved = [SaveTogether("w1", names), Wait(70.0), *slow, SaveTogether("w2", names)]
    relive(Setup(), [*saved, Wait(30.0)])


def test_a_rule_that_goes_publishes_nothing() -> None:
    """Law 10: neither while the file of rules is dropped for a moment nor when it is gone."""
    relive(
        Setup(),
        [
            *[Ignore("img"), Wait(20.0), Write("img/a.png", "v1"), Wait(70.0)],
            *[Ignore(""), Wait(2.0), Ignore("img"), Wait(70.0), Ignore(""), Wait(70.0)],
        ],
    )


def test_nothing_is_in_sync_while_the_rules_are_in_doubt() -> None:
    """Law 13: what a rule hides that is missing for a moment may have to wait for a person."""
    hidden = [Ignore("img"), Wait(70.0), Ignore(""), Wait(0.5)]
    relive(Setup(), [*hidden, Write("img/a.png", "v1"), Wait(2.0), Wait(70.0)])


LATE_AND_NOT_SEEN = Setup(seed=7)
"""With this one JATOS acts on what was sent before a kill 29 s after it."""


def test_what_comes_after_a_kill_and_after_the_next_look_is_ours() -> None:
    """Law 15: the whole file was sent, and is gone here when the program starts again."""
    gone, killed = During("chunk", 2, Remove("task.js")), During("chunk", 2, Kill())
    relive(LATE_AND_NOT_SEEN, [*SAVED, gone, killed, Write("task.js", "v1"), Wait(100.0)])


def test_what_comes_after_a_kill_over_newer_bytes_is_overwritten() -> None:
    """Law 15, and law 13: nobody else touched it."""
    newer, killed = During("chunk", 2, Write("task.js", "v2")), During("chunk", 2, Kill())
    relive(LATE_AND_NOT_SEEN, [*SAVED, newer, killed, Write("task.js", "v1"), Wait(100.0)])


@pytest.mark.parametrize("drift", ["hold", "restore"])
@pytest.mark.parametrize("dialect", ["3.10", "3.8"])
def test_what_was_cut_off_and_comes_late_does_not_stay(dialect: str, drift: str) -> None:
    """Law 15: an upload after its file was written again, or is gone; a delete after it is back."""
    history: list[Operation] = [Trouble("late:20", "POST", 2)]
    history += [Write("task.js", "v1"), Write("style.css", "v1"), Wait(1.5)]
    history += [Remove("task.js"), Write("style.css", "v2"), Wait(70.0)]
    history += [Trouble("late:20", "DELETE"), Remove("img/a.png"), Wait(4.0)]
    history += [Write("img/a.png", "v3"), Wait(70.0)]
    relive(Setup(dialect=dialect, drift=drift), [*SAVED, *history])


def test_older_bytes_of_ours_that_a_listing_shows_wait_for_nobody() -> None:
    """Laws 13 and 15."""
    history: list[Operation] = [Trouble("late:3", "POST"), Write("task.js", "v1"), Wait(1.5)]
    history += [Write("task.js", "v2"), Wait(3.0), Kill(), Wait(20.0)]
    relive(Setup(), [*SAVED, *history])
