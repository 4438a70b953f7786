"""How long to wait before the next try."""

from __future__ import annotations

SERVER_FIRST_S, SERVER_LONGEST_S = 1.0, 60.0
PATH_FIRST_S, PATH_LONGEST_S = 60.0, 3600.0
QUICK_S = 0.5
"""Before a path's one quick second try: JATOS fails one of two uploads that meet (surprise 3)."""


def server_wait_s(failures: int, jitter: float) -> float:
    """
    Seconds until the server is probed again.

    Args:
        failures: Probes that failed in a row, at least 1.
        jitter: 0 to 1, from outside: keeps many clients from coming back at once.
    """
    longest = min(SERVER_FIRST_S * 2.0 ** min(failures - 1, 16), SERVER_LONGEST_S)
    return longest * (0.5 + jitter / 2)


def path_wait_s(refusals: int) -> float:
    """Seconds until a refused path is tried again: once nearly at once, then slowly for ever."""
    if refusals <= 1:
        return QUICK_S
    return min(PATH_FIRST_S * 2.0 ** min(refusals - 2, 16), PATH_LONGEST_S)
