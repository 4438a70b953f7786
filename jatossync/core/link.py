"""
The state of the connection: whether JATOS is there and lets us (law 9).

In trouble all requests stop; one probe with exponential back-off finds out when to go on.
"""

from __future__ import annotations

from collections.abc import Callable

from jatossync.core.jobs import Server, Stop, Stopped, Unavailable
from jatossync.core.retry import server_wait_s

LOCKED_PROBE_S = 30.0
STOPPED_PROBE_S = 60.0
LONGEST_RETRY_AFTER_S = 300.0
FRESH_S = 10.0
"""So long an answer about token, study and lock is good enough for a large upload (surprise 4)."""


class Link:
    """Told the time, in seconds of one monotonic clock."""

    def __init__(self, jitter: Callable[[], float]) -> None:
        self.server: Server | None = None
        self.trouble: Unavailable | Stopped | None = None
        self.trouble_since_s: float | None = None
        """When the trouble that there is began, whatever it turned into since."""
        self._kinds: set[object] = set()
        """Of all trouble since JATOS was last there and let us."""
        self._jitter = jitter
        self._failures = 0
        self.up_since_s = 0.0
        self._asked_s = 0.0
        self._ask_s: float | None = 0.0

    @property
    def failures(self) -> int:
        """Probes in a row that found nobody."""
        return self._failures

    @property
    def up(self) -> bool:
        """Whether requests may go out."""
        return self.server is not None and self.trouble is None

    @property
    def ask_s(self) -> float | None:
        """When to ask again; None: no need to."""
        return self._ask_s

    def fresh(self, now_s: float) -> bool:
        """Whether the last answer is young enough to trust its token, study and lock."""
        return self.up and now_s - self._asked_s < FRESH_S

    def refresh(self, now_s: float) -> None:
        """Ask now, whatever was planned."""
        self._ask_s = now_s if self._ask_s is None else min(self._ask_s, now_s)

    def answered(self, server: Server, now_s: float) -> bool:
        """
        JATOS answered as it should.

        Returns:
            True where trouble ended by that.
        """
        had_trouble = self.trouble is not None
        if had_trouble or self.server is None:
            self.up_since_s = now_s
        self.server, self._asked_s, self._failures = server, now_s, 0
        self.trouble, self._ask_s = None, None
        if server.locked:
            self.trouble_since_s = now_s if not had_trouble else self.trouble_since_s
            self.trouble = Stopped(Stop.LOCKED, "the study is locked in JATOS")
            self._ask_s = now_s + LOCKED_PROBE_S
        else:
            self._kinds.clear()
        return had_trouble and self.trouble is None

    def failed(self, trouble: Unavailable | Stopped, now_s: float) -> bool:
        """
        A request found nobody, or was refused as every request would be.

        Returns:
            Whether that is news: of many requests that fail together the first one counts.
        """
        if self.trouble is None or (self._waits_for_the_server and isinstance(trouble, Stopped)):
            self.probed(trouble, now_s)
            return True
        if self._waits_for_the_server and isinstance(trouble, Unavailable) and self._ask_s:
            self._ask_s = max(self._ask_s, now_s + _asked_to_wait_s(trouble))
        return False

    def is_news(self, trouble: Unavailable | Stopped) -> bool:
        """Whether people have not been told of this: nothing of its kind was since all was well."""
        return kind(trouble) not in self._kinds

    @property
    def _waits_for_the_server(self) -> bool:
        return isinstance(self.trouble, Unavailable)

    def probed(self, trouble: Unavailable | Stopped, now_s: float) -> None:
        """The probe found no end of it: the next one comes later."""
        if self.trouble is None:
            self.trouble_since_s = now_s
        self.trouble = trouble
        self._kinds.add(kind(trouble))
        match trouble:
            case Unavailable():
                self._failures += 1
                wait_s = server_wait_s(self._failures, self._jitter())
                wait_s = max(wait_s, _asked_to_wait_s(trouble))
            case Stopped(stop=Stop.LOCKED):
                wait_s = LOCKED_PROBE_S
            case Stopped():
                wait_s = STOPPED_PROBE_S
        self._ask_s = now_s + wait_s


def _asked_to_wait_s(trouble: Unavailable) -> float:
    return min(trouble.retry_after_s or 0.0, LONGEST_RETRY_AFTER_S)


def kind(trouble: Unavailable | Stopped | None) -> object:
    """What people are told of once, however its words change."""
    match trouble:
        case Stopped():
            return trouble.stop
        case Unavailable():
            return "no JATOS" if trouble.not_jatos else "away"
    return None
