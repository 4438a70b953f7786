"""What the histories have found: each was once the shortest one in which a law was broken."""

from __future__ import annotations

from tests.simulation.history import relive
from tests.simulation.operations import (
    Append,
    During,
    FolderGoes,
    Ignore,
    Invent,
    Kill,
    OthersPut,
    Reconfigure,
    Remove,
    Rename,
    Save,
    SaveTogether,
    Stop,
    Swap,
    TokenActive,
    Trouble,
    Wait,
    Write,
)
from tests.simulation.world import Setup


def test_a_delete_waits_for_uploads_whose_hints_came_a_moment_later() -> None:
    """
    Law 14. The hints of one save trickle in, so it becomes due in several passes; each was a burst
    of its own, and the deletes of the first did not wait for the uploads of the next. Seed 19.
    """
    relive(
        Setup(latency_s=1.0),
        [
            SaveTogether("w3", ("many/1.png", "img/b.png", ".env", "task.js", "img/a.png")),
            Wait(20.0),
            SaveTogether(
                "w1",
                ("café.txt", ".hidden", "#1.html", "many/3.css", "a+b.txt"),
                ("task.js", "many/1.css"),
            ),
        ],
    )


def test_an_answer_that_breaks_off_says_nothing_about_what_a_proxy_does_to_names() -> None:
    """Two cut answers to the probe, and `+` was never used again. Seed 5164."""
    relive(
        Setup(),
        [
            Write("a+b.txt", "v2", 900),
            Wait(1.0),
            Remove("a+b.txt"),
            Trouble("cut", "GET", 2),
            During("stat", 2, Kill()),
            Write("task.js", "201"),
            Wait(20.0),
        ],
    )


def test_a_changed_large_file_is_sent_though_a_listing_could_take_it_for_the_old_one() -> None:
    """
    Law 15. The old bytes and the new ones have one size and one Adler-32: what JATOS listed was
    taken for the new ones, which never went up. Seed 5212.
    """
    others = ("what?.txt", "many/0.css", "img/structure", "task.js", "style.css", "many/8.js")
    more = (" edge .txt ", *others, "structure", "many/9.png", "many/6.css", ".env", "many/1.png")
    relive(
        Setup(),
        [
            During("stat", 5, Write("data.js", "331", 400)),
            Wait(1.0),
            Wait(1.0),
            Trouble("drop", "HEAD", 2),
            SaveTogether("w2", more, ("many/9.png", "many/7.css")),
            Wait(3.0),
            Save("data.js", "250", 400),
        ],
    )


def test_what_is_hinted_at_holds_up_later_classes_while_all_is_looked_at() -> None:
    """Law 14, where the time for a look at everything has come between two hints. Seed 5370."""
    first = (" edge .txt ", "many/2.png", "index.html", "style.css", "img/a.png")
    second = ("data/x/list.json", "style.css", "many/1.css", "a+b.txt", "Case.js")
    third = ("index.html", "many/9.js", "#1.html", "data/x/list.json", "many/10.js", "many/0.css")
    more = ("many/6.png", "many/4.css", "many/3.css", "many/7.js", "img/a.png", "a+b.txt")
    relive(
        Setup(seed=5370, latency_s=1.0, scan_s=0.3),
        [
            Wait(204.15),
            SaveTogether("w1", first),
            Wait(20.4),
            SaveTogether("w1", second, ("img/a.png", "a+b.txt")),
            Wait(7.4),
            Append("Case.js", "v4"),
            Wait(0.4),
            Invent("data"),
            Wait(0.4),
            Write("data/x/list.json", "250", 900),
            Wait(70.4),
            SaveTogether("w1", third + more),
        ],
    )


def test_deletes_that_stand_in_the_way_are_counted_too() -> None:
    """Law 11. A file took the place of a directory: nobody counted what goes first. Seed 34."""
    many = ("img/b.png", "img/a.png", "many/2.css", "-rf", "data/x/list.json", "many/10.js")
    relive(
        Setup(max_files=2, latency_s=0.005),
        [
            Save("gone.js", "331"),
            SaveTogether("w2", (*many, "many/8.js", "many/1.js", "many/4.png", "many/3.css")),
            Wait(0.4),
            Remove("gone.js"),
            Wait(3.0),
            Swap("img", "v2"),
        ],
    )


def test_deletes_that_are_under_way_are_counted_too() -> None:
    """Law 11. One more became due while another had no answer yet. Seed 10081."""
    many = ("many/1.js", "many/0.css", "many/2.css", "many/6.png", "many/5.js", "task.js")
    more = ("many/7.png", "img/b.png", "many/3.js", "data/x/list.json", "many/4.png", "many/9.css")
    relive(
        Setup(max_files=2, latency_s=1.0),
        [
            SaveTogether("w2", (*many, *more), ("many/10.css", "many/3.js")),
            Wait(70.0),
            Rename("task.js", "img/a.png"),
            SaveTogether("w2", ("img/b.png", "style.css"), ("data/x/list.json",)),
            Swap("img", "v2"),
        ],
    )


def test_nobody_says_in_sync_while_the_folder_is_away() -> None:
    """Law 13. `status` said so, and exited with 0, with what was saved last not sent. Seed 132."""
    relive(
        Setup(),
        [
            Wait(3.0),
            Write("task.js", "v3", 2500),
            FolderGoes("unmounted"),
            Wait(70.0),
        ],
    )


def test_a_yes_to_a_conflict_is_one_to_overwriting() -> None:
    """
    Law 15, for people: many files differ at first contact and `conflict: hold` is set. Each yes to
    the conflicts held them as too many overwrites, each yes to those as conflicts. Seed 146446734.
    """
    names = ("a.png", "b.png", "c.png")
    theirs = [OthersPut(name, "theirs") for name in names]
    relive(Setup(conflict="hold", max_files=2), [*theirs, SaveTogether("w1", names), Wait(3.0)])


def test_what_a_long_look_keeps_from_its_turn_holds_up_later_classes() -> None:
    """Law 14: dirty for longer than a moment, and nobody could look at it. Seed 146447408."""
    first = ("img/a.png", "task.js", "many/3.js", "data/x/list.json", "many/1.png")
    second = ("many/2.css", "img/b.png", "many/5.js", "many/1.js", "many/7.css", "many/4.css")
    more = ("style.css", "many/8.css", "task.js", "index.html", "data/x/list.json", "many/3.png")
    relive(
        Setup(seed=146447408, latency_s=0.05, scan_s=0.3),
        [
            Wait(1.0),
            Wait(20.0),
            Wait(20.0),
            SaveTogether("w2", first),
            SaveTogether("w2", (*second, *more), ("img/a.png", "img/b.png")),
            Wait(70.0),
        ],
    )


def test_a_refusal_says_nothing_of_what_an_earlier_process_tried() -> None:
    """
    Law 7. Killed before the answer came, and the look after the start was refused: that the same
    had been tried before was forgotten, so what lies there was nobody's. Seed 146450775.
    """
    names = ("task.js", "structure", "img/b.png", "index.html", "case.js")
    relive(
        Setup(seed=146450775, dialect="3.8", scan_s=0.3),
        [
            SaveTogether("w1", names, ("many/3.css",)),
            During("effect", 9, Kill()),
            Wait(3.0),
            Trouble("status:404", "GET", 7),
            Wait(20.0),
        ],
    )


def test_nothing_is_in_sync_while_the_rules_are_in_doubt() -> None:
    """
    Law 13. A rule went while JATOS refused all requests; when it was noticed that it was missing,
    it held for ten seconds more, and what it hid was said to be in sync. Seed 44909259.
    """
    names = ("many/0.css", "many/3.css", "style.css", "img/b.png", "img/a.png")
    relive(
        Setup(latency_s=0.005),
        [
            Ignore("img"),
            Wait(70.0),
            TokenActive(False),
            SaveTogether("w3", ("style.css", "task.js")),
            *[Wait(20.0)] * 8,
            Ignore(""),
            Wait(20.0),
            SaveTogether("w1", names, ("img/b.png",)),
            Wait(1.0),
        ],
    )


def test_what_is_not_quiet_yet_holds_up_later_classes_however_long_the_quiet_window_is() -> None:
    """Law 14, where `quiet` is above a second: only what was told first counted. Seed 900000049."""
    first = ("many/2.css", "many/1.css", "many/0.js", "many/5.css", "many/3.png", "index.html")
    more = ("img/a.png", "many/8.png", "many/7.png", "many/9.png", "many/10.js")
    relive(
        Setup(latency_s=0.005, quiet="3s"),
        [Wait(0.05), SaveTogether("w2", (*first, "~tilde/~", *more)), Wait(20.0)],
    )


def test_what_is_answered_while_the_program_ends_is_kept_at_once() -> None:
    """
    Law 5. What was answered while the program waited for other requests to end was on disk only
    when it had ended: a kill cost seconds of answers, not a moment. Seed 1000002538.
    """
    names = ("img/a.png", "img/b.png", "many/3.png", "many/4.png", "many/5.png")
    relive(
        Setup(seed=1000002538, latency_s=4.0),
        [Wait(70.0), SaveTogether("w1", names), Wait(8.5), Stop(), Wait(3.0)],
    )


def test_what_a_jatos_that_cannot_list_may_take_for_another_file_holds_up_nothing_else() -> None:
    """
    Law 14 and 15. Two spellings of one name came to lie there with the same bytes, so that nobody
    can say whether they are two: what is saved is refused, and the rest goes on. Where the first
    refusal was forgotten, the next try was not. Seeds 1000002072 and 1000004382.
    """
    composed, decomposed = "caf\u00e9.txt", "cafe\u0301.txt"
    relive(
        Setup(dialect="3.8"),
        [
            Write(composed, "v3"),
            Write(decomposed, "v3"),
            Wait(20.0),
            SaveTogether("w1", ("many/0.js", "-rf", composed), ("many/0.js",)),
            Wait(20.0),
        ],
    )
    relive(
        Setup(seed=1000004382, dialect="3.8"),
        [
            SaveTogether("w2", ("many/0.js", "img/b.png", decomposed, "index.html")),
            SaveTogether("w2", ("img/a.png", composed, "many/7.png", "many/3.js")),
            Wait(70.0),
            SaveTogether("w2", (composed, "img/b.png", "many/0.png")),
        ],
    )


def test_a_yes_is_for_the_bytes_that_were_shown_also_when_others_lie_there_by_then() -> None:
    """
    Law 11. A person said yes to a conflict; what lay there by then was other bytes, which were put
    into the trash, and because of that overwritten without a question. Seeds 1000007611 and
    2125000291.
    """
    relive(
        Setup(conflict="hold"),
        [
            OthersPut("index.html", "201", 150),
            Wait(20.0),
            SaveTogether("w3", ("index.html", "café.txt")),
            Wait(160.0),
            OthersPut("index.html", "331"),
        ],
    )


def test_what_was_ignored_and_lies_there_with_other_bytes_is_asked_about_to_an_end() -> None:
    """
    Law 15. A yes to publishing it led to the conflict, and a yes to the conflict to the question
    whether to publish it, for ever. Seed 1000004783.
    """
    relive(
        Setup(conflict="hold", verify="1m"),
        [
            OthersPut("data/x/list.json", "theirs 120", 150),
            SaveTogether("w3", ("data/x/list.json", "img/a.png")),
            Ignore("data"),
            Wait(20.0),
            Ignore(""),
        ],
    )


def test_a_held_delete_stays_held_while_others_bytes_are_kept() -> None:
    """
    Law 11. Somebody changed it on JATOS while it waited for a person; once their bytes were in the
    trash, it was deleted, for the same bytes were there under another name. Seed 6300003814.
    """
    first = ("img/b.png", "many/5.png", "data/x/list.json", "many/3.css", "img/a.png", "task.js")
    relive(
        Setup(max_files=2, verify="1m"),
        [
            SaveTogether("w1", (*first, "structure", "many/9.png", "many/0.css", "style.css")),
            Wait(70.0),
            OthersPut("task.js", "v3"),
            SaveTogether("w1", ("many/1.png", "index.html", "img/a.png"), ("task.js",)),
            Save("index.html", "v3"),
            Rename("style.css", "img/a.png"),
            Write("img/a.png", "v1", 150),
            Remove("data/x/list.json"),
            Wait(3.0),
        ],
    )


def test_a_large_file_that_was_ignored_and_changed_meanwhile_waits_for_a_person() -> None:
    """
    Law 10. What was on JATOS before it was ignored counted as decided about while it was hashed,
    and was published at its next save. Seed 6500001672.
    """
    relive(
        Setup(),
        [
            SaveTogether("w3", ("many/4.js", "data/x/list.json", "img/a.png", "index.html")),
            Wait(3.0),
            Ignore("data"),
            Wait(70.0),
            Ignore(""),
            Write("data/x/list.json", "250", 900),
            Reconfigure("conflict", "keep-copy"),
            Wait(0.05),
        ],
    )


def test_nothing_is_asked_between_the_look_and_a_large_upload() -> None:
    """
    Law 4. Token, study and lock were asked for in between, which took half a minute on a slow
    JATOS; what somebody put there meanwhile was overwritten. Seed 6600005285.
    """
    relive(
        Setup(seed=6600005285, latency_s=8.0),
        [
            Wait(20.0),
            Write("node_modules/m.js", "331"),
            SaveTogether("w2", ("img/a.png", "task.js", "img/b.png", "many/3.js"), ("index.html",)),
            Rename("node_modules/m.js", "#1.html"),
            Save("img/b.png", "v3", 2500),
            Wait(20.0),
            SaveTogether("w3", ("data/x/list.json", "many/0.js", "index.html"), ("#1.html",)),
            OthersPut("img/b.png", "theirs v3"),
        ],
    )


def test_a_delete_is_no_upload_of_a_file_that_never_rests() -> None:
    """
    Law 14. Who saves a file again and again is followed at once for three uploads; its delete
    counted as one, and what needs the file did not wait for the third. Seed 7000008574.
    """
    relive(
        Setup(latency_s=0.005, quiet="10ms"),
        [
            SaveTogether("w1", ("img/a.png", "img/b.png", "task.js")),
            Wait(70.0),
            Remove("img/a.png"),
            Wait(3.0),
            Write("img/a.png", "v2"),
            Wait(0.4),
            Write("img/a.png", "v3"),
            Wait(0.4),
            SaveTogether("w2", ("img/a.png", "style.css", "index.html")),
            Wait(70.0),
        ],
    )
