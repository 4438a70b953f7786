"""
Real processes, a real kernel: whatever is stopped, full or used up, both sides end equal.

All of it is long; JATOSSYNC_SEED changes what is edited, and when.
"""

from __future__ import annotations

import os
import random
import resource
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.awaiting import wait_until
from tests.long.conftest import SEED
from tests.long.proof import Others, Proof, Writers, come_to_rest
from tests.scenarios.harness import Daemon, Study
from tests.scenarios.test_blindness import limits as limits
from tests.scenarios.test_blindness import with_limit

pytestmark = [pytest.mark.long, pytest.mark.timeout(3600)]


@pytest.fixture
def proof(study: Study) -> Proof:
    """With nobody else who changes JATOS."""
    return Proof(study, Others(study, random.Random(SEED)))


def end_equal(study: Study, proof: Proof) -> None:
    """With nobody editing and nothing in the way, under a daemon that has been running."""
    study.jatos.faults([])
    proof.of_rest()
    proof.of_what_was_stored()


def test_one_that_is_stopped_for_a_while_goes_on(study: Study, proof: Proof) -> None:
    """The daemon, JATOS, or both get no turn."""
    chance = random.Random(SEED)
    with study.run() as daemon:
        with Writers(study, 2, SEED):
            for _ in range(20):
                time.sleep(chance.uniform(0.1, 1.0))
                both = [daemon.process.pid, study.jatos.process.pid]
                stopped = chance.choice([both, both[:1], both[1:]])
                for pid in stopped:
                    os.kill(pid, signal.SIGSTOP)
                time.sleep(chance.uniform(0.1, 2.0))
                for pid in stopped:
                    os.kill(pid, signal.SIGCONT)
        end_equal(study, proof)
    proof.of_the_manifest()


def test_more_events_than_the_kernel_keeps_are_no_loss(study: Study, proof: Proof) -> None:
    """While it is stopped, nobody takes the events: the queue runs over."""
    queue = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    with study.run() as daemon:
        with Writers(study, 2, SEED):
            time.sleep(3)
            daemon.process.send_signal(signal.SIGSTOP)
            for number in range(queue + 1_000):
                study.write(f"many/{number % 30}.swp", "ignored, but told of")
            time.sleep(2)  # what is edited now, nobody is told of
            daemon.process.send_signal(signal.SIGCONT)
            daemon.await_log("watching anew")
        end_equal(study, proof)
    proof.of_the_manifest()


@pytest.mark.usefixtures("limits")
def test_few_watches_lose_nothing(study: Study, proof: Proof) -> None:
    """It looks by itself, as on a system that lets it watch three directories."""
    with study.run(*with_limit("max_inotify_watches", 3)) as daemon:
        with Writers(study, 2, SEED):
            daemon.await_log("changes are noticed by looking")
            time.sleep(8)
        end_equal(study, proof)
    proof.of_the_manifest()


def test_few_descriptors_lose_nothing(study: Study, proof: Proof) -> None:
    study.write("first.js", "1")
    with study.run() as daemon:
        study.await_equal()
        had = len(os.listdir(f"/proc/{daemon.process.pid}/fd"))
        _, hard = resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE)
        with Writers(study, 2, SEED):
            for more in (0, 1, 2, 3, 5, 8):
                resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE, (had + more, hard))
                time.sleep(2)
        assert set(study.remote()) >= {"first.js"}
        resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE, (hard, hard))
        study.write("first.js", "2")
        wait_until(lambda: study.remote()["first.js"] == b"2", "what was saved afterwards")
        study.folder.joinpath("first.js").unlink()
        proof.of_rest()


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


def test_a_full_disk_for_the_state_stops_before_anything_is_sent(
    study: Study, proof: Proof
) -> None:
    """What cannot be put on disk as an attempt is not sent (law 7)."""
    with small_disk(study.state, 3):
        with Writers(study, 1, SEED):
            with study.run():
                wait_until(lambda: len(study.remote()) > 3, "the first files")
            ballast = fill(study.state)
            before = study.sent()
            daemon = Daemon(study)
            assert daemon.ended() == 1
            assert study.sent() == before
            assert "cannot be used" in daemon.output()
            ballast.unlink()
        come_to_rest(study, proof)


def test_a_disk_that_fills_up_while_it_runs_loses_nothing(study: Study, proof: Proof) -> None:
    """Full and free again, several times; each time a service manager would start it again."""
    with small_disk(study.state, 3):
        with Writers(study, 2, SEED):
            for _ in range(5):
                daemon = Daemon(study)
                daemon.await_log("uploaded")
                ballast = fill(study.state)
                wait_until(lambda d=daemon: d.process.poll() is not None, "its end")  # type: ignore[misc]
                assert daemon.ended() == 1
                assert "Make room" in daemon.output()
                ballast.unlink()
                proof.of_what_was_stored()
        come_to_rest(study, proof)


def test_a_full_disk_for_the_folder_publishes_no_half_file(study: Study, proof: Proof) -> None:
    """Full and free again: what an editor leaves half written is a version all the same."""
    with small_disk(study.folder, 4), study.run():
        with Writers(study, 2, SEED):
            for _ in range(5):
                time.sleep(1)
                ballast = fill(study.folder)
                time.sleep(2)
                ballast.unlink()
        end_equal(study, proof)
    proof.of_the_manifest()
