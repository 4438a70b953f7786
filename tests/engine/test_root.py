"""A folder that is not what it was: nothing is sent for it, and it is said."""

from jatossync.core.jobs import Ask, Job, Result, RootGone, Scan, Unavailable
from tests.engine.world import World


def trouble(world: World) -> str | None:
    return world.engine.report.root_trouble


def gone(job: Job) -> Result | None:
    return RootGone("it was unmounted") if isinstance(job, Scan) else None


def test_a_folder_that_goes_is_said_once_and_nothing_is_sent_until_it_is_back(
    world: World,
) -> None:
    world.save("a", b"1")
    world.save("b", b"1")
    world.settle()
    world.sent.clear()
    world.local.clear()
    world.trouble = gone
    world.engine.root_lost("it was unmounted", world.now_s)
    world.wait(600)
    assert world.sent == []
    assert trouble(world) == "it was unmounted"
    told = [event for event in world.engine.report.events if event.level == "error"]
    assert len(told) == 1
    world.trouble = lambda job: None
    world.local = {"a": b"1", "b": b"1"}
    world.wait(5)
    assert world.engine.settled
    assert trouble(world) is None
    assert world.sent == []


def test_what_was_about_to_be_sent_when_it_went_is_not_sent(world: World) -> None:
    world.save("a", b"1")
    world.settle()
    world.remove("a")
    world.wait(1)  # seen to be gone, and waiting for its delay
    world.engine.root_lost("it was unmounted", world.now_s)
    world.local["a"] = b"1"
    world.trouble = gone
    world.wait(60)
    world.trouble = lambda job: None
    world.settle()
    assert world.sent == [("upload", "a")]


def test_it_is_said_while_jatos_is_away_too(world: World) -> None:
    world.save("a", b"1")
    world.settle()
    world.server = Unavailable("nobody answers")
    world.save("a", b"2")
    world.trouble = lambda job: None if isinstance(job, Ask | Scan) else Unavailable("nobody")
    world.wait(30)
    world.engine.root_lost("it was unmounted", world.now_s)
    world.wait(30)
    assert world.engine.report.root_trouble == "it was unmounted"
