"""threads.py: where the watcher leaves its hints, however many they are."""

from __future__ import annotations

from jatossync.core.debounce import FLOOD
from jatossync.core.paths import ROOT, RelPath
from jatossync.threads import Hints


def test_the_first_hint_wakes_and_those_after_it_do_not() -> None:
    woken = []
    hints = Hints(lambda: woken.append(1))
    hints.add(RelPath("a"), False)
    hints.add(RelPath("b"), False)
    assert (hints.take(), woken) == ({"a", "b"}, [1])
    hints.add(RelPath("c"), False)
    assert (hints.take(), woken) == ({"c"}, [1, 1])


def test_a_flood_of_hints_becomes_one_for_everything() -> None:
    hints = Hints(lambda: None)
    for number in range(FLOOD + 1):
        hints.add(RelPath(str(number)), False)
    assert hints.take() == {ROOT, str(FLOOD)}


def test_the_first_reason_for_a_loss_is_told_once() -> None:
    hints = Hints(lambda: None)
    hints.lose("the kernel dropped events")
    hints.lose("and more")
    assert (hints.take_loss(), hints.take_loss()) == ("the kernel dropped events", None)
