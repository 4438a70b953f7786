"""What commands ask of the daemon that runs, or of the state where none does."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

from jatossync.config import Places, find_config, glance
from jatossync.core.status import Status, from_json, never_ran, not_running
from jatossync.errors import JatossyncError, NotRunning, Silent
from jatossync.service.control import ask

if TYPE_CHECKING:  # only some commands need it, and only where no daemon runs
    from jatossync.state.store import Store

STATUS_S = 10.0
"""So long a busy computer may take to say how it stands; it is known without asking anybody."""

START_IT = "`jatossync run` starts it here, `jatossync service install` for good."


def places(config_path: str | None) -> Places:
    """Where this study's state lies, without reading the whole configuration."""
    return glance(find_config(config_path))


def asked(where: Places, *, silence_s: float = 20.0, **fields: Any) -> Iterator[dict[str, Any]]:
    """
    Ask the daemon; gives its answers as they come.

    Args:
        silence_s: How long it may say nothing at all.

    Raises:
        NotRunning: None runs for this study.
        JatossyncError: It did not do it.
    """
    for told in ask(where.state, fields, silence_s=silence_s):
        if "error" in told:
            raise JatossyncError(str(told["error"]), "Is it of another version? Start it anew.")
        yield told


def answer(where: Places, *, silence_s: float = 20.0, **fields: Any) -> dict[str, Any]:
    """Ask the daemon, and wait for its last word; see `asked`."""
    *_, last = asked(where, silence_s=silence_s, **fields)
    return last


def runs(where: Places) -> bool:
    """Whether a daemon runs for this study."""
    try:
        answer(where, do="status")
    except NotRunning:
        return False
    return True


def status(where: Places) -> Status:
    """
    How it stands: as the daemon says, or as the last one left it in the state.

    Raises:
        Silent: One runs, so what the last one left is not how it stands.
    """
    try:
        told = answer(where, silence_s=STATUS_S, do="status")["status"]
    except Silent:
        raise
    except NotRunning:
        return _remembered(where)
    return understood(told)


def understood(told: dict[str, Any]) -> Status:
    """
    A status that came as JSON.

    Raises:
        JatossyncError: It is of another version.
    """
    try:
        return from_json(told)
    except (KeyError, TypeError) as exc:
        raise JatossyncError(
            "the jatossync that runs is of another version", "Start it anew."
        ) from exc


def _remembered(where: Places) -> Status:
    with state_of(where) as store:
        kept = store.memory.status if store is not None else None
        paused_since = store.memory.paused_since if store is not None else None
        if store is None or kept is None:
            from jatossync.config import load  # all of pydantic, for this rare case

            config = load(where.config)
            named = config.server, config.folder, config.study
            return never_ran(*named, time.time(), paused_since)
        return not_running(understood(kept), store.holds.lists(), paused_since)


@contextmanager
def state_of(where: Places) -> Iterator[Store | None]:
    """The state, for a moment; None where there is none yet."""
    from jatossync.state.store import FILE_NAME, Store

    if not os.path.exists(os.path.join(where.state, FILE_NAME)):
        yield None
        return
    with closing(Store(where.state)) as store:
        yield store


@contextmanager
def made_state(where: Places) -> Iterator[Store]:
    """
    The state, for a moment; made where there is none yet.

    Raises:
        ConfigError: The configuration, read as a whole, does not let it be where it would be.
    """
    from jatossync.config import load
    from jatossync.state.store import Store

    load(where.config)
    with closing(Store(where.state)) as store:
        yield store
