"""The little of a configuration that is needed to find the daemon and the state."""

from __future__ import annotations

import os
from dataclasses import dataclass

from jatossync.config import values
from jatossync.config.document import parse, read_text
from jatossync.config.places import default_state


@dataclass(frozen=True)
class Places:
    """Where things lie; absolute paths."""

    config: str
    folder: str
    state: str


def glance(path: str) -> Places:
    """
    The places that the configuration at `path` names, read as `load` reads them.

    What else is in it is not looked at, unless these two are not as they should be.

    Raises:
        ConfigError: It cannot be read or used.
    """
    real = os.path.realpath(path)
    document = parse(read_text(path), path)
    folder, state = document.values.get("folder"), document.values.get("state")
    if not document.problems and folder is not None:
        try:
            base = os.path.dirname(real)
            return Places(
                config=real,
                folder=values.path(folder, base),
                state=default_state(real) if state is None else values.path(state, base),
            )
        except ValueError:
            pass  # `load` says what is wrong, and where
    from jatossync.config.loading import load

    config = load(path)
    return Places(config.path, config.folder, config.state)
