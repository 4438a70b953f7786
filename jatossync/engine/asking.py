"""
The answers to questions about single paths (`Look`, `Keep`, `Hash`): each is then decided about.
"""

from __future__ import annotations

from dataclasses import replace

from jatossync.core.actions import Hash, Hold, HoldKind, Keep, Look
from jatossync.core.jobs import Refused, Result, Stopped, Unavailable
from jatossync.core.model import Content, Entry, Seen
from jatossync.engine.decisions import Decisions
from jatossync.engine.meeting import Meeting
from jatossync.engine.parts import LOSSES_THAT_REFUSE, Parts, Room


class Asking(Room):
    """Takes the answers; what is asked for comes from the decisions."""

    def __init__(self, parts: Parts, decisions: Decisions, meeting: Meeting) -> None:
        super().__init__(parts)
        self._decisions = decisions
        self._meeting = meeting

    def hashed(self, job: Hash, result: Result, now_s: float) -> None:
        """A large file was read, or was not to be had."""
        question = self._questions.answered(job)
        if isinstance(result, Entry):
            was_ignored = question.entry is not None and question.entry.was_ignored
            entry = replace(result, was_ignored=was_ignored)
            self._decisions.decide(job.path, entry, question.burst, now_s)
        else:
            self._parts.hint(job.path, now_s)
        self._parts.look_again(job.path, now_s)

    def looked(self, job: Look | Keep, result: Result, now_s: float) -> None:
        """JATOS was asked for one path."""
        question = self._questions.answered(job)
        match result:
            case Seen():
                self._evidence.confirmed(job.path, result)
                if isinstance(job, Keep) and result.kept:
                    self._kept(job, result)
                self._decisions.decide(job.path, question.entry, question.burst, now_s)
            case Unavailable() if question.losses + 1 >= LOSSES_THAT_REFUSE:
                # The probes in between found the server: it is this path that cannot be seen.
                self._meeting.fail(result, now_s)
                self._parts.unseen_until_s[job.path] = now_s + self._settings.verify_s
                why = f"cannot be seen: {result.reason}"
                self._holds.hold(Hold(job.path, HoldKind.UNSEEN, why), question.burst, now_s)
            case Unavailable() | Stopped():
                self._meeting.fail(result, now_s)
                self._questions.put(replace(question, losses=question.losses + 1))
            case Refused():
                hold = Hold(job.path, HoldKind.UNSEEN, result.reason)
                self._holds.hold(hold, question.burst, now_s)
        self._parts.look_again(job.path, now_s)

    def _kept(self, job: Keep, seen: Seen) -> None:
        assert seen.size is not None
        assert seen.sha256 is not None
        assert seen.adler32 is not None
        study = self._link.server.study_uuid if self._link.server else ""
        content = Content(seen.size, seen.sha256, seen.adler32)
        if not self._store.kept(job.path, content, study, job.why):
            return  # a delete that waits for a person keeps them at each verification, as young
        self._report.totals.kept += 1
        self._report.say(
            "kept in the trash", "warning", path=job.path, size=seen.size, reason=job.why
        )
