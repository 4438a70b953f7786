"""
A 1 GB upload under way: how soon does a saved 4 KB page arrive, and how much memory does it take?

    python -m tests.benchmarks.large_upload

Wanted: each page within 1 s; less than 8 MB more than before the upload.
"""

from __future__ import annotations

import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

from tests.awaiting import wait_until
from tests.emulator.handle import Emulator
from tests.scenarios.harness import Daemon, Study

GIGABYTE = 10**9
RATE = "rate:40MB/s"
SAVES = 15
PAGE_BYTES = 4096


def rss_mb(daemon: Daemon) -> float:
    """Resident memory of the program, MB."""
    status = Path(f"/proc/{daemon.process.pid}/status").read_text("ascii")
    [kilobytes] = [line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")]
    return int(kilobytes) / 1000


def save_and_wait(study: Study, content: bytes) -> float:
    """Seconds from a save to its bytes on JATOS."""
    began_s = time.monotonic()
    study.write("index.html", content)
    while (study.assets / "index.html").read_bytes() != content:
        time.sleep(0.005)
        if time.monotonic() - began_s > 60:
            raise AssertionError("the page never came")
    return time.monotonic() - began_s


def main() -> int:
    chance = random.Random(1)
    with tempfile.TemporaryDirectory() as place, Emulator(Path(place) / "jatos") as emulator:
        (Path(place) / "here").mkdir()
        study = Study(Path(place) / "here", emulator, watch=None, deletes=None)
        study.write("index.html", chance.randbytes(PAGE_BYTES))
        emulator.faults([{"method": "POST", "path": "*.mp4", "do": RATE}])
        with study.run() as daemon:
            study.await_equal()
            before_mb = rss_mb(daemon)
            with study.write("video.mp4", b"").open("wb") as video:
                video.truncate(GIGABYTE)
            wait_until(lambda: any(s.path == "video.mp4" for s in study.sent()), "the upload")
            peak_mb = began_mb = rss_mb(daemon)
            seconds = []
            for _ in range(SAVES):
                seconds.append(save_and_wait(study, chance.randbytes(PAGE_BYTES)))
                peak_mb = max(peak_mb, rss_mb(daemon))
                time.sleep(0.3)
            assert any(s.path == "video.mp4" and s.under_way for s in study.sent()), "too fast"
            wait_until(lambda: bool(study.stored()["video.mp4"]), "the end of the upload")
            peak_mb = max(peak_mb, rss_mb(daemon))
            told = [each for each in daemon.log("uploading") if each["path"] == "video.mp4"]
        assert (study.assets / "video.mp4").stat().st_size == GIGABYTE
    middle, worst = statistics.median(seconds), max(seconds)
    print(f"{SAVES} saved pages: median {middle * 1000:.0f} ms, worst {worst * 1000:.0f} ms")
    print(f"memory: {before_mb:.1f} MB idle, {began_mb:.1f} MB at the start, {peak_mb:.1f} MB peak")
    print(f"told {len(told)} times how far it is, last: {told[-1] if told else None}")
    return 0 if worst < 1 and peak_mb - before_mb < 8 else 1


if __name__ == "__main__":
    sys.exit(main())
