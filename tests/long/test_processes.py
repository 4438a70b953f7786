"""
Real processes, a real kernel: whatever is killed, stopped or full, in the end both sides are equal.

All of it is long; JATOSSYNC_KILLS and JATOSSYNC_SEED change how long, and what is edited.
"""

from __future__ import annotations

import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.long.writer import is_whole
from tests.scenarios.harness import Daemon, Study, files_below, wait_until
from tests.scenarios.starter import ROOT

pytestmark = [pytest.mark.long, pytest.mark.timeout(3600)]

SEED = int(os.environ.get("JATOSSYNC_SEED", "1"))
KILLS = int(os.environ.get("JATOSSYNC_KILLS", "500"))
EMULATOR_KILLS = 50

FAULTS = [
    {"method": "POST", "path": "*", "times": 3, "do": "lose"},
    {"method": "POST", "path": "*", "times": 3, "do": "drop"},
    {"method": "GET", "path": "*", "times": 2, "do": "status:503"},
    {"method": "DELETE", "path": "*", "times": 2, "do": "lose"},
    {"method": "POST", "path": "*", "times": 2, "do": "status:500"},
    {"method": "GET", "path": "*", "times": 2, "do": "cut"},
    {"method": "*", "path": "*", "times": 20, "do": "latency:50ms"},
]


@contextmanager
def writers(study: Study, count: int) -> Iterator[None]:
    """Several people who edit at once."""
    command = [sys.executable, "-m", "tests.long.writer", str(study.folder)]
    running = [
        subprocess.Popen([*command, f"w{number}", str(SEED + number)], cwd=ROOT)
        for number in range(count)
    ]
    try:
        yield
    finally:
        for each in running:
            each.terminate()
        for each in running:
            each.wait(30)


def assert_nothing_is_torn(study: Study) -> None:
    """Every file on JATOS is one version, or the beginning of one as it was being written."""
    for path, data in study.remote().items():
        assert is_whole(data), f"{path} is a mixture: {data[:200]!r}"


def end_equal(study: Study) -> None:
    """With nobody editing and nothing going wrong, both sides become equal."""
    study.jatos.faults([])
    study.await_equal()
    assert_nothing_is_torn(study)


def test_killed_at_many_points_it_loses_nothing(study: Study) -> None:
    chance = random.Random(SEED)
    killed = 0
    with writers(study, 3):
        while killed < KILLS:
            if killed % 10 == 0:
                study.jatos.faults(FAULTS)
            with Daemon(study) as daemon:
                time.sleep(chance.uniform(0.2, 1.6))
                daemon.kill()
            killed += 1
            assert_nothing_is_torn(study)
    with study.run():
        end_equal(study)


def test_a_server_that_is_killed_loses_nothing(study: Study) -> None:
    chance = random.Random(SEED)
    with study.run():
        with writers(study, 2):
            for _ in range(EMULATOR_KILLS):
                time.sleep(chance.uniform(0.1, 1.5))
                study.jatos.kill()
                time.sleep(chance.uniform(0.0, 0.5))
                study.jatos.restart()
        end_equal(study)


def test_one_that_is_stopped_for_a_while_goes_on(study: Study) -> None:
    chance = random.Random(SEED)
    with study.run() as daemon:
        with writers(study, 2):
            for _ in range(20):
                time.sleep(chance.uniform(0.1, 1.0))
                daemon.process.send_signal(signal.SIGSTOP)
                time.sleep(chance.uniform(0.1, 2.0))
                daemon.process.send_signal(signal.SIGCONT)
        end_equal(study)


def test_more_events_than_the_kernel_keeps_are_no_loss(study: Study) -> None:
    """While it is stopped, nobody takes the events: the queue of 16,384 runs over."""
    study.write("first.js", "1")
    with study.run() as daemon:
        study.await_equal()
        daemon.process.send_signal(signal.SIGSTOP)
        for number in range(9000):
            study.write(f"many/{number % 30}.js", f"version {number}")
        study.write("last.html", "after the flood")
        daemon.process.send_signal(signal.SIGCONT)
        study.await_equal()


def test_few_descriptors_lose_nothing(study: Study) -> None:
    with study.run() as daemon:
        study.write("first.js", "1")
        study.await_equal()
        had = len(os.listdir(f"/proc/{daemon.process.pid}/fd"))
        _, hard = resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE, (had + 1, hard))
        with writers(study, 2):
            time.sleep(8)
        assert set(study.remote()) >= {"first.js"}
        assert_nothing_is_torn(study)
        resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE, (hard, hard))
        end_equal(study)


@contextmanager
def small_disk(place: Path, megabytes: int) -> Iterator[None]:
    """A disk of this size at `place`."""
    place.mkdir(exist_ok=True)
    size = f"size={megabytes}m"
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", place], check=False)
    if mounted.returncode:
        pytest.skip("needs the right to mount")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", place], check=True)


def fill(disk: Path) -> Path:
    """Write until there is no room."""
    ballast = disk / "ballast.swp"  # ignored
    with ballast.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)):
                pass
        except OSError:
            pass
    return ballast


def test_a_full_disk_for_the_state_stops_before_anything_is_sent(study: Study) -> None:
    """What cannot be put on disk as an attempt is not sent (law 7)."""
    with small_disk(study.state, 3):
        study.write("first.js", "1")
        with study.run():
            study.await_equal()
        ballast = fill(study.state)
        before = study.sent()
        with writers(study, 1):
            time.sleep(2)
            daemon = Daemon(study)
            assert daemon.ended() == 1
        assert study.sent() == before
        assert "cannot be used" in daemon.output()
        ballast.unlink()
        with study.run():
            end_equal(study)


def test_a_disk_that_fills_up_while_it_runs_loses_nothing(study: Study) -> None:
    with small_disk(study.state, 3):
        study.write("first.js", "1")
        daemon = Daemon(study)
        study.await_equal()
        ballast = fill(study.state)
        with writers(study, 1):
            wait_until(lambda: daemon.process.poll() is not None, "its end")
        assert daemon.ended() == 1
        assert_nothing_is_torn(study)
        ballast.unlink()
        with study.run():
            end_equal(study)


def test_a_full_disk_for_the_folder_publishes_no_half_file(study: Study) -> None:
    with small_disk(study.folder, 2), study.run():
        study.write("first.js", "1")
        study.await_equal()
        ballast = fill(study.folder)
        with writers(study, 2):
            time.sleep(6)
        ballast.unlink()
        end_equal(study)


def test_the_writers_make_what_can_be_checked(tmp_path: Path) -> None:
    """The tests above would see a mixture."""
    first, second = b"a.1 0 of the lines of this version\n", b"a.2 0 of the lines of this version\n"
    assert is_whole(first)
    assert not is_whole(first + second)
    assert files_below(tmp_path) == {}
