"""
What must be true of a study that was mirrored through whatever happened.

The emulator's witness knows what JATOS ever stored and destroyed, the writers' journals what ever
stood in the folder, `Others` what somebody else put on JATOS.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing, contextmanager
from types import TracebackType
from typing import Any, Self

from tests.awaiting import DEADLINE_S, POLL_S
from tests.long.versions import Journals, body, digest
from tests.long.witness import ledger
from tests.scenarios.harness import Study, files_below
from tests.scenarios.starter import ROOT

LEFT_BY_WRITERS = ".#"
"""How the names of their temporary files begin, which are never published."""


class Writers:
    """Several people who edit at once, in processes of their own."""

    def __init__(self, study: Study, count: int, seed: int) -> None:
        self._command = [sys.executable, "-m", "tests.long.writer"]
        self._command += [str(study.folder), str(study.place / "journals")]
        self._running = [
            subprocess.Popen([*self._command, f"w{number}", str(seed + number)], cwd=ROOT)
            for number in range(count)
        ]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for each in self._running:
            each.send_signal(signal.SIGCONT)
            each.terminate()
        for each in self._running:
            assert each.wait(30) == 0

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """All of them stop for a while, wherever they are."""
        for each in self._running:
            each.send_signal(signal.SIGSTOP)
        yield
        for each in self._running:
            each.send_signal(signal.SIGCONT)


class Others:
    """Somebody else who changes the study on JATOS, on its own disk, while nobody mirrors it."""

    def __init__(self, study: Study, chance: random.Random) -> None:
        self._study = study
        self._chance = chance
        self.digests: set[str] = set()
        """Of all they ever put there."""
        self.touched: set[str] = set()
        """Every path they ever changed or removed."""
        self.alone: dict[str, str] = {}
        """What only they have: path to digest."""

    def act(self) -> None:
        """Change, remove or add a few files."""
        self._await_end_of_requests()
        there = sorted(self._study.remote().keys() - self.alone.keys())
        for path in self._chance.sample(there, min(len(there), self._chance.randrange(1, 4))):
            self.touched.add(path)
            if self._chance.random() < 0.3:
                (self._study.assets / path).unlink()
            else:
                self._put(path)
        if self._chance.random() < 0.3:
            path = f"theirs/{len(self.alone)}.png"
            self.alone[path] = self._put(path)

    def _put(self, path: str) -> str:
        size = self._chance.randrange(60, 90_000)
        content = body(f"other.{len(self.digests)}", size)
        self.digests.add(digest(content))
        self._study.put_on_jatos(path, content)
        return digest(content)

    def _await_end_of_requests(self) -> None:
        """What a dead daemon had sent whole may still be on its way through JATOS."""
        while any(each["ms"] is None for each in self._study.jatos.requests()):
            time.sleep(POLL_S)


class Proof:
    """Asks the witness and the journals; `others` may have changed JATOS too."""

    def __init__(self, study: Study, others: Others) -> None:
        self._study = study
        self._others = others
        self._journals = Journals(study.place / "journals")
        self._read = 0
        self.stored = 0
        """How many contents were ever stored."""
        self.saved_for_others = 0
        """How many of others' contents were destroyed, each with a copy in the trash."""

    def of_what_was_stored(self) -> None:
        """No torn content ever lay on JATOS, and nobody else's was destroyed without a copy."""
        for entry, position in ledger(self._study.jatos.root, self._read):
            self._read = position
            if entry.sha256:
                self.stored += 1
                whole = self._journals.explains(entry.label, entry.size, entry.sha256)
                assert whole, f"no such version ever existed: {entry}"
            if entry.destroyed in self._others.digests:
                self.saved_for_others += 1
                assert self._is_in_the_trash(entry.destroyed), f"destroyed without a copy: {entry}"

    def of_rest(self, *, settle: bool = True) -> None:
        """
        With nobody editing: `status` says "in sync" in the end, and it is true when it does.

        `wait` lets it look at once, where nobody tells it of changes.

        Args:
            settle: Decide what waits for a person, for this folder's version.
        """
        deadline_s = time.monotonic() + 2 * DEADLINE_S
        self._study.cli("wait", "--timeout", "5s")
        told = self._status()
        while not told["in_sync"]:
            assert time.monotonic() < deadline_s, f"never in sync: {self._shown(told)}"
            if settle:
                for held in told["held"]:
                    self._study.cli("approve", held["id"])
            time.sleep(0.1)
            told = self._status()
        assert not (wrong := self.differences()), f"said to be in sync: {wrong}"

    def of_the_manifest(self) -> None:
        """
        After the end: what the state says of JATOS is so, and nothing that would change it is left
        unanswered.

        Of a file that was emptied meanwhile nobody needs to know what its last upload led to (a
        JATOS that dies over it has neither the old bytes nor the new), or what others made of it.
        """
        remote = self._study.remote()
        rows, attempts = self._rows("manifest"), self._rows("attempts")
        full = {path for path, content in self._local().items() if content}
        asked = full - self._unnoticeable()
        wrong = {path for path in asked if {digest(remote[path])} != rows[path]}
        assert not wrong, f"the manifest is wrong about {wrong}"
        open_ = {path for path in attempts.keys() & asked if attempts[path] != rows[path]}
        assert not open_, f"attempts without an end: {open_}"
        for path in rows.keys() - asked - self._others.touched:
            lies = digest(remote[path]) if path in remote else ""
            unanswered = attempts[path] | {""} if path in attempts else set()
            assert lies in rows[path] | unanswered, f"nobody knows what {path} is"
        assert self._study.cli("status", "--json").code == 2, "nobody runs, nobody can say"

    def _rows(self, table: str) -> dict[str, set[str]]:
        """The digests that the state has of each path."""
        uri = f"file:{self._study.state / 'state.sqlite3'}?mode=ro"
        found: dict[str, set[str]] = defaultdict(set)
        with closing(sqlite3.connect(uri, uri=True)) as state:
            for path, sha256 in state.execute(f"SELECT path, sha256 FROM {table}"):
                found[os.fsdecode(path)].add(sha256)
        return found

    def differences(self) -> list[str]:
        """Where JATOS has not what it should have."""
        local = self._local()
        remote = self._study.remote()
        excused = self._unnoticeable()
        wrong = [
            f"{'different' if path in remote else 'missing'}: {path}"
            for path, content in local.items()
            if content and remote.get(path) != content and path not in excused
        ]
        for path in remote.keys() - local.keys():
            if digest(remote[path]) not in self._others.digests:
                wrong.append(f"too much: {path}")
        for path, sha256 in self._others.alone.items():
            if digest(remote.get(path, b"")) != sha256:
                wrong.append(f"it was theirs alone: {path}")
        return wrong

    def _local(self) -> dict[str, bytes]:
        """The files that take part; the empty ones, too."""
        return {
            path: content
            for path, content in files_below(self._study.folder).items()
            if not path.rpartition("/")[2].startswith(LEFT_BY_WRITERS) and not path.endswith(".swp")
        }

    def _unnoticeable(self) -> set[str]:
        """What others touched on a JATOS that cannot tell what it has."""
        return self._others.touched if self._study.jatos.dialect == "3.8" else set()

    def _is_in_the_trash(self, sha256: str) -> bool:
        uri = f"file:{self._study.state / 'state.sqlite3'}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True)) as state:
            known = state.execute("SELECT 1 FROM trash WHERE sha256 = ?", (sha256,)).fetchone()
        kept = self._study.state / "trash" / sha256[:2] / sha256
        return known is not None and digest(kept.read_bytes()) == sha256

    def _status(self) -> dict[str, Any]:
        said = self._study.cli("status", "--json")
        told: dict[str, Any] = json.loads(said.out)
        assert said.code == (0 if told["in_sync"] else 2)
        return told

    def _shown(self, told: dict[str, Any]) -> str:
        log = max(self._study.place.glob("run-*.log"), key=lambda path: path.stat().st_mtime)
        return "\n".join(
            [json.dumps(told, indent=1)[:6000], *self.differences(), log.read_text()[-4000:]]
        )


def come_to_rest(study: Study, proof: Proof) -> None:
    """With nobody editing and nothing going wrong, both sides become equal, and it is said."""
    study.jatos.faults([])
    with study.run():
        proof.of_rest()
    proof.of_the_manifest()
    proof.of_what_was_stored()
