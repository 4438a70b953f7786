"""A file that never rests, such as a log: now and then it goes up, and it holds nothing else up."""

from __future__ import annotations

import pytest

from tests.engine.world import World


@pytest.fixture
def logged(world: World) -> World:
    """In step, and a log in it."""
    for path in ("run.log", "old.png", "stays.png"):
        world.save(path, b"first")
    world.settle()
    world.wait(60)
    world.sent.clear()
    return world


def write_log(world: World, seconds: float, every_s: float) -> None:
    for n in range(round(seconds / every_s)):
        world.save("run.log", b"line %d" % n)
        world.wait(every_s)


@pytest.mark.parametrize("every_s", [0.1, 0.5, 1.0, 3.0])
def test_it_goes_up_once_in_the_longest_wait_but_for_its_first_saves(
    logged: World, every_s: float
) -> None:
    write_log(logged, 60, every_s)
    uploads = len(logged.sent)
    assert 60 / 5 - 1 <= uploads <= 60 / 5 + 3
    logged.settle()
    assert logged.remote == logged.local


def test_three_saves_in_a_row_go_up_at_once(logged: World) -> None:
    for n in range(3):
        logged.save("run.log", b"%d" % n)
        logged.wait(0.5)
        assert logged.remote["run.log"] == b"%d" % n


@pytest.mark.parametrize("every_s", [0.1, 0.5])
def test_neither_pages_nor_deletes_wait_for_it(logged: World, every_s: float) -> None:
    write_log(logged, 10, every_s)
    logged.save("run.log", b"in the same burst")
    logged.save("page.html", b"page")
    logged.remove("old.png")
    write_log(logged, 2.8, every_s)
    assert "page.html" in logged.remote
    assert "old.png" not in logged.remote


def test_what_refuses_to_hold_still_while_it_is_sent_holds_up_no_delete(logged: World) -> None:
    def meanwhile(job: object) -> None:
        if type(job).__name__ == "Upload":
            logged.save("run.log", logged.local["run.log"] + b".")

    logged.latency_s = lambda job: 0.2 if type(job).__name__ == "Upload" else 0.0
    logged.save("run.log", b"begins")
    logged.remove("old.png")
    with logged.happening(meanwhile):
        logged.wait(4)
    assert "old.png" not in logged.remote
