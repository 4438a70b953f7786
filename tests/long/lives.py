"""One life of the daemon, and what it was doing when it was killed."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.scenarios.harness import Daemon, Study

TRASH = "jatossync/state/trash.py"

AREAS = {
    "jatossync/cli/": 400,
    "jatossync/config/": 1_500,
    "jatossync/core/": 30_000,
    "jatossync/daemon.py": 3_000,
    "jatossync/desk.py": 600,
    "jatossync/engine/": 12_000,
    "jatossync/jobs.py": 600,
    "jatossync/local/": 20_000,
    "jatossync/remote/": 12_000,
    "jatossync/state/database.py": 3_000,
    "jatossync/state/store.py": 1_500,
    TRASH: 60,
}
"""Where it may kill itself, and how many lines of it a short life carries out."""

LONGEST_S = 1.8
"""What does not come in a life is not waited for any longer."""

FSYNC, FDATASYNC, PWRITE = "74", "75", "18"
"""Numbers of system calls on x86-64."""


def lead(study: Study, chance: random.Random, spread: Counter[str], *, keeps: bool) -> None:
    """
    Start the daemon and kill it, at a moment of its life that `chance` chooses.

    Args:
        spread: Counts how it was killed, and what it was doing then.
        keeps: Whether there is something on JATOS to be kept in the trash.
    """
    way = chance.choice(["at the start", "at a moment", "at a request", "at a line", "at a line"])
    study.jatos.clear_requests()
    if way == "at a line":
        area = TRASH if keeps and chance.random() < 0.4 else chance.choice(list(AREAS))
        _doomed(study, chance, spread, area)
        return
    daemon = Daemon(study, ["env"] if way == "at the start" else [])  # with all of its start
    if way == "at the start":
        time.sleep(chance.uniform(0.05, 0.9))
    elif way == "at a moment":
        time.sleep(chance.uniform(0.2, LONGEST_S))
    else:
        _await_request(study, chance)
    spread[way] += 1
    for doing in _killed(study, daemon):
        spread[f"  {doing}"] += 1


def _await_request(study: Study, chance: random.Random) -> None:
    """Until this many requests of some kind have come, the last of which may be under way."""
    methods = chance.choice([("POST",), ("POST",), ("DELETE",), ("GET", "HEAD")])
    count = chance.randrange(1, 12)
    deadline_s = time.monotonic() + LONGEST_S
    if methods == ("DELETE",):  # they come when all uploads are done
        study.jatos.faults([{"method": "DELETE", "do": "stall:500ms"}])
        count, deadline_s = chance.randrange(1, 4), deadline_s + LONGEST_S
    while len(study.sent(*methods)) < count and time.monotonic() < deadline_s:
        time.sleep(0.005)
    time.sleep(chance.choice([0, 0.005, 0.03, 0.1]))


def _doomed(study: Study, chance: random.Random, spread: Counter[str], area: str) -> None:
    count = int(AREAS[area] ** chance.uniform(0.1, 1))
    where = study.place / "killed-at"
    where.unlink(missing_ok=True)
    inside = [sys.executable, "-m", "tests.long.doomed", area, str(count), str(where)]
    daemon = Daemon(study, inside)
    deadline_s = time.monotonic() + 2 * LONGEST_S
    while daemon.process.poll() is None and time.monotonic() < deadline_s:
        time.sleep(0.01)
    if daemon.process.poll() is not None and where.exists():
        assert daemon.ended() == -signal.SIGKILL, daemon.output()
        spread["at a line"] += 1
        spread[f"  in {area}"] += 1
        return
    assert daemon.process.poll() is None, daemon.output()
    spread["at a line that did not come"] += 1
    for doing in _killed(study, daemon):
        spread[f"  {doing}"] += 1


def _killed(study: Study, daemon: Daemon) -> list[str]:
    """Kill it, and say what it was doing."""
    assert daemon.process.poll() is None, daemon.output()
    own = _own_doing(study, daemon.process.pid)
    daemon.process.send_signal(signal.SIGSTOP)
    requests = study.jatos.requests()
    daemon.kill()
    doing = own + [_named(each) for each in requests if each["ms"] is None]
    if doing:
        return sorted(set(doing))
    if not daemon.log("started"):
        return ["starting up"]
    return ["between two things"] if requests else ["before its first request"]


def _named(request: dict[str, Any]) -> str:
    """What a request under way is for."""
    if request["path"].endswith("/structure"):
        return "a listing under way"
    kinds = {"POST": "an upload under way", "DELETE": "a delete under way"}
    if kind := kinds.get(request["method"]):
        return kind
    return "a look under way" if "/assets/" in request["path"] else "a question under way"


def _own_doing(study: Study, pid: int) -> list[str]:
    """What its open files and its threads' system calls tell."""
    doing = set()
    opened: dict[str, str] = {}
    with suppress(OSError):
        for number in os.listdir(f"/proc/{pid}/fd"):
            with suppress(OSError):
                opened[number] = os.readlink(f"/proc/{pid}/fd/{number}")
    for name in opened.values():
        if name.startswith(f"{study.folder}/"):
            doing.add("a file or directory being read")
        if name.startswith(f"{study.state}/trash/"):
            doing.add("a copy for the trash being written")
    for task in Path(f"/proc/{pid}/task").glob("*/syscall"):
        with suppress(OSError):
            call, *arguments = task.read_text().split()
            if call in (FSYNC, FDATASYNC, PWRITE):
                file = opened.get(str(int(arguments[0], 16)), "")
                where = "state" if "state.sqlite3" in file else "trash" if "trash" in file else ""
                doing.add(f"the {where} on its way to the disk")
    if _in_transaction(study, pid):
        doing.add("a transaction of the state open")
    return sorted(doing)


def _in_transaction(study: Study, pid: int) -> bool:
    """Whether it holds SQLite's lock for writing (byte 120 of the -shm file)."""
    with suppress(OSError):
        inode = os.stat(study.state / "state.sqlite3-shm").st_ino
        for line in Path("/proc/locks").read_text().splitlines():
            fields = line.split()
            if fields[3:5] == ["WRITE", str(pid)] and fields[5].endswith(f":{inode}"):
                return True
    return False
