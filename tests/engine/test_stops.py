"""What refuses everything: nothing but probes, one message, and a full compare in the end."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jatossync.core.jobs import Ask, AskAgain, Job, List, Server, Stop, Stopped, Unavailable
from tests.engine.world import SERVER, World, asks_jatos

ON_3_8 = replace(SERVER, api_version="1.0.0")


def told(world: World) -> list[str]:
    """The names of the warnings since the last call."""
    names = [event.name for event in world.engine.report.events if event.level == "warning"]
    world.engine.report.events.clear()
    return names


def requests(world: World) -> list[Job]:
    """What was asked of JATOS since the last call."""
    found = [job for job in world.jobs if asks_jatos(job)]
    world.jobs.clear()
    return found


@pytest.mark.parametrize("server", [SERVER, ON_3_8])
def test_a_lock_is_told_once_asked_about_twice_a_minute_and_followed_by_a_compare(
    world: World, server: Server
) -> None:
    world.server = server
    world.save("a.txt", b"1")
    world.settle()
    world.wait(60)
    world.server = replace(server, locked=True)
    world.trouble = lambda job: (
        Stopped(Stop.LOCKED, "locked") if asks_jatos(job) and not isinstance(job, Ask) else None
    )
    world.save("a.txt", b"2")
    world.wait(2)
    requests(world)
    assert told(world) == ["JATOS refuses"]
    world.wait(300)
    assert told(world) == []
    assert 9 <= len(requests(world)) <= 11
    assert world.remote == {"a.txt": b"1"}
    world.server, world.trouble = server, lambda job: None
    world.remote["b.txt"] = b"theirs"
    world.wait(35)
    assert world.remote["a.txt"] == b"2"
    assert any(isinstance(job, List) for job in requests(world))


@pytest.mark.parametrize("can_list", [True, False])
def test_a_lock_is_noticed_by_the_next_verification_where_nothing_happens(
    world: World, can_list: bool
) -> None:
    world.can_list = can_list
    world.save("a.txt", b"1")
    world.settle()
    world.wait(3600)
    asked = [isinstance(job, Ask) for job in requests(world)]
    assert 6 <= sum(asked) <= 8, "once with each"
    world.server = replace(SERVER, locked=True)
    world.wait(601)
    assert told(world)[-1] == "JATOS refuses"
    assert isinstance(world.engine.link.trouble, Stopped)


@pytest.mark.parametrize("stop", [Stop.TOKEN, Stop.API_OFF, Stop.NO_ACCESS, Stop.ROLE])
def test_a_stop_is_told_once_and_probed_once_a_minute(world: World, stop: Stop) -> None:
    world.save("a.txt", b"1")
    world.settle()
    world.trouble = lambda job: Stopped(stop, "no") if asks_jatos(job) else None
    for number in range(20):
        world.save(f"{number}.png", b"2")
    world.wait(3)
    requests(world)
    assert told(world) == ["JATOS refuses"]
    world.wait(600)
    assert told(world) == []
    asked = requests(world)
    assert 9 <= len(asked) <= 11
    assert all(isinstance(job, Ask) for job in asked)


def test_a_stop_that_becomes_another_one_is_told_anew(world: World) -> None:
    world.settle()
    found = [Stopped(Stop.TOKEN, "dead")]
    world.trouble = lambda job: found[0] if asks_jatos(job) else None
    world.save("a.txt", b"1")
    world.wait(70)
    assert told(world) == ["JATOS refuses"]
    found[0] = Stopped(Stop.API_OFF, "off")
    world.wait(130)
    assert told(world) == ["JATOS refuses"]


def test_a_new_token_ends_the_wait_at_once(world: World) -> None:
    world.settle()
    world.trouble = lambda job: Stopped(Stop.TOKEN, "dead") if asks_jatos(job) else None
    world.save("a.txt", b"1")
    world.wait(3)
    assert world.remote == {}
    world.trouble = lambda job: None
    world.engine.command(AskAgain(), world.now_s)
    world.wait(1)
    assert world.remote == {"a.txt": b"1"}


def test_a_captive_portal_is_told_though_the_server_was_away_before(world: World) -> None:
    world.settle()
    found = [Unavailable("nobody answers")]
    world.trouble = lambda job: found[0] if asks_jatos(job) else None
    world.save("a.txt", b"1")
    world.wait(100)
    assert told(world) == ["JATOS is unavailable"]
    found[0] = Unavailable("an HTML page titled “Free Wi-Fi”", not_jatos=True)
    world.wait(200)
    assert told(world) == ["JATOS is unavailable"]
