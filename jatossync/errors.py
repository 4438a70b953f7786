"""
What can go wrong, named by what follows from it.

    JatossyncError
    ├── ConfigError      78  something on this side is set up wrongly; a person must change it
    ├── StateError       78  the state belongs to something else or is damaged
    │   └── StateDiskError 1  its disk is full, fails or is busy: another start may fare better
    ├── AlreadyRunning    1  another jatossync mirrors this folder
    ├── NotRunning        1  no jatossync runs where one is needed
    │   └── Silent        1  one runs, but nothing is heard of it
    ├── Locked            2  nobody can say what differs before the study is unlocked in JATOS
    ├── Unreachable      69  nothing, or something that is not JATOS, answers
    ├── Pinned           75  only a restart can reach the folder that took the study's place
    └── Denied           77  JATOS answers and refuses everything

Faults of one file are no exceptions: they are outcomes (core/jobs.py), for they stop nobody else.
"""

from __future__ import annotations

import errno

SHORTAGES = (errno.EMFILE, errno.ENFILE, errno.ENOMEM)
"""What the system lacks only just now; another try may fare better."""


class JatossyncError(Exception):
    """
    Ends a command with one message.

    Args:
        message: What happened, and to what.
        hint: What the user can do about it.
    """

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class ConfigError(JatossyncError):
    """The configuration, the token or the folder cannot be used as they are."""

    exit_code = 78


class StateError(JatossyncError):
    """The state cannot be used: it belongs to another study, or it is damaged."""

    exit_code = 78


class StateDiskError(StateError):
    """The state cannot be written or read now; a service is to try again (law 7)."""

    exit_code = 1


class AlreadyRunning(JatossyncError):  # noqa: N818  (named for the state of the world)
    """Another jatossync holds this folder."""


class Pinned(JatossyncError):  # noqa: N818
    """A bind mount still shows the folder that was replaced at its source."""

    exit_code = 75


class NotRunning(JatossyncError):  # noqa: N818
    """No jatossync runs for this study, or none that answers."""


class Silent(NotRunning):
    """One runs, but does not answer, or cannot be reached from here."""


class Locked(JatossyncError):  # noqa: N818
    """The study is locked in JATOS, and nothing was compared."""

    exit_code = 2


class Unreachable(JatossyncError):  # noqa: N818
    """No JATOS answers at the configured address."""

    exit_code = 69


class Denied(JatossyncError):  # noqa: N818
    """JATOS refuses the token, the study or the API as a whole."""

    exit_code = 77
