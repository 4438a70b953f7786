"""
Does the proof find what it is to find? Each guard of the program is broken on purpose, one by one.

`python -m tests.simulation.mutants [WORD …]` breaks copies, those whose names have one of the words,
and says what noticed each. A mutant that survives is a gap in the proof.
"""

from __future__ import annotations

import argparse
import sys

from tests.simulation.mutants_core import DECIDING
from tests.simulation.mutants_edges import ACTING
from tests.simulation.mutants_names import NAMING
from tests.simulation.mutating import Mutant, run

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
        "                self._unanswered.lost(job, now_s)\n"
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
        "        if presence is not Presence.ABSENT:",
        "        if False:",
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
        "lambda: self._why_not_delete(job)",
        "lambda: None",
    ),
    Mutant(
        "nothing is looked at before it is overwritten",
        "remote/client.py",
        "        return None if replaceable(seen, job.replaceable) else Foreign(seen)",
        "        return None",
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
        "        if seen.sha256 == job.content.sha256:\n            return AlreadyThere()\n",
        "        if seen.sha256 == job.content.sha256:\n            seen = ABSENT\n",
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
        "    if by_envelope or (silent and dialect is Dialect.LEGACY):",
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
        "        self._newer, self._looked = dict.fromkeys(since), {}",
        "        self._newer, self._looked = {}, {}",
    ),
    Mutant(
        "a listing counts for paths that were written meanwhile, and without a look",
        "core/evidence.py",
        "        self._newer, self._looked = dict.fromkeys(since), {}",
        "        self._newer, self._looked = {}, {}",
        also=(
            (
                "core/plan.py",
                "            if not seen.looked:\n                return _ask(path, seen)\n"
                "            if any",
                "            if any",
            ),
        ),
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
        "    if not ours:\n        if seen",
        "    if not ours and seen is not None and seen.sha256 is None and seen.size is not None:\n"
        "        return Look(path)\n"
        "    if not ours and seen is not None and seen.sha256 is not None:\n"
        "        return Delete(path, frozenset({Content(seen.size or 0, seen.sha256, 0)}))\n"
        "    if not ours:\n        if seen",
    ),
    Mutant(
        "an upload that is done leaves no row",
        "state/store.py",
        "        self.adopted(row, late)\n        self._history",
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
    Mutant(
        "a rule that goes is a change like any other",
        "local/scan.py",
        "        return replace(entry, was_ignored=True) if entry and self._was_ignored(path) else entry",
        "        return entry",
    ),
    Mutant(
        "a `.jatosignore` that is missing for a moment is none",
        "local/rules.py",
        "GRACE_NS = 10_000_000_000",
        "GRACE_NS = 0",
    ),
    Mutant(
        "it says that all is in sync while the rules are in doubt",
        "engine/passes.py",
        "        self._parts.rules_in_doubt = result.rules_in_doubt",
        "        self._parts.rules_in_doubt = False",
    ),
    Mutant(
        "the rules of before are forgotten over a restart",
        "core/included.py",
        "        self._sets = shelf.load()",
        "        self._sets: list[Patterns] = []",
    ),
    Mutant(
        "it says that all is in sync while it works",
        "core/status.py",
        "    in_sync = work.settled and not undone and",
        "    in_sync = not undone and",
    ),
    Mutant(
        "what waits for a person is in sync",
        "core/status.py",
        "    undone = bool(held) or unread",
        "    undone = unread",
    ),
    Mutant(
        "an approval covers what came since",
        "core/actions.py",
        "        if self.seen is None or seen is None:\n            return True\n",
        "        return True\n",
    ),
    Mutant(
        "drift waits for nobody",
        "core/plan.py",
        '    if policy.drift == "hold":',
        "    if False:",
    ),
    Mutant(
        "a conflict waits for nobody",
        "core/plan.py",
        '    if policy.conflict == "hold":\n        why = "changed',
        '    if False:\n        why = "changed',
    ),
    Mutant(
        "the token is in the address",
        "remote/wire.py",
        '        raw = self.prefix + target.encode("ascii")',
        '        raw = self.prefix + target.encode("ascii")\n'
        '        if method == "GET" and self._token:\n'
        '            raw += b"?token=" + self._token.reveal().encode()',
    ),
    Mutant(
        "the token is said when a connection breaks",
        "remote/wire.py",
        '        return Unavailable(f"The connection to {self._shown} broke off")',
        '        return Unavailable(f"broke off: {self._token and self._token.reveal()}")',
    ),
    Mutant(
        "names that may be secret are files like any other",
        "core/ignore.py",
        "        if secret and not self.publishes(path, is_directory):",
        "        if False:",
    ),
    Mutant(
        "a private key is a file like any other",
        "local/scan.py",
        "    if reading.is_key and not rules.publishes(path):",
        "    if False:",
    ),
    Mutant(
        "a token is no reason to cut an upload, nor to leave a file out",
        "core/secrets.py",
        "        return self._found\n\n\ndef",
        "        return False\n\n\ndef",
    ),
    Mutant(
        "the last piece and the end are sent before the last look at the file",
        "remote/body.py",
        "            if not self._source.unchanged():",
        "            yield chunk\n            if not self._source.unchanged():",
        also=(
            ("remote/body.py", 'were to be sent")\n            yield chunk', 'were to be sent")'),
        ),
    ),
    Mutant(
        "a folder that is away is not noticed",
        "local/root.py",
        "    def trouble(self) -> str | None:\n",
        "    def trouble(self) -> str | None:\n        return None\n\n"
        "    def _trouble(self) -> str | None:\n",
    ),
    Mutant(
        "a disk that is gone is a folder like any other",
        "local/root.py",
        "            if mount != self._mount and not (focus and disk(focus) == self.identity.disk):",
        "            if False:",
    ),
    Mutant(
        "an empty file is a deleted one",
        "core/plan.py",
        "    if local is None or local.kind is Kind.DIRECTORY:",
        "    if local is None or local.kind in (Kind.DIRECTORY, Kind.EMPTY):",
    ),
    Mutant(
        "what was deleted before is not counted",
        "core/guard.py",
        "        past = self._records.past(WINDOW_S)\n        known, done",
        "        past: list[Past] = []\n        known, done",
    ),
    Mutant(
        "deletes wait for an upload that JATOS refuses",
        "core/order.py",
        "        return isinstance(self.action, Upload) and not (self.refusals or self.paced)",
        "        return isinstance(self.action, Upload)",
    ),
    Mutant(
        "later classes do not wait for what comes in a moment",
        "core/order.py",
        "            waits = turn > settling or any",
        "            waits = any",
    ),
    Mutant(
        "who was refused never asks again",
        "core/link.py",
        "        self._ask_s = now_s + wait_s",
        "        self._ask_s = None if isinstance(trouble, Stopped) else now_s + wait_s",
    ),
    Mutant(
        "nobody looks who was not told",
        "engine/passes.py",
        "now_s + self._settings.rescan_s",
        "now_s + 1e9",
    ),
    Mutant(
        "a lock that JATOS does not enforce is none",
        "engine/writing.py",
        "        unguarded = server is not None and server.api_version == UNGUARDED_API",
        "        unguarded = False",
    ),
    Mutant(
        "a delete without an answer counts as refused",
        "engine/writing.py",
        "        item = replace(\n"
        "            item, action=action, listed_s=-math.inf, ever_lost=True, losses=item.losses + 1\n"
        "        )",
        "        self._store.refused(action)\n"
        "        item = replace(item, action=action, listed_s=-math.inf, losses=item.losses + 1)",
    ),
    Mutant(
        "a listing is believed without a look",
        "core/plan.py",
        "            if not seen.looked:\n                return _ask(path, seen)\n"
        "            if any",
        "            if any",
    ),
    Mutant(
        "a file is opened wherever a symlink leads",
        "local/directory.py",
        '    | getattr(os, "O_NOFOLLOW", 0)\n    | getattr(os, "O_NONBLOCK", 0)',
        '    | getattr(os, "O_NONBLOCK", 0)',
        also=(
            ("local/directory.py", "child.stat(follow_symlinks=False)", "child.stat()"),
            (
                "local/directory.py",
                "dir_fd=self.descriptor, follow_symlinks=False)",
                "dir_fd=self.descriptor)",
            ),
        ),
    ),
    Mutant(
        "a delete that waits for a person goes",
        "core/guard.py",
        "        if self._holds.kind(path) is HoldKind.DELETES and approved not in DELETES:",
        "        if False:",
    ),
    Mutant(
        "a new file may overwrite what another spelling of its name has on JATOS",
        "engine/writing.py",
        "            job = replace(item.action, look=look, rivals=self._rivals(item.path))",
        "            job = replace(item.action, look=look, rivals=frozenset[Rival]())",
    ),
    Mutant(
        "what is missing in a folder that may be another one goes",
        "core/guard.py",
        "            paths = [path for path in paths if path in (self._doubted or ())]",
        "            paths = []",
    ),
    Mutant(
        "what was sent before a kill is settled by the first look",
        "engine/unanswered.py",
        "            self._of_an_earlier_process(now_s)\n",
        "            pass\n",
    ),
    Mutant(
        "what was cut off is settled by the next try",
        "engine/unanswered.py",
        "        self._late.sent(job.path, [sent_by(job)], now_s)\n",
        "",
    ),
    Mutant(
        "what is acknowledged settles what may come late",
        "state/store.py",
        '        shas = [content.sha256 if content else "" for content in late]\n',
        "        shas: list[str] = []\n",
    ),
    Mutant(
        "older bytes of ours that came late are somebody else's",
        "core/plan.py",
        "            if any(_led_to(seen, attempt) for attempt in attempts):\n",
        "            if False:\n",
    ),
    *DECIDING,
    *ACTING,
    *NAMING,
]


def main() -> int:
    """Break what is asked for; how many survived."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.simulation.mutants",
        description="Break guards of the program one by one, and say what notices each.",
    )
    parser.add_argument("words", nargs="*", metavar="WORD", help="those with it in their name")
    parser.add_argument("--list", action="store_true", help="only their names")
    asked = parser.parse_args()
    wanted = [
        each
        for each in MUTANTS
        if not asked.words or any(word in each.name for word in asked.words)
    ]
    if asked.list:
        print(*(each.name for each in wanted), sep="\n")
        return 0
    if not wanted:
        parser.error("no mutant has such a word in its name; --list shows them")
    return run(wanted)


if __name__ == "__main__":
    sys.exit(main())
