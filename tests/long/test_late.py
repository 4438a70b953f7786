"""
What JATOS takes in after the program that sent it was killed, and the next one has looked.

Long, for nothing may be concluded before JATOS cannot act any more (core/late.py).
"""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from tests.awaiting import wait_until
from tests.long.conftest import DIALECTS, SEED
from tests.long.proof import Others, Proof
from tests.scenarios.harness import Study

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_what_comes_after_the_next_start_has_looked_does_not_stay(
    study_on: Callable[[str], Study], dialect: str
) -> None:
    study = study_on(dialect)
    proof = Proof(study, Others(study, random.Random(SEED)))
    study.write("index.html", "<!doctype html>")
    assert study.cli("sync").code == 0
    study.jatos.faults([{"method": "POST", "do": "late:12s"}])
    with study.run() as daemon:
        study.write("gone.txt", "sent, and gone when it arrives")
        study.write("newer.txt", "old")
        wait_until(lambda: len(waiting(study)) >= 2, "the uploads")
        daemon.kill()
    study.jatos.faults([])
    (study.folder / "gone.txt").unlink()
    study.write("newer.txt", "new")
    with study.run():
        wait_until(lambda: study.remote().get("newer.txt") == b"new", "the newer bytes")
        assert waiting(study), "nothing was late"
        wait_until(lambda: study.remote().get("newer.txt") == b"old", "the older bytes")
        assert "gone.txt" in study.remote()
        proof.of_rest(settle=False)
    proof.of_the_manifest()


def waiting(study: Study) -> set[str]:
    """What JATOS has got and has not acted on."""
    return {each.path for each in study.sent("POST") if each.under_way}
