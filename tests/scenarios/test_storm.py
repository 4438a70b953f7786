"""A server that fails half of all requests, restarts, and loses faith in the token meanwhile."""

from __future__ import annotations

import os
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.awaiting import wait_until
from tests.emulator.handle import Emulator
from tests.scenarios.conftest import Jatos
from tests.scenarios.harness import Daemon, Study

KINDS = ["status:503", "drop", "lose", "cut", "stall:300ms"]
NOTHING = "latency:0ms"


class Storm:
    """Trouble for the requests of one study, and a count of what arrived that outlives restarts."""

    def __init__(self, study: Study, chance: random.Random) -> None:
        self._study = study
        self._chance = chance
        self._before: list[dict[str, Any]] = []

    def blow(self, requests: int) -> None:
        """Half of the next requests fail: each of the rules is good for one."""
        self._study.jatos.faults(
            [
                {
                    "times": 1,
                    "do": self._chance.choice(KINDS) if self._chance.random() < 0.5 else NOTHING,
                }
                for _ in range(requests)
            ]
        )

    def restart_server(self) -> None:
        """It forgets its list of requests, and its faults."""
        self._before += self._study.jatos.requests()
        self._study.jatos.kill()
        self._study.jatos.restart()

    def requests(self) -> list[dict[str, Any]]:
        """All that was asked since the beginning."""
        return self._before + self._study.jatos.requests()

    def stored(self) -> Counter[str]:
        """How often each file was stored, whether or not its answer arrived."""
        top = f"/studies/{self._study.uuid}/assets/"
        return Counter(
            each["path"].removeprefix(top)
            for each in self.requests()
            if each["method"] == "POST" and {each["status"], each["lost"]} & {200, 201}
        )


def done(study: Study, share: float) -> bool:
    """Whether so much of the folder is on JATOS."""
    return len(study.remote()) >= share * len(study.local())


def replace_token(study: Study, daemon: Daemon, storm: Storm, dying: str) -> None:
    """The token dies, everything stops, a new one comes, everything goes on."""
    told = len(daemon.log("JATOS refuses"))
    study.jatos.change_token(dying, active=False)
    wait_until(lambda: len(daemon.log("JATOS refuses")) > told, "the stop")
    wait_until(lambda: not any(each.under_way for each in study.sent()), "the last answers")
    asked = len(storm.requests())
    study.write("saved while it is stopped.txt", "1")
    daemon_ticks = len(daemon.log("new token"))
    study.save_token(study.jatos.token)
    wait_until(lambda: len(daemon.log("new token")) > daemon_ticks, "the new token")
    new = storm.requests()[asked:]
    # One that had looked with the old token may have had its upload refused yet.
    uploads = [each for each in new if "/assets/" in each["path"] and each["status"] != 401]
    probes = [each for each in new if each["path"] == "/admin/token"]
    assert not uploads or new.index(uploads[0]) > new.index(probes[0])


def endure(emulator: Emulator, place: Path, seed: int, files: int, requests: int) -> None:
    chance = random.Random(seed)
    study = Study(place, emulator)
    dying = emulator.add_token()
    study.save_token(dying)
    for number in range(files):
        study.write(f"{chance.choice('abc')}/{number}.png", chance.randbytes(1 + number % 5000))
    storm = Storm(study, chance)
    storm.blow(requests)
    with study.run() as daemon:
        wait_until(lambda: done(study, 0.2), "the first files")
        storm.restart_server()
        storm.blow(requests)
        wait_until(lambda: done(study, 0.4), "more files")
        replace_token(study, daemon, storm, dying)
        storm.blow(requests)
        wait_until(lambda: done(study, 0.6), "still more files")
        storm.restart_server()
        storm.blow(requests)
        wait_until(lambda: done(study, 1.0), "all files")
        emulator.faults([])
        study.await_equal()
        stored = storm.stored()
        failed = sum(each["status"] not in (200, 201, 404) for each in storm.requests())
        print(  # noqa: T201  (figures to compare)
            f"seed {seed}: {len(stored)} files in {stored.total()} uploads; "
            f"{len(storm.requests())} requests, {failed} without success; "
            f"{len(daemon.log('JATOS is unavailable'))} outages, "
            f"refused {len(daemon.log('refused'))}"
        )
        twice = {path for path, times in stored.items() if times > 1}
        assert not twice, [each for each in storm.requests() if each["path"].endswith(tuple(twice))]
        assert len(daemon.log("JATOS refuses")) == 1
    assert not study.trash(), "our own bytes were taken for somebody else's"


def test_each_file_arrives_once_through_a_storm(jatos: Jatos, tmp_path: Path) -> None:
    endure(jatos(), tmp_path, seed=7, files=40, requests=15)


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("dialect", ["3.8", "3.9", "3.10"])
def test_500_files_arrive_once_through_a_storm(
    jatos: Jatos, tmp_path: Path, dialect: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.awaiting.DEADLINE_S", 1800.0)
    seed = int(os.environ.get("JATOSSYNC_SEED", "1"))
    endure(jatos(dialect), tmp_path, seed, files=500, requests=1500)
