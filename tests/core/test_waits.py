"""core/debounce.py, link.py and retry.py: what waits is told the time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jatossync.core.debounce import FLOOD, Debounce
from jatossync.core.jobs import Stop, Stopped, Unavailable
from jatossync.core.link import Link
from jatossync.core.paths import ROOT, RelPath
from jatossync.core.retry import path_wait_s, server_wait_s
from tests.engine.world import SERVER

A, B = RelPath("a.txt"), RelPath("b.txt")


def test_a_path_is_due_when_it_has_been_quiet() -> None:
    dirty = Debounce(quiet_s=0.3)
    dirty.mark(A, 0.0, 5)
    dirty.mark(A, 0.2, 5)
    assert dirty.take(0.4, ()) == frozenset()
    assert dirty.wake_s(0.4, ()) == 0.5
    assert dirty.take(0.5, ()) == {A}
    assert dirty.wake_s(0.5, ()) is None


def test_a_path_that_never_rests_is_due_after_its_longest_wait() -> None:
    dirty = Debounce(quiet_s=0.3)
    for tenth in range(60):
        dirty.mark(A, tenth / 10, 5)
    assert dirty.take(5.0, ()) == {A}


def test_a_busy_path_stays_dirty() -> None:
    dirty = Debounce(quiet_s=0.3)
    dirty.mark(A, 0, 5)
    assert dirty.take(1, {A}) == frozenset()
    assert dirty.wake_s(1, {A}) is None
    assert dirty.take(1, ()) == {A}


def test_a_visit_is_due_at_its_time_and_the_earliest_counts() -> None:
    dirty = Debounce(quiet_s=0.3)
    dirty.visit(A, 60)
    dirty.visit(A, 10)
    dirty.visit(A, 90)
    assert dirty.take(9, ()) == frozenset()
    assert dirty.take(10, ()) == {A}
    assert dirty.take(100, ()) == frozenset()


def test_a_flood_of_paths_becomes_the_whole_folder() -> None:
    dirty = Debounce(quiet_s=0.3)
    for n in range(FLOOD + 1):
        dirty.mark(RelPath(f"{n}.txt"), 0, 5)
    assert dirty.take(1, ()) == {ROOT}


def test_the_server_is_probed_ever_more_slowly_up_to_once_a_minute() -> None:
    assert [server_wait_s(n, 1.0) for n in (1, 2, 3, 7, 50)] == [1, 2, 4, 60, 60]
    assert server_wait_s(3, 0.0) == 2


def test_a_refused_path_is_tried_once_at_once_then_from_a_minute_to_an_hour() -> None:
    assert path_wait_s(1) < 1
    assert [path_wait_s(n) for n in (2, 3, 4, 50)] == [60, 120, 240, 3600]


def test_a_server_that_fails_is_asked_again_after_the_back_off() -> None:
    link = Link(lambda: 1.0)
    assert link.ask_s == 0.0
    link.failed(Unavailable("nobody answers"), 10)
    assert not link.up
    assert link.ask_s == 11
    link.probed(Unavailable("busy", retry_after_s=120), 11)
    assert link.ask_s == 131
    link.probed(Unavailable("busy", retry_after_s=9999), 131)
    assert link.ask_s == 131 + 300


def test_a_server_that_answers_again_is_not_asked_for_no_reason() -> None:
    link = Link(lambda: 1.0)
    link.failed(Unavailable("nobody answers"), 10)
    assert link.answered(SERVER, 500)
    assert link.up
    assert link.ask_s is None


@pytest.mark.parametrize(
    ("stop", "wait_s"), [(Stop.TOKEN, 60), (Stop.API_OFF, 60), (Stop.LOCKED, 30)]
)
def test_what_refuses_everything_is_probed_slowly(stop: Stop, wait_s: float) -> None:
    link = Link(lambda: 1.0)
    link.answered(SERVER, 0)
    link.failed(Stopped(stop, "no"), 10)
    assert link.ask_s == 10 + wait_s


def test_a_locked_study_is_no_trouble_that_has_ended() -> None:
    link = Link(lambda: 1.0)
    link.failed(Unavailable("down"), 0)
    assert not link.answered(replace(SERVER, locked=True), 1)
    assert not link.up
    assert link.answered(SERVER, 31)


def test_a_request_that_ends_late_does_not_shorten_a_stop() -> None:
    link = Link(lambda: 1.0)
    link.answered(SERVER, 0)
    assert link.failed(Stopped(Stop.TOKEN, "dead"), 10)
    assert not link.failed(Unavailable("broke off"), 11)
    assert not link.failed(Stopped(Stop.API_OFF, "off"), 11)
    assert link.ask_s == 70


def test_a_stop_outdoes_a_server_that_is_away() -> None:
    link = Link(lambda: 1.0)
    link.answered(SERVER, 0)
    link.failed(Unavailable("broke off"), 10)
    assert link.failed(Stopped(Stop.TOKEN, "dead"), 10)
    assert link.ask_s == 70


def test_the_longest_wait_that_any_of_many_answers_asks_for_is_kept() -> None:
    link = Link(lambda: 1.0)
    link.answered(SERVER, 0)
    link.failed(Unavailable("broke off"), 10)
    assert not link.failed(Unavailable("busy", retry_after_s=90), 10)
    assert link.ask_s == 100


def test_people_are_told_of_each_kind_of_trouble_once() -> None:
    link = Link(lambda: 1.0)
    link.answered(SERVER, 0)
    link.failed(Stopped(Stop.TOKEN, "dead"), 10)
    assert not link.is_news(Stopped(Stop.TOKEN, "dead, in other words"))
    assert link.is_news(Stopped(Stop.API_OFF, "off"))
    assert link.is_news(Unavailable("away"))
    link.probed(Unavailable("away"), 100)
    assert not link.is_news(Unavailable("away, otherwise"))
    assert link.is_news(Unavailable("a captive portal", not_jatos=True))


def test_an_answer_is_fresh_for_ten_seconds() -> None:
    link = Link(lambda: 1.0)
    link.answered(SERVER, 100)
    assert link.fresh(109)
    assert not link.fresh(111)
    link.refresh(111)
    assert link.ask_s == 111
