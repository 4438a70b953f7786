"""
Breaking guards: a copy of the program with one of them broken, and what notices it.

First the tests of single moments, then those of the single rooms, then histories until a law is
seen broken. Two at a time.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
HISTORIES = int(os.environ.get("JATOSSYNC_HISTORIES", "400"))
LONGEST_S = 600.0
AT_ONCE = int(os.environ.get("JATOSSYNC_PROCESSES", "2"))
MOMENTS = tuple(f"tests/simulation/test_{name}.py" for name in ("guards", "findings", "spellings"))
ROOMS = tuple(
    f"tests/{room}"
    for room in ("core", "engine", "local", "state", "test_jobs.py", "remote", "reconcile")
)


@dataclass(frozen=True)
class Mutant:
    """One guard that is broken: `old` stands exactly once in `file`."""

    name: str
    file: str
    old: str
    new: str
    also: tuple[tuple[str, str, str], ...] = ()
    """More places: where one guard stands behind another, both have to go."""
    equivalent: str = ""
    """Why nothing can notice it, if nothing can: another guard stands behind this one."""

    def apply(self, package: Path) -> None:
        """
        Take the guard out of a copy of the program.

        Raises:
            ValueError: A place is not there, or not the only one.
        """
        for name, old, new in ((self.file, self.old, self.new), *self.also):
            file = package / name
            code = file.read_text("utf-8")
            if code.count(old) != 1:
                raise ValueError(f"{self.name}: {old!r} stands {code.count(old)} times in {name}")
            broken = code.replace(old, new)
            compile(broken, name, "exec")
            file.write_text(broken, "utf-8")


@dataclass(frozen=True)
class Verdict:
    """What became of a mutant."""

    mutant: Mutant
    caught_by: str
    """Test and law, or the law and how many histories it took; empty: it survived."""
    seconds: float

    def __str__(self) -> str:
        left = self.caught_by or ("equivalent" if self.mutant.equivalent else "SURVIVED")
        why = f": {self.mutant.equivalent}" if not self.caught_by and self.mutant.equivalent else ""
        return f"{self.mutant.name}{why}\n    {left} ({self.seconds:.0f} s)"


def run(mutants: Iterable[Mutant]) -> int:
    """Break one after the other; how many survive that should not."""
    survivors = caught = explained = 0
    with ThreadPoolExecutor(AT_ONCE) as threads:
        for verdict in threads.map(_verdict, mutants):
            print(verdict, flush=True)
            caught += bool(verdict.caught_by)
            explained += not verdict.caught_by and bool(verdict.mutant.equivalent)
            survivors += not verdict.caught_by and not verdict.mutant.equivalent
    print(f"{caught} caught, {explained} equivalent, {survivors} survived")
    return survivors


def _verdict(mutant: Mutant) -> Verdict:
    began_s = time.monotonic()
    with tempfile.TemporaryDirectory() as place:
        for name in ("jatossync", "tests"):
            shutil.copytree(ROOT / name, Path(place, name), ignore=_CACHES, symlinks=True)
        shutil.copy(ROOT / "pyproject.toml", place)
        mutant.apply(Path(place, "jatossync"))
        caught_by = (
            _noticed_by(place, MOMENTS)
            or _noticed_by(place, _rooms(mutant))
            or _noticed_in_a_history(place)
        )
    return Verdict(mutant, caught_by, time.monotonic() - began_s)


def _rooms(mutant: Mutant) -> list[str]:
    """The tests of the single rooms, those of its own first."""
    own = mutant.file.partition("/")[0]
    return sorted(ROOMS, key=lambda room: room != f"tests/{own}")


_CACHES = shutil.ignore_patterns("__pycache__")


def _noticed_by(place: str, tests: Sequence[str]) -> str:
    options = ("-x", "-q", "-n", "0", "--no-header", "--tb=no", "-p", "no:cacheprovider")
    done = _python(place, "pytest", *options, *tests)
    if done is None:
        return f"{tests[0]}: it never ends"
    found = re.search(r"^(?:FAILED|ERROR) [\w/]+/(\w+)\.py(?:::(.+?))?(?: - (.*))?$", done, re.M)
    if found is None:
        return ""
    file, test, error = found.groups()
    law = re.search(r"Violation: (\w+)", error or "")
    return f"{law[1] if law else _short(error)}, {file}::{test}"


def _noticed_in_a_history(place: str) -> str:
    count = str(HISTORIES)
    done = _python(place, "tests.simulation", "--count", count, "--stop-after", "1")
    if done is None:
        return "a history that never ends"
    found = re.search(r"--- seed (\d+): (\w+) ([^:\n]*)", done)
    if found is None:
        return "" if " 0 failed" in done else f"does not start: {done[-200:]}"
    seed, kind, law = found.groups()
    return f"{law.strip() if kind == 'Violation' else kind}, history {seed}"


def _python(place: str, *arguments: str) -> str | None:
    """What a module says when it is run in the copy; None where it does not end."""
    command = [sys.executable, "-m", *arguments]
    wide = {**os.environ, "COLUMNS": "500"}  # pytest shortens what it says to the terminal
    try:
        done = subprocess.run(
            command,
            cwd=place,
            env=wide,
            capture_output=True,
            text=True,
            check=False,
            timeout=LONGEST_S,
        )
    except subprocess.TimeoutExpired:
        return None
    return done.stdout + done.stderr


def _short(error: str | None) -> str:
    return (error or "it fails").partition(":")[0][:60]
