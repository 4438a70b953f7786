"""
What has to be noticed as time passes: a token that ends soon, a computer that slept, slow uploads.

Pure: told the times.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from jatossync.core.paths import RelPath

DAY_S = 86_400.0
EXPIRES_SOON_S = 7 * DAY_S
ASLEEP_S = 30.0
"""A clock that jumps by more than this between two looks: the computer slept, or was halted."""
LONG_UPLOAD_S = 10.0
"""An upload that takes longer is told about, and again every so long."""


class Expiry:
    """Warns once a day that the token ends soon."""

    def __init__(self) -> None:
        self._again_s = -math.inf

    def days_left(self, expires_ms: int, now_s: float) -> float | None:
        """
        Days until the token ends, where that is soon and was not said within a day; else None.

        Args:
            expires_ms: Since 1970; 0: never.
            now_s: Since 1970.
        """
        left_s = expires_ms / 1000 - now_s
        if not expires_ms or not 0 < left_s < EXPIRES_SOON_S or now_s < self._again_s:
            return None
        self._again_s = now_s + DAY_S
        return left_s / DAY_S


class Sleep:
    """Notices that the computer was asleep, whether or not its monotonic clock slept as well."""

    def __init__(self) -> None:
        self._last: tuple[float, float] | None = None

    def slept_s(self, monotonic_s: float, wall_s: float) -> float | None:
        """How long since the last look, where that was no ordinary time; else None."""
        last, self._last = self._last, (monotonic_s, wall_s)
        if last is None:
            return None
        gone_s = max(monotonic_s - last[0], wall_s - last[1])
        return gone_s if gone_s > ASLEEP_S else None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one upload is."""

    path: RelPath
    size: int
    sent: int
    """Bytes handed over so far."""
    seconds: float
    """Since it began."""

    @property
    def bytes_per_s(self) -> float:
        return self.sent / self.seconds if self.seconds > 0 else 0.0

    @property
    def left_s(self) -> float | None:
        """Seconds to go at this rate; None where nothing is known of it."""
        return (self.size - self.sent) / self.bytes_per_s if self.bytes_per_s else None


class LongUploads:
    """Which uploads are to be told about now."""

    def __init__(self) -> None:
        self._told_s: dict[RelPath, float] = {}

    def news(self, uploads: Mapping[RelPath, Progress], now_s: float) -> list[Progress]:
        """Those that take long and were not told about a moment ago."""
        self._told_s = {path: at_s for path, at_s in self._told_s.items() if path in uploads}
        found = []
        for path, progress in uploads.items():
            told_s = self._told_s.get(path, now_s - progress.seconds)
            if now_s - told_s >= LONG_UPLOAD_S:
                self._told_s[path] = now_s
                found.append(progress)
        return found
