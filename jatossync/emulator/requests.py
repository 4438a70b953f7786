"""The list of what was asked, for tests and for the page."""

import threading
import time
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Record:
    """One request; `status` stays None when no answer left."""

    method: str
    path: str
    status: int | None = None
    lost: int | None = None
    """The status of an answer that a fault kept back."""
    bytes: int = 0
    ms: float | None = None
    started: float = field(default_factory=time.monotonic)

    def end(self, status: int) -> None:
        """Note the answer and the time it took."""
        self.status = status
        self.close()

    def close(self) -> None:
        """Note the time, unless an answer has done so."""
        if self.ms is None:
            self.ms = round((time.monotonic() - self.started) * 1000, 3)

    def shown(self) -> dict[str, Any]:
        """As the side door gives it."""
        return {
            "method": self.method,
            "path": self.path,
            "status": self.status,
            "lost": self.lost,
            "bytes": self.bytes,
            "ms": self.ms,
        }


class Log:
    """All requests in order of arrival."""

    def __init__(self) -> None:
        self._records: list[Record] = []
        self._lock = threading.Lock()

    def begin(self, method: str, path: str) -> Record:
        """Note an arrival."""
        record = Record(method, path)
        with self._lock:
            self._records.append(record)
        return record

    def shown(self, last: int | None = None) -> list[dict[str, Any]]:
        """All records, or the last ones."""
        with self._lock:
            records = self._records[-last:] if last else list(self._records)
        return [record.shown() for record in records]

    def clear(self) -> None:
        """Forget all of them."""
        with self._lock:
            self._records.clear()
