"""
The connection to JATOS: probing it, noticing that it is away or refuses, or is another one now.
"""

from __future__ import annotations

from jatossync.core.jobs import Ask, Job, Result, Server, Stop, Stopped, Unavailable
from jatossync.core.link import kind
from jatossync.core.paths import ROOT
from jatossync.engine.decisions import Decisions
from jatossync.engine.parts import RELIST_S, Parts, Room

AWAY = "JATOS is unavailable"
"""The name of the event that nobody answers, or not as a JATOS does."""


class Meeting(Room):
    """Asks (`start`) until JATOS is there (`asked`); told when a request finds trouble (`fail`)."""

    def __init__(self, parts: Parts, decisions: Decisions) -> None:
        super().__init__(parts)
        self._decisions = decisions
        self.asking = False

    @property
    def wake_s(self) -> float | None:
        """When to ask; None: no need to."""
        return None if self.asking else self._link.ask_s

    def start(self, now_s: float) -> list[Job]:
        """The probe, if it is time for one."""
        if self.asking or self._link.ask_s is None or self._link.ask_s > now_s:
            return []
        self.asking = True
        trouble = self._link.trouble
        return [Ask(isinstance(trouble, Stopped) and trouble.stop is Stop.FOLDER_GONE)]

    def asked(self, result: Result, now_s: float) -> None:
        """The probe has ended."""
        self.asking = False
        if isinstance(result, Unavailable | Stopped):
            if self._link.is_news(result):
                self._say_trouble(result)
            self._link.probed(result, now_s)
            return
        assert isinstance(result, Server), result
        self._refusals.end_of_other_versions(result.api_version)
        if self._link.server is not None and _another(result, self._link.server):
            self._start_anew(now_s)
        known = self._link.trouble
        self._met_pages(result, now_s)
        if self._link.answered(result, now_s):
            self._report.say("JATOS is back", "info")
            self._late.back(now_s)
            self._listings.compared = False
            self._listings.hurry(max(now_s, self._listings.asked_s + RELIST_S))
        elif self._link.trouble is not None and kind(self._link.trouble) != kind(known):
            self._say_trouble(self._link.trouble)

    def fail(self, trouble: Unavailable | Stopped, now_s: float) -> None:
        """A request found nobody, or was refused as every request would be."""
        news = self._link.is_news(trouble)
        if self._link.failed(trouble, now_s) and news:
            self._say_trouble(trouble)

    def _say_trouble(self, trouble: Unavailable | Stopped) -> None:
        if isinstance(trouble, Unavailable):
            self._report.say(AWAY, "warning", reason=trouble.reason)
        else:
            stop = trouble.stop.value
            self._report.say("JATOS refuses", "warning", reason=trouble.reason, stop=stop)

    def _start_anew(self, now_s: float) -> None:
        """Nothing that was decided for another JATOS counts for this one."""
        self._queue.clear()
        self._questions.clear()
        for path in list(self._refusals):
            self._refusals.end(path)
        self._listings.wanted = True
        self._dirty.visit(ROOT, now_s)

    def _met_pages(self, server: Server, now_s: float) -> None:
        for path in self._guard.know_pages(server.pages):
            self._parts.decide_anew(path, now_s)
        for item in list(self._queue):
            if item.path not in self._queue.under_way:
                self._decisions.hold_delete(self._guard.vet(item.action), item.burst, now_s)


def _another(now: Server, before: Server) -> bool:
    """Whether names that were fine may not be, or the other way round."""
    return (now.api_version, now.changed_on_the_way) != (
        before.api_version,
        before.changed_on_the_way,
    )
