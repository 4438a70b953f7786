"""Waiting for what others do: another thread, another process, the kernel."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

DEADLINE_S = 60.0
"""Room for a busy machine: nothing here is expected to take as long."""

POLL_S = 0.03


def wait_until(condition: Callable[[], T], what: Callable[[], str] | str) -> T:
    """What `condition` says, once that is true; `what` says what is missing where it never is."""
    end_s = time.monotonic() + DEADLINE_S
    while not (found := condition()):
        if time.monotonic() > end_s:
            raise AssertionError(f"never came: {what if isinstance(what, str) else what()}")
        time.sleep(POLL_S)
    return found
