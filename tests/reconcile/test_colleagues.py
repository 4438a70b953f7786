"""Two real daemons, two folders, one study: they never fight, and both say there is another."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.awaiting import wait_until
from tests.scenarios.conftest import Jatos
from tests.scenarios.harness import Study

MOST_ROUNDS = 8


def colleague_of(ann: Study, place: Path) -> Study:
    """Somebody with a folder, a token and a state of their own, and the same study."""
    place.mkdir()
    ben = Study(place, ann.jatos)
    ben.uuid, ben.assets = ann.uuid, ann.assets
    ben.configure(study=ann.uuid)
    return ben


def listings(study: Study) -> int:
    """How often both of them have verified, taken together."""
    return sum(each.path.startswith("structure") for each in study.sent("GET"))


def side_by_side(ann: Study, ben: Study) -> set[str]:
    """Run both until nothing more happens; who says that somebody else writes too."""
    before = listings(ann)
    with ExitStack() as stack:
        daemons = {each.place.name: stack.enter_context(each.run()) for each in (ann, ben)}
        wait_until(lambda: listings(ann) >= before + 2, "both have verified, as each start does")
        ann.await_rest()
        return {name for name, daemon in daemons.items() if daemon.log("another writer")}


@pytest.mark.parametrize("drift", ["hold", "restore"])
def test_two_daemons_that_mirror_one_study_never_fight(
    jatos: Jatos, tmp_path: Path, drift: str
) -> None:
    ann = colleague_of(Study(tmp_path, jatos("3.10")), tmp_path / "ann")
    ben = colleague_of(ann, tmp_path / "ben")
    for each in (ann, ben):
        each.configure(drift=drift)
        each.write("index.html", "as agreed")
        each.write("task.js", "as agreed")
        assert each.cli("sync").code == 0
    ann.jatos.clear_requests()
    ann.write("index.html", "ann's")
    ben.write("task.js", "ben's")
    rounds: list[dict[str, int]] = []
    said: set[str] = set()
    while len(rounds) < 3 or rounds[-1] != rounds[-2] or said != {"ann", "ben"}:
        assert len(rounds) < MOST_ROUNDS, (rounds, said)
        said |= side_by_side(ann, ben)
        rounds.append(dict(ann.stored()))
    assert rounds[-1].keys() == {"index.html", "task.js"}
    # What was saved; its owner puts it back once, and who had adopted what was there before twice.
    assert max(rounds[-1].values()) <= (1 if drift == "hold" else 4)
    everything = {*ann.remote().values(), *ann.trash(), *ben.trash()}
    assert {b"ann's", b"ben's"} <= everything
