"""The log of a burst: a few lines, and the sum of the rest."""

from __future__ import annotations

from collections.abc import Iterable

from jatossync.core.chatter import CALM_S, LINES, LINES_PER_S, SUM_S, Chatter
from jatossync.core.report import Event


def uploaded(n: int) -> Event:
    return Event("uploaded", "info", {"path": f"{n}.png", "size": 1000, "ms": 5})


def told(chatter: Chatter, events: Iterable[Event], at_s: float, apart_s: float = 0.0) -> list[str]:
    """The names of what is told at info."""
    names = []
    for event in events:
        heard = chatter.heard(event, at_s)
        names += [each.name for each in [heard, *chatter.sums(at_s)] if each.level == "info"]
        at_s += apart_s
    return names


def test_a_few_files_have_a_line_each() -> None:
    chatter = Chatter()
    assert told(chatter, map(uploaded, range(LINES)), 10.0) == ["uploaded"] * LINES
    assert not list(chatter.sums(10.0 + CALM_S))


def test_of_thousands_the_sum_is_told_once_it_is_calm() -> None:
    chatter = Chatter()
    assert told(chatter, map(uploaded, range(5000)), 10.0, 0.005) == ["uploaded"] * LINES
    assert not list(chatter.sums(35.0))
    (more,) = chatter.sums(35.0 + CALM_S)
    assert more.name == "uploaded more"
    assert more.fields["files"] == 5000 - LINES
    assert more.fields["size"] == 1000 * (5000 - LINES)
    assert 20_000 < int(str(more.fields["ms"])) < 25_000


def test_what_is_not_told_is_there_at_debug() -> None:
    chatter = Chatter()
    heard = [chatter.heard(uploaded(n), 10.0) for n in range(100)]
    assert [each.level for each in heard].count("debug") == 100 - LINES
    assert all(each.fields["path"] for each in heard)


def test_a_burst_that_takes_long_says_how_far_it_is() -> None:
    chatter = Chatter()
    names = told(chatter, map(uploaded, range(2000)), 10.0, 0.1)
    assert names.count("uploaded more") == int(2000 * 0.1 / SUM_S)
    assert names.count("uploaded") < 2 * LINES


def test_a_steady_pace_has_a_line_for_each_file_for_ever() -> None:
    chatter = Chatter()
    assert told(chatter, map(uploaded, range(300)), 10.0, 1 / LINES_PER_S) == ["uploaded"] * 300


def test_after_a_calm_files_have_lines_again() -> None:
    chatter = Chatter()
    told(chatter, map(uploaded, range(100)), 10.0)
    assert list(chatter.sums(20.0))
    assert told(chatter, [uploaded(1)], 21.0) == ["uploaded"]


def test_deletes_are_counted_by_themselves_and_trouble_is_always_told() -> None:
    chatter = Chatter()
    told(chatter, map(uploaded, range(LINES + 3)), 10.0)
    deleted = [Event("deleted", "info", {"path": f"{n}"}) for n in range(7)]
    refused = Event("refused", "warning", {"path": "x", "reason": "no"})
    assert told(chatter, deleted, 10.0) == []
    assert chatter.heard(refused, 10.0) is refused
    sums = list(chatter.sums(10.0, over=True))
    assert [(each.name, each.fields["files"]) for each in sums] == [
        ("uploaded more", 3),
        ("deleted more", 7),
    ]
