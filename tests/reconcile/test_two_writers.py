"""Two programs, two folders, one study: they never fight, and both say that there is another."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jatossync.core.plan import Policy
from jatossync.core.ports import Settings
from jatossync.state.store import Store
from tests.engine.world import World

Colleagues = tuple[World, World]


@pytest.fixture(params=["hold", "restore", "hold, without a listing", "restore, without a listing"])
def colleagues(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Colleagues]:
    """Ann and Ben, each with a folder and a state of their own; JATOS is the same."""
    stores = [Store(str(tmp_path / name), clock=lambda: 0.0) for name in ("ann", "ben")]
    drift, _, listing = request.param.partition(", ")
    ann, ben = (World(store, Settings(policy=Policy(drift=drift))) for store in stores)
    ann.can_list = ben.can_list = not listing
    ben.remote = ann.remote
    yield ann, ben
    for store in stores:
        store.close()


def go_on(*worlds: World, hours: float = 3.0) -> None:
    """Both run side by side for a while."""
    for _ in range(int(hours * 60)):
        for world in worlds:
            world.wait(60)


def says_another(world: World) -> bool:
    return any(event.name == "another writer" for event in world.engine.report.events)


def test_a_folder_with_other_versions_is_no_reason_to_fight(colleagues: Colleagues) -> None:
    ann, ben = colleagues
    for path in ("a.txt", "b.txt", "same.txt"):
        ann.save(path, b"ann's " + path.encode(), hint=False)
    ann.settle()
    ben.local, ben.stats = {"a.txt": b"ben's"}, {"a.txt": 1}
    ben.save("same.txt", ann.local["same.txt"], hint=False)
    ben.settle()
    before = len(ann.sent) + len(ben.sent)
    go_on(ann, ben)
    sent = [path for _, path in ann.sent + ben.sent]
    assert sent.count("a.txt") <= 4, "each at most once more"
    assert sent.count("same.txt") == sent.count("b.txt") == 1
    at_rest = len(sent)
    go_on(ann, ben)
    assert len(ann.sent) + len(ben.sent) == at_rest >= before
    assert says_another(ann) or not ann.can_list
    assert ann.local["a.txt"] in [*ann.remote.values(), *ann.trash, *ben.trash]


def test_both_say_so_when_both_save_the_same_file(colleagues: Colleagues) -> None:
    ann, ben = colleagues
    for world in colleagues:
        world.save("a.txt", b"as agreed", hint=False)
        world.settle()
    ann.save("a.txt", b"ann's")
    go_on(ann, ben, hours=0.5)
    ben.save("a.txt", b"ben's")
    go_on(ann, ben)
    assert says_another(ann) or not ann.can_list, "only a listing shows what is not written to"
    assert says_another(ben)
    at_rest = len(ann.sent) + len(ben.sent)
    go_on(ann, ben)
    assert len(ann.sent) + len(ben.sent) == at_rest
    assert at_rest <= 6


def test_what_a_colleague_adds_is_foreign_and_stays(colleagues: Colleagues) -> None:
    ann, ben = colleagues
    ann.save("ann.txt", b"1", hint=False)
    ann.settle()
    ben.save("ben.txt", b"2", hint=False)
    ben.settle()
    go_on(ann, ben)
    assert ann.remote == {"ann.txt": b"1", "ben.txt": b"2"}
    assert len(ann.sent) + len(ben.sent) == 2


def test_what_a_colleague_deletes_is_not_sent_again(colleagues: Colleagues) -> None:
    ann, ben = colleagues
    for world in colleagues:
        world.save("a.txt", b"as agreed", hint=False)
        world.save("b.txt", b"as agreed", hint=False)
        world.settle()
    ann.remove("a.txt")
    go_on(ann, ben)
    uploads = [path for verb, path in ann.sent + ben.sent if verb == "upload"]
    assert uploads.count("a.txt") <= 2
    at_rest = len(ann.sent) + len(ben.sent)
    go_on(ann, ben)
    assert len(ann.sent) + len(ben.sent) == at_rest
    assert says_another(ben) or not ben.can_list
