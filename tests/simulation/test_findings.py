"""What the histories have found: each was once the shortest one in which a law was broken."""

from __future__ import annotations

from tests.simulation.history import relive
from tests.simulation.operations import SaveTogether, Wait
from tests.simulation.world import Setup


def test_a_delete_waits_for_uploads_whose_hints_came_a_moment_later() -> None:
    """
    Law 14. The hints of one save trickle in, so it becomes due in several passes; each was a burst
    of its own, and the deletes of the first did not wait for the uploads of the next. Seed 19.
    """
    relive(
        Setup(latency_s=1.0),
        [
            SaveTogether("w3", ("many/1.png", "img/b.png", ".env", "task.js", "img/a.png")),
            Wait(20.0),
            SaveTogether(
                "w1",
                ("café.txt", ".hidden", "#1.html", "many/3.css", "a+b.txt"),
                ("task.js", "many/1.css"),
            ),
        ],
    )
