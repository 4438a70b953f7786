"""
The configuration: one YAML file, read once, checked as a whole.

`find_config` says which file, `load` gives a `Config` or one `ConfigError` with all that is wrong.
`glance` is for commands that only ask the daemon: it finds the state, much faster.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jatossync.config.glance import Places, glance
from jatossync.config.places import find_config

if TYPE_CHECKING:
    from jatossync.config.loading import load
    from jatossync.config.model import Config, Deletes, Log, Tls, Trash, Upload, Watch

__all__ = [
    "Config",
    "Deletes",
    "Log",
    "Places",
    "Tls",
    "Trash",
    "Upload",
    "Watch",
    "find_config",
    "glance",
    "load",
]


def __getattr__(name: str) -> Any:
    """pydantic takes longer to import than `status` to run: only where a whole one is read."""
    if name not in __all__:
        raise AttributeError(name)
    from jatossync.config import loading, model

    return getattr(loading if name == "load" else model, name)
