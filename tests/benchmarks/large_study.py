"""
What does a study of 20,000 files cost: a start, being idle, a look at everything, a single save?

    python -m tests.benchmarks.large_study [--dialect 3.10] [FILES …]

Wanted: being idle and a save cost nothing that grows with the number of files. CPU is that of the
program alone, from /proc.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import tempfile
import time
from pathlib import Path

from tests.awaiting import wait_until
from tests.emulator.handle import Emulator
from tests.scenarios.harness import Daemon, Study

IDLE_S = 20.0
SAVES = 20
IN_A_DIRECTORY = 100
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def cpu_s(daemon: Daemon) -> float:
    """CPU seconds of the program so far, all threads."""
    fields = Path(f"/proc/{daemon.process.pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def make_files(study: Study, count: int) -> None:
    """The same files on both sides."""
    for number in range(count):
        path = f"d{number // IN_A_DIRECTORY:04}/stimulus-{number:05}.txt"
        content = f"stimulus {number}\n" * 5
        study.write(path, content)
        study.put_on_jatos(path, content.encode())


def in_sync(study: Study) -> bool:
    """Whether the program that runs says that all was compared and is equal."""
    return study.cli("status").code == 0


def measure(place: Path, emulator: Emulator, files: int) -> None:
    """One study of so many files, from its first sync on."""
    place.mkdir()
    watch = {"rescan": "1h", "verify": "1h"}
    study = Study(place, emulator, watch=watch, deletes=None, log=None)
    make_files(study, files)
    subprocess.run(study.command("sync", "-q"), cwd=place, env=study.environment, check=False)
    with study.run() as daemon:
        began_s = time.monotonic()
        wait_until(lambda: in_sync(study), "the first comparison")
        print(
            f"{files} files: start {cpu_s(daemon):.2f} s CPU, "
            f"in sync after {time.monotonic() - began_s:.1f} s"
        )
        time.sleep(3)
        before_s = cpu_s(daemon)
        time.sleep(IDLE_S)
        idle = (cpu_s(daemon) - before_s) / IDLE_S
        print(f"{files} files: idle {idle * 60_000:.0f} ms CPU a minute")
        before_s, began_s = cpu_s(daemon), time.monotonic()
        for number in range(SAVES):
            save_and_wait(study, f"save {number}\n".encode())
            time.sleep(0.5)
        used_s = cpu_s(daemon) - before_s - idle * (time.monotonic() - began_s)
        print(f"{files} files: {used_s / SAVES * 1000:.1f} ms CPU a save")
    study.configure(watch={"rescan": "10s", "verify": "1h"})
    with study.run() as daemon:
        wait_until(lambda: in_sync(study), "the comparison")
        time.sleep(3)
        before_s = cpu_s(daemon)
        time.sleep(30)
        looks_s = cpu_s(daemon) - before_s - idle * 30
        print(f"{files} files: {looks_s / 3 * 1000:.0f} ms CPU a look at everything")


def save_and_wait(study: Study, content: bytes) -> None:
    """One save, and the moment it is on JATOS."""
    path = f"d0000/stimulus-{7:05}.txt"
    study.write(path, content)
    wait_until(lambda: (study.assets / path).read_bytes() == content, "the save on JATOS")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--dialect", default="3.10")
    parser.add_argument("files", nargs="*", type=int, default=[100, 20_000])
    wanted = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as place,
        Emulator(Path(place) / "jatos", wanted.dialect) as emulator,
    ):
        for files in wanted.files:
            measure(Path(place) / f"of-{files}", emulator, files)


if __name__ == "__main__":
    main()
