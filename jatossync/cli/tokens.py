"""What is said about a token, and what JATOS says to it."""

from __future__ import annotations

import time

from jatossync.core.jobs import Stop, Stopped, Unavailable
from jatossync.daemon import UNREACHABLE_HINT
from jatossync.errors import Denied, Unreachable
from jatossync.remote.client import Jatos
from jatossync.remote.parse import Who

DAY_S = 86400
SOON_S = 7 * DAY_S

WHERE_TO_MAKE_ONE = (
    "Make one in JATOS: click your name at the top right, then “My API tokens” and “New Token”. "
    "It begins with jap_, and JATOS shows it only once."
)


def accepted(jatos: Jatos) -> Who:
    """
    Whose token it is.

    Raises:
        Unreachable: No JATOS answers.
        Denied: It does not accept the token.
    """
    who = jatos.who()
    if isinstance(who, Unavailable):
        raise Unreachable(who.reason, UNREACHABLE_HINT)
    if isinstance(who, Stopped):
        hint = WHERE_TO_MAKE_ONE if who.stop is Stop.TOKEN else ""
        raise Denied(who.reason, hint)
    return who


def good_for(expires_ms: int) -> str:
    """`never expires`, or until when and how many days that is; local time."""
    if expires_ms == 0:
        return "never expires"
    day = time.strftime("%Y-%m-%d", time.localtime(expires_ms / 1000))
    return f"expires on {day} ({left(expires_ms)})"


def left(expires_ms: int) -> str:
    """`in 29 days`, `in 5 hours`, `it has expired`."""
    left_s = expires_ms / 1000 - time.time()
    if left_s <= 0:
        return "it has expired"
    count, unit = (left_s // DAY_S, "day") if left_s >= 2 * DAY_S else (left_s // 3600, "hour")
    return f"in {count:.0f} {unit}{'' if count == 1 else 's'}"


def expires_soon(expires_ms: int) -> bool:
    """Whether it is time for a new one."""
    return 0 < expires_ms < (time.time() + SOON_S) * 1000
