"""What random histories seldom bring about: each guard in the one moment in which it counts."""

from __future__ import annotations

import pytest

from tests.simulation.history import relive
from tests.simulation.operations import (
    During,
    FolderGoes,
    Ignore,
    Operation,
    Readable,
    Remove,
    Rewrite,
    Wait,
    Write,
)
from tests.simulation.world import Setup

SAVED: list[Operation] = [Write("img/a.png", "v1"), Write("img/b.png", "v2"), Wait(70.0)]


@pytest.mark.parametrize(
    "what", [Readable("img", False), FolderGoes("empty"), FolderGoes("unmounted")], ids=repr
)
def test_what_cannot_be_seen_at_the_moment_of_a_delete_is_not_deleted(what: Operation) -> None:
    """Laws 2 and 3: a scan had found it gone."""
    relive(Setup(), [*SAVED, During("delete", 1, what), Remove("img/a.png"), Wait(70.0)])


def test_a_directory_that_closes_while_jatos_is_looked_at_lets_nothing_be_deleted() -> None:
    """Laws 2 and 3: all that was asked before the last guard still said that it was gone."""
    closes = During("delete", 1, During("request", 1, Readable("img", False)))
    relive(Setup(), [*SAVED, closes, Remove("img/a.png"), Wait(70.0)])


def test_nobody_wants_to_delete_what_is_in_a_directory_that_cannot_be_read() -> None:
    """Law 2."""
    saved = [Write("task.js", "v3"), *SAVED, Wait(70.0)]
    relive(Setup(max_share=1.0), [*saved, Readable("img", False), Wait(70.0)])


@pytest.mark.parametrize("after_s", [0.6, 1.2, 1.8])
def test_two_writes_in_one_tick_of_the_disk_are_two_versions(after_s: float) -> None:
    """Law 15."""
    setup = Setup(tick_ms=2000, latency_s=0.005)
    relive(setup, [*SAVED, Rewrite("img/a.png", "v3", "v4", after_s), Wait(3.0)])


def test_a_rule_that_goes_publishes_nothing() -> None:
    """Law 10: neither while the file of rules is dropped for a moment nor when it is gone."""
    relive(
        Setup(),
        [
            *[Ignore("img"), Wait(20.0), Write("img/a.png", "v1"), Wait(70.0)],
            *[Ignore(""), Wait(2.0), Ignore("img"), Wait(70.0), Ignore(""), Wait(70.0)],
        ],
    )
