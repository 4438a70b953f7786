"""
`kill -9` at any moment, of the daemon and of JATOS: nothing is lost, and both sides end equal.

All of it is long. JATOSSYNC_KILLS and JATOSSYNC_EMULATOR_KILLS say how often, JATOSSYNC_SEED what
is edited and when is killed. In the end the spread is shown: what it was doing when it was killed.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from tests.long.conftest import DIALECTS, EMULATOR_KILLS, KILLS, SEED
from tests.long.lives import lead
from tests.long.proof import Others, Proof, Writers, come_to_rest
from tests.long.witness import DIE_IN_THE_GAP
from tests.scenarios.harness import Study

pytestmark = [pytest.mark.long, pytest.mark.timeout(3600)]

KILLS_BETWEEN_RESTS = 40

WEATHER: tuple[list[dict[str, Any]], ...] = (
    [],
    [{"method": "POST", "do": "rate:400kB/s"}],
    [{"do": "latency:120ms"}],
    [{"path": "*/structure", "do": "latency:1s"}, {"method": "GET", "do": "latency:200ms"}],
    [{"method": "DELETE", "do": "stall:1s"}, {"method": "POST", "do": "stall:300ms"}],
    [
        {"method": "POST", "times": 3, "do": "lose"},
        {"method": "DELETE", "times": 2, "do": "lose"},
        {"method": "GET", "times": 2, "do": "cut"},
        {"method": "POST", "times": 3, "do": "drop"},
        {"do": "latency:30ms"},
    ],
    [
        {"method": "POST", "times": 4, "do": "late:3s"},
        {"method": "DELETE", "times": 2, "do": "late:2s"},
    ],
    [
        {"method": "GET", "times": 2, "do": "status:503"},
        {"method": "POST", "times": 3, "do": "status:500"},
        {"method": "DELETE", "times": 2, "do": "status:502"},
        {"method": "POST", "do": "rate:2MB/s"},
    ],
)
"""What the way to JATOS may be like."""


def share(total: int, dialect: str) -> int:
    """How many of `total` are for this dialect."""
    index = DIALECTS.index(dialect)
    return total // len(DIALECTS) + (index < total % len(DIALECTS))


def show(capsys: pytest.CaptureFixture[str], title: str, spread: Counter[str]) -> None:
    """A table for whoever reads the run."""
    with capsys.disabled():
        print(f"\n{title}")  # noqa: T201
        for name, count in spread.items():
            print(f"  {count:5}  {name}")  # noqa: T201


@pytest.mark.parametrize("dialect", DIALECTS)
def test_killed_at_any_moment_it_loses_nothing(
    study_on: Callable[[str], Study], dialect: str, capsys: pytest.CaptureFixture[str]
) -> None:
    study = study_on(dialect)
    seed = SEED * len(DIALECTS) + DIALECTS.index(dialect)
    chance = random.Random(seed)
    others = Others(study, chance)
    proof = Proof(study, others)
    kills, spread, began_s = share(KILLS, dialect), Counter[str](), time.monotonic()
    with Writers(study, 3, seed) as writers:
        for number in range(1, kills + 1):
            study.jatos.faults(chance.choice(WEATHER))
            if acted := chance.random() < 0.4:
                others.act()
            lead(study, chance, spread, keeps=acted)
            if number % KILLS_BETWEEN_RESTS == 0:
                with writers.frozen():
                    come_to_rest(study, proof)
    come_to_rest(study, proof)
    took_s = time.monotonic() - began_s
    title = (
        f"JATOS {dialect}, JATOSSYNC_SEED={SEED}: {kills} kills in {took_s:.0f} s, {proof.stored} "
        f"contents stored, {proof.saved_for_others} of others' destroyed, each with a copy"
    )
    show(capsys, title, Counter(dict(sorted(spread.items()))))


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_server_that_is_killed_loses_nothing(
    study_on: Callable[[str], Study], dialect: str, capsys: pytest.CaptureFixture[str]
) -> None:
    study = study_on(dialect)
    seed = SEED * len(DIALECTS) + DIALECTS.index(dialect)
    chance = random.Random(seed)
    proof = Proof(study, Others(study, chance))
    kills, spread, began_s = share(EMULATOR_KILLS, dialect), Counter[str](), time.monotonic()
    with study.run():
        with Writers(study, 2, seed):
            for _ in range(kills):
                study.jatos.faults(chance.choice(WEATHER))
                spread[kill_jatos(study, chance)] += 1
                time.sleep(chance.uniform(0.0, 0.5))
                study.jatos.restart()
        study.jatos.faults([])
        proof.of_rest()
    proof.of_the_manifest()
    proof.of_what_was_stored()
    took_s = time.monotonic() - began_s
    title = f"JATOS {dialect}, JATOSSYNC_SEED={SEED}: it was killed {kills} times in {took_s:.0f} s"
    show(capsys, f"{title}, {proof.stored} contents stored", spread)


def kill_jatos(study: Study, chance: random.Random) -> str:
    """At a moment that `chance` chooses; what it was doing then."""
    in_the_gap = chance.random() < 0.3
    if in_the_gap:
        (study.jatos.root / DIE_IN_THE_GAP).touch()
    deadline_s = time.monotonic() + chance.uniform(0.3, 2.5) + in_the_gap
    under_way: list[str] = []
    while study.jatos.process.poll() is None and time.monotonic() < deadline_s:
        time.sleep(0.02)
    died = study.jatos.process.poll() is not None
    if not died:
        under_way = [each["method"] for each in study.jatos.requests() if each["ms"] is None]
        (study.jatos.root / DIE_IN_THE_GAP).unlink(missing_ok=True)
    study.jatos.kill()
    if died:
        return "a file removed, its new bytes not yet there"
    return f"under way: {' '.join(sorted(set(under_way)))}" if under_way else "at rest"
