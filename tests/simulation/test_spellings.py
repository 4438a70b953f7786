"""
What the histories found on a JATOS whose disk takes two names for one, as on Windows and macOS.

Of two files that it takes for one, one goes up and the other is refused, whatever comes in between.
"""

from __future__ import annotations

import pytest

from tests.simulation.history import relive
from tests.simulation.operations import (
    Append,
    During,
    Kill,
    Operation,
    OthersPut,
    Readable,
    Reconfigure,
    Rename,
    Rewrite,
    Save,
    SaveTogether,
    Trouble,
    Wait,
    Write,
)
from tests.simulation.world import Setup

COMPOSED, DECOMPOSED = "caf\u00e9.txt", "cafe\u0301.txt"


@pytest.mark.parametrize("names", ["fold", "nfd"])
def test_what_was_renamed_in_case_or_form_is_there_once_and_goes_with_its_file(names: str) -> None:
    relive(
        Setup(names=names),
        [
            Write(COMPOSED, "v1"),
            Write("Case.js", "v1"),
            Wait(20.0),
            Rename(COMPOSED, DECOMPOSED),
            Rename("Case.js", "case.js"),
            Wait(20.0),
            Write("case.js", "v2"),
            Rename(DECOMPOSED, "img/a.png"),
        ],
    )


def test_what_was_renamed_is_deleted_though_an_empty_file_of_its_name_stands_here() -> None:
    """
    Law 15. JATOS takes the empty file, which is never sent, for the one that is gone here. That
    one counted as replaced: it was forgotten, and stayed on JATOS for ever. Seed 44.
    """
    relive(
        Setup(names="fold"),
        [
            Write("Case.js", ""),
            Save("case.js", "v3", 900),
            Wait(20.0),
            Rename("case.js", "style.css"),
        ],
    )


def test_an_upload_whose_answer_is_lost_is_not_taken_for_the_other_file() -> None:
    """
    Law 15. Its next try found the very bytes, as if they were those of the other name: it was
    refused and forgotten, and both were refused from then on. Seed 119.
    """
    relive(
        Setup(dialect="3.8", names="fold"),
        [
            Rewrite("img/a.png", "v1", "v4", 0.8),
            Trouble("lose", "POST", 7),
            SaveTogether("w3", ("IMG/a.png", "style.css", "task.js", "many/1.js")),
            Wait(70.0),
        ],
    )


def test_what_lies_there_is_told_by_its_bytes_where_both_names_were_once_sent() -> None:
    """
    Law 7. With two rows for one file each was refused because of the other, and both rows were
    forgotten. Seed 113.
    """
    history: list[Operation] = [
        SaveTogether("w3", ("img/b.png", "task.js", "Case.js", COMPOSED, "many/2.js")),
        Wait(3.0),
        Rename(COMPOSED, "img/a.png"),
        SaveTogether("w2", ("img/a.png", "many/2.js", DECOMPOSED, "img/b.png", "Case.js")),
        Wait(70.0),
        During("request", 5, Kill()),
        SaveTogether("w2", (DECOMPOSED, COMPOSED)),
        Wait(0.4),
    ]
    relive(Setup(names="fold", deletes="keep"), history)


def test_a_file_with_bytes_of_both_names_is_its_own_until_the_other_was_acknowledged() -> None:
    """Law 5. An upload that waited, of the same bytes, made them doubtful. Seed 1063."""
    relive(
        Setup(seed=1063, names="fold", latency_s=8.0),
        [
            Wait(20.0),
            SaveTogether("w2", ("task.js", "Index.html", "IMG/a.png", "café.txt", "many/3.css")),
            Wait(70.0),
            SaveTogether(
                "w2",
                ("café.txt", "index.html", "Case.js", "many/3.png", "many/2.js"),
                ("IMG/a.png",),
            ),
            Wait(23.4),
            Rewrite("café.txt", "v4", "v3", 1.7),
            SaveTogether(
                "w2",
                ("many/2.js", "many/0.css", "Index.html", "many/3.png", "index.html"),
                ("many/3.png",),
            ),
            Wait(40.0),
            SaveTogether("w1", ("index.html", "Index.html", "Case.js")),
        ],
    )


def test_a_yes_to_overwriting_what_is_listed_under_another_spelling_is_heard() -> None:
    """
    Law 15. The listing does not show what the person was shown, so a yes led to another question,
    and a yes to that to the first one, for ever. Seed 2058.
    """
    relive(
        Setup(names="fold", conflict="hold", latency_s=0.05, scan_s=0.3, verify="1m"),
        [
            Save("style.css", "331", 400),
            During("request", 5, Kill()),
            During("chunk", 3, OthersPut("img/a.png", "theirs v4", 150)),
            SaveTogether("w3", ("cafe\u0301.txt", "many/1.png", "Case.js")),
            Wait(3.0),
            SaveTogether(
                "w1", ("index.html", "caf\u00e9.txt", "Index.html", "IMG/a.png", "many/1.js")
            ),
        ],
    )


def test_what_took_the_place_of_another_spelling_is_known_as_that_no_more() -> None:
    """
    Law 13. The old name kept its row, so that a new file of that name, with the bytes it once had,
    was in sync at once. Seed 7500.
    """
    relive(
        Setup(names="fold", deletes="keep", quiet="10ms"),
        [
            SaveTogether("w1", ("Case.js", "index.html", "img/b.png", "case.js")),
            Wait(3.0),
            SaveTogether("w1", ("Index.html", "case.js"), ("task.js", "Case.js")),
            Wait(70.0),
            Rename("Index.html", "Case.js"),
        ],
    )


def test_bytes_that_were_never_sent_for_the_other_file_are_taken_over() -> None:
    """
    Law 7. What a killed process had brought under the other name was refused to both, and nobody
    knew any more whose it was. Seed 6000002426, 40 steps.
    """
    relive(
        Setup(seed=6000002426, names="fold", latency_s=8.0),
        [
            SaveTogether("w3", ("IMG/a.png", COMPOSED, "Case.js", "case.js", "many/1.png")),
            Write(DECOMPOSED, "120", 2500),
            Save("img/b.png", "201", 900),
            Wait(70.0),
            During("effect", 9, Kill()),
            Wait(70.0),
            SaveTogether("w3", (DECOMPOSED, "Case.js", "index.html"), ("IMG/a.png",)),
            SaveTogether(
                "w3",
                (
                    *("many/7.css", "many/0.js", "case.js", "data/x/list.json", "many/10.js"),
                    *("index.html", "many/8.css", "many/2.css", COMPOSED, "many/5.css"),
                    *("many/6.png", "style.css"),
                ),
                ("many/6.png", "img/a.png"),
            ),
        ],
    )


def test_what_cannot_be_looked_at_is_not_overwritten_under_another_spelling() -> None:
    """
    Laws 2 and 13. While its directory could not be read a file was not known to be here, so that
    one of the other spelling took its place on JATOS, which was called drift. Seed 6100004192.
    """
    relive(
        Setup(names="fold"),
        [
            SaveTogether("w2", ("img/a.png", "img/structure")),
            SaveTogether("w3", ("IMG/a.png",)),
            Wait(3.0),
            Readable("img", False),
            Wait(70.0),
        ],
    )


def test_what_was_taken_over_after_the_listing_is_not_overwritten_under_another_spelling() -> None:
    """
    Law 3. What a killed process had brought to JATOS was adopted after the listing by a look, and
    nobody remembered that it is there when a file of the other spelling had its bytes. Seed
    6400000251.
    """
    relive(
        Setup(seed=6400000251, names="fold", scan_s=0.3),
        [
            Write("Case.js", "v2"),
            Trouble("drop", "POST", 7),
            Wait(3.0),
            During("request", 3, Write("data/x/list.json", "v2")),
            During("stat", 2, Save("img/a.png", "v3", 0)),
            During("effect", 1, Save("img/a.png", "331", 0)),
            Wait(3.0),
            During("stat", 9, Kill()),
            Wait(70.0),
            Rewrite("IMG/a.png", "v4", "v3", 0.8),
            Wait(20.0),
            Append("IMG/a.png", "v3"),
        ],
    )


@pytest.mark.parametrize("names", ["exact", "fold"])
def test_what_somebody_else_put_under_a_name_with_another_spelling_is_kept_first(
    names: str,
) -> None:
    """
    Law 4. A listing stood for the look of a large burst, though meanwhile one had looked there for
    the other spelling's sake. Seed 6700006939.
    """
    more = ("img/b.png", "many/8.png", "many/6.js", "data/x/list.json", "IMG/a.png", "many/10.png")
    last = ("Case.js", "many/1.js", "many/5.css", DECOMPOSED, "many/3.js", "many/4.css")
    relive(
        Setup(names=names, scan_s=0.3),
        [
            During("effect", 1, Save("data/x/list.json", "v1", 900)),
            Save(COMPOSED, "v4", 900),
            Wait(70.0),
            SaveTogether("w2", ("data/x/list.json", COMPOSED), (COMPOSED, DECOMPOSED)),
            During("stat", 5, OthersPut(COMPOSED, "120", 0)),
            SaveTogether("w2", (*more, *last)),
            Reconfigure("deletes", "keep"),
            Wait(70.0),
        ],
    )


@pytest.mark.parametrize("names", ["exact", "nfd", "fold"])
@pytest.mark.parametrize("dialect", ["3.10", "3.8"])
def test_a_file_that_is_moved_over_its_other_spelling_is_deleted_under_its_old_name(
    names: str, dialect: str
) -> None:
    """
    Laws 7 and 15. Of large files a look tells only the size: the old name, which had the new bytes
    all along, counted as replaced with them, and stayed on JATOS for ever. Seed 6800007418.
    """
    relive(
        Setup(dialect=dialect, names=names),
        [
            Save("case.js", "v4", 400),
            Save("Case.js", "v1", 400),
            Wait(3.0),
            Rename("Case.js", "case.js"),
        ],
    )


def test_what_has_the_size_of_both_spellings_is_read_to_tell_whose_it_is() -> None:
    """
    Law 7. What JATOS had of one name was taken for bytes that were never sent for the other, for
    their size: it was forgotten, and both were refused from then on. Seed 6900006361.
    """
    relive(
        Setup(names="fold", latency_s=8.0),
        [
            Write("Index.html", "331", 400),
            Wait(70.0),
            Rewrite("index.html", "v1", "v3", 1.7),
            SaveTogether("w2", ("img/b.png", "Index.html")),
            Save("index.html", "250", 400),
            Reconfigure("max_files", 20),
        ],
    )
