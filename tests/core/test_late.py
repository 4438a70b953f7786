"""Until when JATOS may act on what had no answer, and where that would change something."""

from __future__ import annotations

from jatossync.core.late import LATE_S, Late
from jatossync.core.model import Content
from jatossync.core.paths import RelPath

PATH = RelPath("a.txt")
OLD, NEW = Content(10, "a" * 64, 1), Content(20, "b" * 64, 2)
HUGE = Content(2**30, "c" * 64, 3)


def test_it_is_over_after_a_while_and_told_until_it_ends() -> None:
    late = Late()
    late.sent(PATH, [OLD], 5.0)
    assert late.next_s == 5.0 + LATE_S
    assert late.over(4.9 + LATE_S) == []
    assert late.over(5.0 + LATE_S) == [PATH]
    late.put_off(PATH, 100.0)
    assert late.over(99.0) == []
    assert late.over(100.0) == [PATH]
    late.end(PATH)
    assert late.over(1000.0) == []
    assert late.of(PATH) == ()


def test_a_large_body_takes_longer_to_store() -> None:
    late = Late()
    late.sent(PATH, [HUGE], 0.0)
    assert late.over(LATE_S + 255) == []
    assert late.over(LATE_S + 256) == [PATH]


def test_a_jatos_that_was_away_has_all_its_time_anew() -> None:
    late = Late()
    late.sent(PATH, [OLD, None], 0.0)
    late.back(50.0)
    assert late.over(49.9 + LATE_S) == []
    assert late.over(50.0 + LATE_S) == [PATH]


def test_what_would_change_nothing_is_not_awaited() -> None:
    late = Late()
    late.sent(PATH, [OLD], 0.0)
    late.acknowledged(PATH, OLD)
    assert not late.awaited
    late.acknowledged(PATH, NEW)
    assert late.awaited == {PATH}
    late.sent(PATH, [None], 0.0)
    late.acknowledged(PATH, None)
    assert late.awaited == {PATH}
    late.end(PATH)
    assert not late.awaited
