"""
Does the proof find what it is to find? Each guard of the program is broken on purpose, one by one.

`python -m tests.simulation.mutants [NAME …]` breaks a copy and lives through histories until a law
is seen broken. A mutant that survives is a gap in the proof.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
HISTORIES = int(os.environ.get("JATOSSYNC_HISTORIES", "400"))


@dataclass(frozen=True)
class Mutant:
    """One guard that is broken: `old` stands exactly once in `file`."""

    name: str
    file: str
    old: str
    new: str


MUTANTS = [
    Mutant(
        "the last piece is sent without looking whether the file changed",
        "remote/body.py",
        "            if not self._source.unchanged():",
        "            if False:",
    ),
    Mutant(
        "the digest of what is sent is not compared",
        "remote/body.py",
        "if not left and digest.hexdigest() != self._content.sha256:",
        "if False:",
    ),
    Mutant(
        "neither is looked at while a file is sent",
        "remote/body.py",
        "            if not self._source.unchanged():\n"
        '                raise SourceChanged("it changed while it was sent")\n'
        "            if not left and digest.hexdigest() != self._content.sha256:\n",
        "            if False:\n",
    ),
    Mutant(
        "a token in a file is no reason to stop",
        "local/scan.py",
        "    if reading.has_token:",
        "    if False:",
    ),
    Mutant(
        "the manifest is written before the answer",
        "engine/writing.py",
        "            self._evidence.touched(item.path)\n        return jobs",
        "            self._evidence.touched(item.path)\n"
        "            if isinstance(item.action, Upload):\n"
        "                self._store.adopted(row_of(item.action, True, None))\n"
        "        return jobs",
    ),
    Mutant(
        "no attempt is written before a request",
        "state/store.py",
        '            "INSERT OR IGNORE INTO attempts VALUES (?, ?, ?, ?, ?)", *map(_attempt, actions)',
        '            "INSERT OR IGNORE INTO attempts VALUES (?, ?, ?, ?, ?)"',
    ),
    Mutant(
        "attempts are written, and not on disk when the request leaves",
        "state/store.py",
        "*map(_attempt, actions)\n        )\n        self.commit()",
        "*map(_attempt, actions)\n        )",
    ),
    Mutant(
        "an upload without an answer counts as refused",
        "engine/writing.py",
        "            case Unavailable() | Stopped():\n"
        "                self._meeting.fail(result, now_s)\n"
        "                self._try_again(item, result, now_s)",
        "            case Unavailable() | Stopped():\n"
        "                self._store.refused(job)\n"
        "                self._meeting.fail(result, now_s)\n"
        "                self._try_again(item, result, now_s)",
    ),
    Mutant(
        "what cannot be read is absent",
        "local/root.py",
        "            if block.missing:\n                return Sighting(",
        "            if True:\n                return Sighting(",
    ),
    Mutant(
        "a directory that cannot be read is empty",
        "local/scan.py",
        "        except OSError as exc:\n"
        "            self._entries[path] = Entry(Kind.UNKNOWN, why_not(exc))\n"
        "        return None",
        "        except OSError:\n            pass\n        return None",
    ),
    Mutant(
        "the presence of a file is not asked before it is deleted",
        "jobs.py",
        "        return None if presence is Presence.ABSENT else",
        "        return None if presence else",
    ),
    Mutant(
        "the folder is not asked whether it is still the same",
        "local/root.py",
        "        if _identity(found) != self._identity:",
        "        if False:",
    ),
    Mutant(
        "neither folder nor file is looked at before a delete",
        "jobs.py",
        "lambda: self._why_not_delete(job.path)",
        "lambda: None",
    ),
    Mutant(
        "nothing is looked at before it is overwritten",
        "remote/client.py",
        "            if seen.sha256 == job.content.sha256:\n"
        "                return AlreadyThere()\n"
        "            if not replaceable(seen, job.replaceable):\n"
        "                return Foreign(seen)",
        "            if seen.sha256 == job.content.sha256:\n                return AlreadyThere()",
    ),
    Mutant(
        "nothing is looked at before it is deleted",
        "remote/client.py",
        "            if not replaceable(seen, job.replaceable):\n"
        "                return Foreign(seen)\n"
        "        if reason := may():",
        "        if reason := may():",
    ),
    Mutant(
        "bytes that are there already are sent again",
        "remote/client.py",
        "            if seen.sha256 == job.content.sha256:\n                return AlreadyThere()\n",
        "            if seen.sha256 == job.content.sha256:\n                seen = ABSENT\n",
    ),
    Mutant(
        "foreign bytes are replaced without a copy",
        "core/plan.py",
        "    kept = _kept(seen)\n    if kept is None:\n        return Keep(path, why)\n",
        "    kept = Content(seen.size or 0, seen.sha256 or '', seen.adler32 or 0)\n",
    ),
    Mutant(
        "the trash keeps nothing",
        "state/trash.py",
        "            os.replace(written, place)",
        "            os.unlink(written)",
    ),
    Mutant(
        "a lying success for a cut body counts",
        "remote/client.py",
        "            return Overtaken(str(exc))\n        done = self._settled_write(Asked.UPLOAD",
        "            return Done()\n        done = self._settled_write(Asked.UPLOAD",
    ),
    Mutant(
        "a page of a proxy with status 200 is JATOS's yes",
        "remote/answers.py",
        "    if by_envelope or by_silence:",
        "    if True:",
    ),
    Mutant(
        "a 401 stops nothing",
        "core/link.py",
        "        return self.server is not None and self.trouble is None",
        "        return self.server is not None and not isinstance(self.trouble, Unavailable)",
    ),
    Mutant(
        "two requests for one path",
        "engine/passes.py",
        "        return path in busy or (path in self._dirty and path not in scope)",
        "        return path in self._dirty and path not in scope",
    ),
    Mutant(
        "what could not be looked at twice in a tick is taken as unchanged",
        "local/hashing.py",
        "row.stat == stat and row.hashed_at_ns - written_ns >= RACY_NS",
        "row.stat == stat",
    ),
    Mutant(
        "a file of equal size is taken as unchanged",
        "local/hashing.py",
        "row.stat == stat and",
        "row.stat.size == stat.size and",
    ),
    Mutant(
        "a listing counts for paths that were written meanwhile",
        "core/evidence.py",
        "        self._newer = dict.fromkeys(since)",
        "        self._newer = {}",
    ),
    Mutant(
        "pages do not wait for what they need",
        "core/order.py",
        "            waits = turn > settling or any(self._awaited[before] for before in range(turn))",
        "            waits = False",
    ),
    Mutant(
        "deletes do not wait for uploads",
        "core/order.py",
        "            if item.not_before_s <= now_s and not self._open_uploads[item.burst]:",
        "            if item.not_before_s <= now_s:",
    ),
    Mutant(
        "no number of deletes is too many",
        "core/limits.py",
        "    if not counted:\n        return None",
        "    if True:\n        return None",
    ),
    Mutant(
        "the page of a component is a file like any other",
        "core/guard.py",
        "        return fold(path) in self._pages",
        "        return False",
    ),
    Mutant(
        "what is ignored is deleted",
        "core/plan.py",
        "    if local is None or local.kind is Kind.DIRECTORY:",
        "    if local is None or local.kind in (Kind.DIRECTORY, Kind.EXCLUDED, Kind.SPECIAL):",
    ),
    Mutant(
        "what only JATOS has is deleted",
        "core/plan.py",
        "    ours = _ours(row, attempts)\n    if not ours:\n        if seen",
        "    ours = _ours(row, attempts)\n"
        "    if not ours and seen is not None and seen.sha256 is None and seen.size is not None:\n"
        "        return Look(path)\n"
        "    if not ours and seen is not None and seen.sha256 is not None:\n"
        "        return Delete(path, frozenset({Content(seen.size or 0, seen.sha256, 0)}))\n"
        "    if not ours:\n        if seen",
    ),
    Mutant(
        "an upload that is done leaves no row",
        "state/store.py",
        "        self.adopted(row)\n        self._history",
        "        self._history",
    ),
    Mutant(
        "a pause pauses nothing",
        "engine/engine.py",
        "            if not self.paused:\n",
        "            if True:\n",
    ),
    Mutant(
        "refused once is refused for ever",
        "core/retry.py",
        "        return QUICK_S",
        "        return 1e9",
    ),
]


def main() -> int:
    """Break one after the other; how many survive."""
    wanted = sys.argv[1:]
    survivors = 0
    for mutant in MUTANTS:
        if wanted and mutant.name not in wanted:
            continue
        began_s = time.monotonic()
        found = caught_by(mutant)
        survivors += found is None
        seconds = time.monotonic() - began_s
        print(f"{'SURVIVED' if found is None else found:44} {mutant.name} ({seconds:.0f} s)")
        sys.stdout.flush()
    return survivors


def caught_by(mutant: Mutant) -> str | None:
    """The law that a history saw broken, and its seed; None where none was."""
    with tempfile.TemporaryDirectory() as place:
        for name in ("jatossync", "tests", "pyproject.toml"):
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, Path(place, name))
            else:
                shutil.copy(source, place)
        broken = Path(place, "jatossync", mutant.file)
        code = broken.read_text("utf-8")
        if code.count(mutant.old) != 1:
            return f"NOT APPLIED ({code.count(mutant.old)} places)"
        broken.write_text(code.replace(mutant.old, mutant.new), "utf-8")
        count = str(HISTORIES)
        command = [sys.executable, "-m", "tests.simulation", "--count", count, "--stop-after", "1"]
        done = subprocess.run(command, cwd=place, capture_output=True, text=True, check=False)
    found = re.search(r"--- seed (\d+): (\w+) ([\w ]*)", done.stdout)
    if found is None:
        return None if done.returncode == 0 else f"does not start: {done.stderr[-200:]}"
    seed, kind, law = found.groups()
    return f"{law.strip() if kind == 'Violation' else kind}, seed {seed}"


if __name__ == "__main__":
    sys.exit(main())
