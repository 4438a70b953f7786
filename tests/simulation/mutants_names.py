"""More guards to be broken: those of two names that may be one, and of what was found beside it."""

from __future__ import annotations

from tests.simulation.mutating import Mutant

NAMING = [
    Mutant(
        "bytes that another name has too are this one's",
        "jobs.py",
        "careful = replace(job, replaceable=job.replaceable - theirs)",
        "careful = replace(job, look=True)",
    ),
    Mutant(
        "a lost answer makes the bytes those of the other name",
        "jobs.py",
        "            if not may_be_theirs:\n                continue",
        "            if False:\n                continue",
    ),
    Mutant(
        "a delete counts as done because of a file that was never sent",
        "jobs.py",
        "replaceable(seen, [rival.content for rival in job.rivals if rival.path == twin])",
        "seen is not None",
    ),
    Mutant(
        "what took the place of another spelling leaves that its row",
        "engine/writing.py",
        "                for other in result.replaced:",
        "                for other in list[RelPath]():",
    ),
    Mutant(
        "what has the size of both spellings is looked at no closer",
        "remote/client.py",
        " and (_may_have_arrived(job, seen) or _may_be_either(job, seen)):",
        " and _may_have_arrived(job, seen):",
    ),
    Mutant(
        "the size tells whether a delete's bytes are its other spelling's",
        "jobs.py",
        "        seen = assets.look(job.path, whole=True)",
        "        seen = assets.look(job.path)",
    ),
    Mutant(
        "a delete counts as an upload of a file that never rests",
        "engine/writing.py",
        "                if isinstance(job, Upload):\n                    self._pace",
        "                if True:\n                    self._pace",
    ),
    Mutant(
        "a name counts as replaced that had these very bytes before",
        "jobs.py",
        "            if rival.path not in had_them\n            and replaceable(",
        "            if replaceable(",
    ),
    Mutant(
        "an upload that waits makes bytes doubtful that were acknowledged",
        "engine/writing.py",
        "            if attempt.content not in (None, own)",
        "            if attempt.content is not None",
    ),
    Mutant(
        "what was refused for a file that is gone is not tried again soon",
        "engine/writing.py",
        "            if item is not None and type(item.action) is not type(job):",
        "            if False:",
    ),
    Mutant(
        "a look counts after a write to another spelling",
        "core/evidence.py",
        "dict.fromkeys([path, *self._looked.pop(name, ())])",
        "dict.fromkeys([path])",
    ),
    Mutant(
        "what is held is no longer when it is listed under another spelling",
        "core/evidence.py",
        "    if seen.doubt is Doubt.TWIN or (seen.size is None and held.size is None):",
        "    if seen.size is None and held.size is None:",
    ),
    Mutant(
        "a yes to overwriting what is listed under another spelling is asked for again",
        "core/contact.py",
        "            waits = approval is not None and there and not",
        "            waits = approval is not None and not",
    ),
    Mutant(
        "a yes to deleting a page asks for the conflict again",
        "core/plan.py",
        "        case HoldKind.PAGE | HoldKind.DELETES if approval.seen is not None:",
        "        case HoldKind.PAGE | HoldKind.DELETES if False:",
    ),
    Mutant(
        "a file is decided about because of a path below it",
        "core/plan.py",
        "if path != ROOT and local.covers(path)}",
        "if path != ROOT and (path in local.entries or local.covers(path))}",
    ),
    Mutant(
        "one slow listing puts off the next one",
        "engine/parts.py",
        "now_s + VERIFY_SHARE * usual_s)",
        "now_s + VERIFY_SHARE * self.took_s)",
    ),
    Mutant(
        "what cannot be looked at is no other file",
        "jobs.py",
        "each for each in ours if presence(each).presence is not Presence.ABSENT",
        "each for each in ours if presence(each).presence is Presence.PRESENT",
    ),
    Mutant(
        "what was taken over after the listing is no other spelling",
        "engine/decisions.py",
        "                self._evidence.owned(action.path)\n",
        "",
        also=(
            (
                "engine/passes.py",
                "self._evidence.listing_ended(listing, ours, self._store.attempts([ROOT]))",
                "self._evidence.listing_ended(listing, ours)",
            ),
        ),
    ),
    Mutant(
        "a listing stands for a look at what another spelling may be taken for",
        "engine/writing.py",
        "        return young and last and alone and seen",
        "        return young and last and seen",
    ),
]
